// A picture slides to the right, and two searches look for its neighbours anew: one by its pixels,
// the other by GIST.

const data = read("sliding");
const MOST = data.precision.GIST.length - 1;
const WAYS = ["pixels", "GIST"];
const across = (slide) => slide / MOST;
const chart = new Chart(
  "Precision at ten against how far the queries slid: by pixels, dashed, and by GIST",
  {
    across: [0, 2, 4, 6].map((slide) => [across(slide), String(slide)]),
    below: "pixels to the right, all queries",
    beside: "precision",
  },
);
chart.key(["GIST", "pixels"], chart.bottom - 40);

const query = make("span", { class: "sliding" });
const rows = new Map(WAYS.map((name) => [name, make("ul", { class: "pictures" })]));
let now = 0;

// The picture itself is dragged as well, a pixel of it for a pixel
let from = null;
query.addEventListener("pointerdown", (event) => {
  query.setPointerCapture(event.pointerId);
  event.preventDefault();
  from = event.clientX - now * stepOf();
});
query.addEventListener("pointermove", (event) => {
  if (!query.hasPointerCapture(event.pointerId)) return;
  const slide = Math.round((event.clientX - from) / stepOf());
  set({ slide: Math.max(0, Math.min(MOST, slide)) });
});
const stepOf = () => query.offsetWidth / data.width;

function tile(i, right) {
  return make(
    "li",
    {},
    make(
      "span",
      { class: right ? "tile" : "tile wrong" },
      thumbnail(data, i, data.names[i - MOST - 1]),
      make("span", { class: "verdict", "aria-hidden": "true" }, right ? "\u2713" : "\u00d7"),
    ),
  );
}

function draw(state) {
  const { slide } = state;
  now = slide;
  state.reached = Math.max(state.reached, slide); // beyond it, the reader guesses
  query.replaceChildren(
    thumbnail(data, slide, `${data.kind}, slid by ${plural(slide, "pixel")}`),
    make("span", { class: "grip", "aria-hidden": "true" }, "\u2194"),
  );
  const [pixels, gist] = WAYS.map((name) =>
    data.precision[name].map((value, i) => [across(i), value]),
  );
  chart.clear();
  chart.curve(pixels.slice(0, state.reached + 1), "dashed");
  chart.curve(gist.slice(0, state.reached + 1));
  chart.dot(gist[slide], "chosen");
  chart.dot(pixels[slide], "chosen open");
  for (const name of WAYS) {
    const tiles = data.lists[name][slide].map((i, k) => tile(i, data.right[name][slide][k]));
    rows.get(name).replaceChildren(...tiles);
  }
}

const sentence = ({ slide }) => {
  const right = WAYS.map((name) => data.right[name][slide].filter(Boolean).length);
  const means = WAYS.map((name) => data.precision[name][slide].toFixed(2));
  return (
    `Slid by ${plural(slide, "pixel")}: of the ten nearest, ${right[0]} are of the right class by pixels and ${right[1]} by GIST. ` +
    `The precision of ${data.queries} queries is ${means[0]} by pixels and ${means[1]} by GIST.`
  );
};
const brief = ({ slide }) => {
  const [pixels, gist] = WAYS.map((name) => data.right[name][slide].filter(Boolean).length);
  return `Right, of ten: ${pixels} by pixels, ${gist} by GIST`;
};
part("sliding").style.setProperty("--sheet", `url("${data.sheet}")`);
const set = live("sliding", {
  start: { slide: 0, reached: 0 },
  drawing: make(
    "div",
    {},
    make("p", {}, "Drag this picture to the right:"),
    query,
    ...WAYS.flatMap((name) => [make("p", {}, `Its ten nearest by ${name}:`), rows.get(name)]),
  ),
  beside: [chart.svg],
  draw,
  sentence,
  brief,
  controls: [{ key: "slide", label: "Slide", least: 0, most: MOST, step: 1 }],
});
