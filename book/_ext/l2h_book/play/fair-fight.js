// An unfair comparison that is repaired in steps: the ranking re-sorts, and the winner's lead
// shrinks.

const data = read("fair-fight");
const WINNER = "GRH from CCA-ITQ";
const STEPS = [
  "Equal shares: every search may compare as many images as GRH\u2019s bucket holds.",
  "Better lengths: every method may have 16 or 32 bits.",
  "Strong opponents: CCA-ITQ, which learns from the same labels, and a plain classifier, which has ten floats per image and ranks them all.",
];
const MOST = Math.max(...data.rankings.flat().map((ranking) => ranking.length));
const NAMES = { "fashion-mnist": "Fashion-MNIST", cifar10: "CIFAR-10" };
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1]; // the scale is the same for all steps and images

const svg = picture(
  "Precision at ten of each search as a dot on an axis from 0 to 1, the best on top; GRH\u2019s are red",
);
svg.classList.add("chart", "wide", "ranking");
const axis = svg.appendChild(make("svg:g"));
const rows = new Map();
let shown = null;

function rowOf(method) {
  if (!rows.has(method)) {
    const own = method.startsWith(WINNER);
    const row = {
      line: make("svg:line", { class: "grid" }),
      name: make("svg:text", { "font-weight": own ? "bold" : null, class: "key" }, method),
      dot: make("svg:circle", { r: 6, class: `dot ${own ? "grh" : "other"}` }),
      value: make("svg:text", { class: "name" }),
    };
    row.group = svg.appendChild(make("svg:g", {}, ...Object.values(row)));
    rows.set(method, row);
  }
  return rows.get(method);
}
function put(element, places) {
  for (const [key, value] of Object.entries(places)) element.setAttribute(key, value);
}

// The names stand beside the axis, or above their dots where there is no room. A unit is a pixel.
function layOut() {
  const width = svg.clientWidth || 710;
  const beside = width > 560;
  const left = beside ? 200 : 10;
  const right = width - 60;
  const bottom = MOST * (beside ? 24 : 36);
  return { width, beside, left, right, bottom, x: (value) => left + value * (right - left) };
}

function drawAxis({ width, bottom, x }) {
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 42}`);
  axis.replaceChildren(make("svg:text", { x: x(0.5), y: bottom + 32 }, "precision at ten"));
  for (const tick of TICKS)
    axis.append(
      make("svg:line", { x1: x(tick), x2: x(tick), y1: 0, y2: bottom, class: "grid" }),
      make("svg:text", { x: x(tick), y: bottom + 13 }, String(tick).replace("0.", ".")),
    );
}

function drawRow([method, value], y, { width, beside, left, right, x }) {
  const { group, line, name, dot, value: text } = rowOf(method);
  put(line, { x1: left, x2: right, y1: 0, y2: 0 });
  put(name, beside ? { x: 2, y: 0 } : { x: left, y: -16 });
  put(dot, { cx: x(value).toFixed(1), cy: 0 });
  put(text, { x: width - 4, y: 0 });
  text.textContent = written(value);
  group.style.transform = `translateY(${y}px)`;
  group.setAttribute("visibility", "visible");
}
const list = make("ol", { class: "rules" });

const written = (value) => value.toFixed(3);
const rankingOf = ({ steps, images }) => data.rankings[images][steps];
const best = (ranking, own) => ranking.find(([method]) => method.startsWith(WINNER) === own);

function draw(state) {
  const ranking = rankingOf(state);
  const places = layOut();
  const high = places.bottom / ranking.length;
  shown = state;
  drawAxis(places);
  for (const { group } of rows.values()) group.setAttribute("visibility", "hidden");
  ranking.forEach((search, i) => {
    drawRow(search, Math.round((i + (places.beside ? 0.5 : 0.7)) * high), places);
  });
  list.replaceChildren(
    ...STEPS.map((step, i) =>
      make(
        "li",
        { class: i < state.steps ? "kept" : "" },
        make("span", { "aria-hidden": "true" }, i < state.steps ? "\u2713" : `${i + 1}.`),
        make("span", {}, step),
        make("span", { class: "unseen" }, i < state.steps ? " Taken." : " Not taken yet."),
      ),
    ),
  );
}

const sentence = (state) => {
  const ranking = rankingOf(state);
  const [, own] = best(ranking, true);
  const [rival, value] = best(ranking, false);
  const lead = own - value;
  const share = (100 * data.scanned[state.images]).toFixed(1);
  const work = state.steps
    ? `Every search compares ${share} percent of the images with the query.`
    : "Every search compares the images of the query\u2019s own bucket, however many.";
  return (
    `${state.steps} of ${STEPS.length} steps. ${work} Precision: GRH ${written(own)}; the best of the others, ${rival}, ${written(value)}. ` +
    `GRH is ${written(Math.abs(lead))} ${lead > 0 ? "above" : "below"} it.`
  );
};
live("fair-fight", {
  start: { steps: 0, images: data.start },
  drawing: svg,
  beside: [list],
  draw,
  sentence,
  controls: [
    { key: "steps", label: "Steps", least: 0, most: STEPS.length, step: 1 },
    {
      key: "images",
      label: "Images",
      choices: data.datasets.map((name) => NAMES[name] ?? name),
    },
  ],
});
new ResizeObserver(() => draw(shown)).observe(svg);
