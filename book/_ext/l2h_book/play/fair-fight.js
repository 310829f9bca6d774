// An unfair comparison that is repaired in steps: the ranking re-sorts, and the winner's lead
// shrinks.

const data = read("fair-fight");
const WINNER = "GRH from CCA-ITQ";
const STEPS = [
  "Equal shares: every search may compare as many images as GRH\u2019s bucket holds.",
  "Better lengths: every method may have 16 or 32 bits.",
  "Strong opponents: CCA-ITQ, which learns from the same labels, and a plain classifier, which has ten floats per image and ranks them all.",
];
const LINE = 24;
const MOST = Math.max(...data.rankings.flat().map((ranking) => ranking.length));
const NAMES = { "fashion-mnist": "Fashion-MNIST", cifar10: "CIFAR-10" };

const LEFT = 196; // where the axis of precision begins, and where it ends
const RIGHT = 304;
const BOTTOM = MOST * LINE + 8;

const svg = picture(
  "Precision at ten of each search as a dot on an axis, the best on top; GRH\u2019s are blue",
);
svg.setAttribute("viewBox", `0 0 360 ${BOTTOM + 42}`);
svg.classList.add("chart", "ranking");
const axis = svg.appendChild(make("svg:g"));
const rows = new Map();
function rowOf(method) {
  if (!rows.has(method)) {
    const own = method.startsWith(WINNER);
    const at = { y: LINE / 2 };
    const name = make(
      "svg:text",
      { x: LEFT - 14, ...at, class: "name", "font-weight": own ? "bold" : null },
      method,
    );
    const dot = make("svg:circle", { cy: LINE / 2, r: 6, class: `dot ${own ? "" : "other"}` });
    const value = make("svg:text", { x: 338, ...at });
    rows.set(method, { group: make("svg:g", {}, name, dot, value), dot, value });
    svg.append(rows.get(method).group);
  }
  return rows.get(method);
}

// The axis holds what is compared, and need not begin at 0. Returns where a value stands on it.
function axisOf(values) {
  const span = Math.max(...values) - Math.min(...values);
  const step = [0.02, 0.05, 0.1, 0.2].find((one) => span < 4 * one) ?? 0.25;
  const first = Math.floor(Math.min(...values) / step);
  const last = Math.ceil(Math.max(...values) / step);
  const x = (value) => LEFT + ((value / step - first) / (last - first)) * (RIGHT - LEFT);
  axis.replaceChildren(
    make("svg:text", { x: (LEFT + RIGHT) / 2, y: BOTTOM + 32 }, "precision at ten"),
  );
  for (let tick = first; tick <= last; tick += 1) {
    const at = x(tick * step);
    const text = (tick * step)
      .toFixed(2)
      .replace(/^0\./, ".")
      .replace(/^\.00$/, "0");
    axis.append(make("svg:line", { x1: at, x2: at, y1: 0, y2: BOTTOM, class: "grid" }));
    if ((last - tick) % 2 === 0) axis.append(make("svg:text", { x: at, y: BOTTOM + 13 }, text));
  }
  return x;
}
const list = make("ol", { class: "rules" });

const written = (value) => value.toFixed(3);
const rankingOf = ({ steps, images }) => data.rankings[images][steps];
const best = (ranking, own) => ranking.find(([method]) => method.startsWith(WINNER) === own);

function draw(state) {
  const ranking = rankingOf(state);
  const shown = new Set(ranking.map(([method]) => method));
  const x = axisOf(ranking.map(([, value]) => value));
  for (const [method, { group }] of rows)
    group.setAttribute("visibility", shown.has(method) ? "visible" : "hidden");
  ranking.forEach(([method, value], i) => {
    const { group, dot, value: text } = rowOf(method);
    group.style.transform = `translateY(${i * LINE}px)`;
    group.setAttribute("visibility", "visible");
    dot.setAttribute("cx", x(value).toFixed(1));
    text.textContent = written(value);
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
