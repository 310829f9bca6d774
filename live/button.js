// A button with words that does something, and what keeps an element in its place.

export function button(words, act) {
  const made = document.createElement("button");
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

// Change the page above an element, which stays where the reader sees it.
export function keepInPlace(element, change) {
  const { top } = element.getBoundingClientRect();
  const result = change();
  scrollBy(0, element.getBoundingClientRect().top - top);
  return result;
}
