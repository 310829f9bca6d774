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

const svg = picture(
  "Precision at ten of each search as a bar, the best on top; GRH\u2019s are dark",
);
svg.setAttribute("viewBox", `0 0 400 ${MOST * LINE + 4}`);
svg.classList.add("chart", "ranking");
const bars = new Map();
function barOf(method) {
  if (!bars.has(method)) {
    const own = method.startsWith(WINNER);
    const name = make(
      "svg:text",
      { x: 192, y: LINE / 2, class: "name", "font-weight": own ? "bold" : null },
      method,
    );
    const bar = make("svg:rect", {
      x: 200,
      y: 4,
      height: 16,
      class: `heap ${own ? "taken" : "other"}`,
    });
    const value = make("svg:text", { x: 380, y: LINE / 2 });
    bars.set(method, { group: make("svg:g", {}, name, bar, value), bar, value });
    svg.append(bars.get(method).group);
  }
  return bars.get(method);
}
const list = make("ol", { class: "rules" });

const written = (value) => value.toFixed(3);
const rankingOf = ({ steps, images }) => data.rankings[images][steps];
const best = (ranking, own) => ranking.find(([method]) => method.startsWith(WINNER) === own);

function draw(state) {
  const ranking = rankingOf(state);
  const shown = new Set(ranking.map(([method]) => method));
  for (const [method, { group }] of bars)
    group.setAttribute("visibility", shown.has(method) ? "visible" : "hidden");
  ranking.forEach(([method, value], i) => {
    const { group, bar, value: text } = barOf(method);
    group.style.transform = `translateY(${i * LINE}px)`;
    group.setAttribute("visibility", "visible");
    bar.setAttribute("width", (150 * value).toFixed(1));
    text.textContent = written(value);
  });
  list.replaceChildren(
    ...STEPS.map((step, i) =>
      make(
        "li",
        { class: i < state.steps ? "kept" : "" },
        make("span", { "aria-hidden": "true" }, i < state.steps ? "\u2713 " : "\u25cb "),
        step,
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
    { label: "Next step", act: ({ steps }) => ({ steps: Math.min(STEPS.length, steps + 1) }) },
    { key: "steps", label: "Steps", least: 0, most: STEPS.length, step: 1 },
    {
      key: "images",
      label: "Images",
      choices: data.datasets.map((name) => NAMES[name] ?? name),
    },
  ],
});
