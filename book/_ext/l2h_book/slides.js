// Arrow keys, space, page keys, Home and End turn the pages.
const slides = [...document.querySelectorAll(".slide")];
const here = () => {
  const middles = slides.map((slide) => {
    const { top, bottom } = slide.getBoundingClientRect();
    return Math.abs((top + bottom - window.innerHeight) / 2);
  });
  return middles.indexOf(Math.min(...middles));
};
const turns = {
  ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1,
  Home: -Infinity, End: Infinity,
};
document.addEventListener("keydown", (event) => {
  if (!(event.key in turns) || event.ctrlKey || event.altKey || event.metaKey || window.innerWidth <= 700) return;
  event.preventDefault();
  const target = Math.min(slides.length - 1, Math.max(0, here() + turns[event.key]));
  slides[target].scrollIntoView({ block: "center" });
});
