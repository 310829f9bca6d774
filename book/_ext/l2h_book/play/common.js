// What all the scripts of this folder share.

const part = (name) => document.getElementById(`l2h-${name}`);
const read = (name) => JSON.parse(part(`${name}-data`).textContent);

// An element with attributes, text and children; `svg:` before the name makes one of a drawing.
function make(name, attributes = {}, ...children) {
  const drawing = name.startsWith("svg:");
  const element = drawing
    ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4))
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false)
      element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// The address bar names the figure that the reader has set, and what to, so that a view can be linked
// to: `#s-curve?bits=256&tables=8`. A value of null is left out.
const address = {
  names: (figure) => location.hash.slice(1).split("?")[0] === figure,
  read: (figure) =>
    new URLSearchParams(address.names(figure) ? location.hash.split("?")[1] : undefined),
  write(figure, values) {
    const there = Object.entries(values).filter(([, value]) => value !== null);
    const set = String(new URLSearchParams(there)).replace(/%2C|%3B/g, decodeURIComponent);
    history.replaceState(null, "", `#${figure}?${set}`);
  },
};

const whole = (text, least, most, otherwise) => {
  const value = Number.parseInt(text, 10);
  return value >= least && value <= most ? value : otherwise;
};

// Says something to screen readers when the reader pauses, not at every step of a slider.
function announcer(element) {
  let waiting = 0;
  return (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (element.textContent !== text) element.textContent = text;
    }, 250);
  };
}

const plural = (n, thing, things = `${thing}s`) =>
  `${n.toLocaleString("en")} ${n === 1 ? thing : things}`;
const bitsApart = (a, b) => {
  let rest = (a ^ b) >>> 0;
  let n = 0;
  while (rest) {
    rest &= rest - 1;
    n += 1;
  }
  return n;
};

// A picture of the sheet, as wide and high as its element; its name where there are no pictures
function thumbnail({ sheet, columns, sheetRows }, i, name) {
  if (!sheet) return make("span", { class: "picture named" }, name);
  const along = (at, all) => (all > 1 ? (100 * at) / (all - 1) : 0);
  const x = i % columns;
  const y = Math.floor(i / columns);
  const style = `background-size:${100 * columns}% ${100 * sheetRows}%;background-position:${along(x, columns)}% ${along(y, sheetRows)}%`;
  return make("span", { class: "picture", style, role: name && "img", "aria-label": name || null });
}

// What something that is moved says of itself to those who cannot see where it is
function tell(handle, now, least, most, text) {
  const spoken = text.replace(/\d+\.\d\d\d+/g, (number) => Number(Number(number).toFixed(2)));
  for (const [key, value] of Object.entries({ now, min: least, max: most, text: spoken }))
    handle.setAttribute(`aria-value${key}`, value);
}

// What stands at the top of the page hides what is above
const barOf = () => Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop);
const inView = (element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= barOf() && bottom <= window.innerHeight;
};

// Brings a figure and its question into view, unless they are, and marks the figure for a moment: the
// link that leads to it may stand far from it. Where both have no room, one sees the question first, or
// what a link on the page has set.
function leadTo(figure, isSet) {
  const card = figure.closest(".l2h-figure") ?? figure;
  const fits = barOf() + card.offsetHeight <= window.innerHeight;
  const shown = isSet && !fits ? figure : card;
  if (!inView(shown)) shown.scrollIntoView();
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  figure.animate([{ background: "var(--ball)" }, { background: "transparent" }], {
    duration: 700,
    easing: calm ? "step-end" : "ease-in",
  });
}

// Offers the way back to the link that led to a figure, if it has left the screen
function offerReturn(figure) {
  figure.querySelector(".back")?.remove();
  const link = [...document.links].find((one) => one.getAttribute("href") === location.hash);
  if (!link || inView(link)) return;
  const back = make("button", { type: "button", class: "back" }, "Back to the text");
  back.addEventListener("click", () => {
    link.scrollIntoView({ block: "center" });
    link.focus({ preventScroll: true });
    back.remove();
  });
  figure.querySelector(".copy")?.after(back);
}

// Leads to a figure when the address names it: on arrival, and when a link on the page is followed. One
// that sets the figure takes the focus there. Who comes back to a page finds it as it was left.
function leadOnArrival(name, update) {
  const figure = part(name);
  const [arrival] = performance.getEntriesByType("navigation");
  window.addEventListener("load", () => {
    if (address.names(name) && arrival.type === "navigate") leadTo(figure, false);
  });
  const lead = () => {
    if (!address.names(name)) return;
    const isSet = location.hash.includes("?");
    update();
    leadTo(figure, isSet);
    offerReturn(figure);
    const first = figure.querySelector(".controls :is(button, input, select)");
    if (isSet) first.focus({ preventScroll: true });
  };
  window.addEventListener("hashchange", () => {
    if (!history.state) lead(); // else the reader has come back
  });
  // a link to what the address says already changes nothing in it
  document.addEventListener("click", ({ target, ctrlKey, metaKey, shiftKey }) => {
    if (ctrlKey || metaKey || shiftKey) return; // it opens elsewhere
    if (location.hash && target.closest("a")?.getAttribute("href") === location.hash) lead();
  });
}

// A button that copies a link to what is set
function linkCopier(name, values) {
  const button = make("button", { type: "button", class: "copy" });
  nameCopier(button, "Copy link");
  button.addEventListener("click", async () => {
    address.write(name, values());
    const link = new URL(location.href);
    link.search = "";
    const copied = await navigator.clipboard?.writeText(link.href).then(
      () => true,
      () => false,
    );
    button.textContent = copied ? "Link copied" : "The address bar has it";
    setTimeout(() => nameCopier(button, button.dataset.name), 2500);
  });
  return button;
}

// What the button says but for the moment after a press
function nameCopier(button, name) {
  button.dataset.name = name;
  button.textContent = name;
}
