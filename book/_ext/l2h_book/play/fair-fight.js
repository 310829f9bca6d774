// An unfair comparison that is repaired in steps: the ranking re-sorts, and the winner's lead
// shrinks.

const data = read("fair-fight");
const WINNER = "GRH from CCA-ITQ";
const STEPS = [
  "Equal shares: every search may compare as many images as GRH\u2019s bucket holds.",
  "Better lengths: every method may have 16 or 32 bits.",
  "Strong opponents: CCA-ITQ, which learns from the same labels, and a plain classifier, which has ten floats per image and ranks them all.",
];
const NAMES = { "fashion-mnist": "Fashion-MNIST", cifar10: "CIFAR-10" };
const UNIT = 0.1; // from one tick of the axis to the next
const HIGH = 32; // a row

const svg = picture(
  "Precision at ten of each search as a dot on an axis, the best on top; GRH\u2019s are red. Then the searches that later steps add, and a bar: how far GRH is above or below the best of the others",
);
svg.classList.add("chart", "ranking");
const axis = svg.appendChild(make("svg:g"));
const lead = svg.appendChild(make("svg:g", { class: "lead" }));
const rows = new Map();
let shown = null;

function rowOf(method) {
  if (!rows.has(method)) {
    const own = method.startsWith(WINNER);
    const row = {
      line: make("svg:line", { class: "grid" }),
      name: make("svg:text", { "font-weight": own ? "bold" : null }, method),
      dot: make("svg:circle", { r: 6, class: `dot ${own ? "grh" : "other"}` }),
      value: make("svg:text", { class: "name" }),
      was: make("svg:text"),
    };
    row.group = svg.appendChild(make("svg:g", {}, ...Object.values(row)));
    rows.set(method, row);
  }
  return rows.get(method);
}
function put(element, places) {
  for (const [key, value] of Object.entries(places)) element.setAttribute(key, value);
}

// One axis for all steps, so that a search whose precision stays the same stays in its place
function ticksOfAxis({ images }) {
  const most = Math.max(...data.rankings[images].flat().map(([, value]) => value));
  return Array.from({ length: Math.ceil(most / UNIT) + 1 }, (_, i) => i * UNIT);
}

// The names stand above their dots. A unit is a pixel.
function layOut(ticks) {
  const width = svg.clientWidth || 360;
  const left = 10;
  const right = width - 60;
  const bottom = METHODS.length * HIGH;
  const scale = (right - left) / ticks.at(-1);
  const x = (value) => left + value * scale;
  return { width, left, right, bottom, ticks, scale, x };
}

function drawAxis({ width, bottom, left, right, ticks, x }) {
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 96}`);
  axis.replaceChildren(
    make("svg:text", { x: (left + right) / 2, y: bottom + 32 }, "precision at ten"),
  );
  // no rule crosses a name that stands above its dot
  const lanes = METHODS.map((_, i) => [(i + 1) * HIGH - 11, (i + 1) * HIGH - 1]);
  for (const tick of ticks) {
    for (const [y1, y2] of lanes)
      axis.append(make("svg:line", { x1: x(tick), x2: x(tick), y1, y2, class: "grid" }));
    axis.append(make("svg:text", { x: x(tick), y: bottom + 13 }, short(tick)));
  }
}

// How far GRH is above the best of the others, or below it, on the scale of the axis
function drawLead(difference, { width, bottom, left, right, scale }) {
  const y = bottom + 80;
  const zero = (left + right) / 2;
  const long = Math.abs(difference) * scale;
  lead.replaceChildren(
    make("svg:text", { x: 2, y: y - 22, class: "key" }, "GRH minus the best other"),
    make("svg:rect", {
      x: difference < 0 ? zero - long : zero,
      y: y - 8,
      width: long,
      height: 16,
      class: difference < 0 ? "behind" : "ahead",
    }),
    make("svg:line", { x1: zero, x2: zero, y1: y - 14, y2: y + 14, class: "goal" }),
    make("svg:text", { x: width - 4, y, class: "name" }, signed(difference, 3)),
  );
}

// A search that a later step adds has a name and no dot. One that has another rank than before the
// last step says which that was, beside its dot.
function drawRow([method, value], { compared, before, y }, { width, left, right, x }) {
  const { group, line, name, dot, value: text, was } = rowOf(method);
  put(line, { x1: left, x2: right, y1: 0, y2: 0 });
  put(name, { x: 2, y: -14, class: "key" });
  put(dot, { visibility: compared ? "inherit" : "hidden" });
  put(text, { x: width - 4, y: 0 });
  text.textContent = compared ? written(value) : `step ${addedBy(method)}`;
  const fits = x(value) + 80 < right;
  was.textContent = before;
  put(was, { x: x(value) + (fits ? 14 : -14), y: 0, class: `was ${fits ? "key" : "name"}` });
  dot.style.transform = `translateX(${x(value).toFixed(1)}px)`;
  group.style.transform = `translateY(${y}px)`;
  group.setAttribute("class", compared ? "compared" : "waiting");
}
const list = make("ol", { class: "rules" });

const written = (value) => value.toFixed(3);
const rankingOf = ({ steps, images }) => data.rankings[images][steps];
const addedBy = (method) =>
  data.rankings[0].findIndex((ranking) => ranking.some(([other]) => other === method));
const METHODS = data.rankings[0].at(-1).map(([method]) => method);
const waitingAt = ({ steps, images }) =>
  data.rankings[images]
    .at(-1)
    .filter(([method]) => addedBy(method) > steps)
    .sort(([a], [b]) => addedBy(a) - addedBy(b) || a.localeCompare(b));
const best = (ranking, own) => ranking.find(([method]) => method.startsWith(WINNER) === own);
const leadOf = (ranking) => best(ranking, true)[1] - best(ranking, false)[1];

// Which rank a search had before the last step, if it had another one
function rankBefore({ steps, images }, [method], rank) {
  if (!steps) return "";
  const before = data.rankings[images][steps - 1].findIndex(([other]) => other === method);
  const ending = { 1: "st", 2: "nd", 3: "rd" }[before + 1] ?? "th";
  return before < 0 || before === rank ? "" : `was ${before + 1}${ending}`;
}

function draw(state) {
  const ranking = rankingOf(state);
  const places = layOut(ticksOfAxis(state));
  // rows move when a step is taken, not when a page or other images bring another axis
  const isSame = shown?.images === state.images && shown.width === places.width;
  svg.classList.toggle("moves", isSame && shown.steps !== state.steps);
  shown = { ...state, width: places.width };
  drawAxis(places);
  drawLead(leadOf(ranking), places);
  [...ranking, ...waitingAt(state)].forEach((search, i) => {
    const y = (i + 1) * HIGH - 7;
    const compared = i < ranking.length;
    drawRow(search, { compared, before: compared ? rankBefore(state, search, i) : "", y }, places);
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
  const difference = leadOf(ranking);
  const share = (100 * data.scanned[state.images]).toFixed(1);
  const work = state.steps
    ? `Every search compares the query with ${share} percent of the database, the share that GRH\u2019s bucket holds.`
    : "Every search compares the query with all images of its own bucket, however many.";
  return (
    `${state.steps} of ${STEPS.length} steps. ${work} Precision: GRH ${written(own)}; the best of the others, ${rival}, ${written(value)}. ` +
    `GRH is ${written(Math.abs(difference))} ${difference > 0 ? "above" : "below"} it.`
  );
};
const brief = (state) => {
  const [step] = (STEPS[state.steps - 1] ?? "Own buckets").split(":");
  const difference = leadOf(rankingOf(state));
  return `${step}: GRH ${written(Math.abs(difference))} ${difference > 0 ? "above" : "below"} the best other`;
};
live("fair-fight", {
  start: { steps: 0, images: data.start },
  drawing: svg,
  beside: [list],
  draw,
  sentence,
  brief,
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
