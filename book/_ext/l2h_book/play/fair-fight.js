// An unfair comparison that is repaired in steps: the ranking re-sorts, and the winner's lead
// shrinks.

const data = read("fair-fight");
const WINNER = "GRH from CCA-ITQ";
const STEPS = [
  "Equal shares: every search may compare as many images as GRH\u2019s bucket holds.",
  "Better lengths: every method may have 16 or 32 bits.",
  "Strong opponents: CCA-ITQ, which learns from the same labels, and a plain classifier, which has ten floats per image and ranks by them.",
];
const NAMES = { "fashion-mnist": "Fashion-MNIST", cifar10: "CIFAR-10" };
const TOP = 44; // the axis stands above the rows, where it stays

const svg = picture(
  "Precision at ten of each search as a dot on an axis, the best on top; GRH\u2019s are red and bold",
);
svg.classList.add("chart", "ranking");
const axis = svg.appendChild(make("svg:g"));
const rows = new Map();
let shown = null;

function rowOf(method) {
  if (!rows.has(method)) {
    const own = method.startsWith(WINNER);
    const row = {
      line: make("svg:line", { class: "grid" }),
      name: make("svg:text", { class: "key" }, method),
      dot: make("svg:circle", { r: 6, class: `dot ${own ? "grh" : "other"}` }),
      value: make("svg:text", { class: "name" }),
      was: make("svg:text", { class: "was name" }),
    };
    row.group = make("svg:g", {}, ...Object.values(row));
    rows.set(method, row);
  }
  return rows.get(method);
}
function put(element, places) {
  for (const [key, value] of Object.entries(places)) element.setAttribute(key, value);
}

// All steps have one axis, so that a dot moves only where its search finds more or less
function ticksOfAxis(rankings) {
  const values = rankings.flat().map(([, value]) => value);
  const first = Math.floor(10 * Math.min(...values));
  const last = Math.ceil(10 * Math.max(...values));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) / 10);
}

// Names stand left of the dots, or above them where there is less room. A unit is a pixel.
// The rows share the room that the last step needs, so that nothing below moves.
function layOut(ticks, count, most) {
  const width = svg.clientWidth || 360;
  const isNarrow = width < 480;
  const bottom = TOP + most * (isNarrow ? 34 : 24);
  const high = (bottom - TOP) / count;
  const left = isNarrow ? 16 : 190;
  const right = width - (isNarrow ? 16 : 116);
  const scale = (right - left) / (ticks.at(-1) - ticks[0]);
  const x = (value) => left + (value - ticks[0]) * scale;
  return { width, bottom, high, left, right, ticks, x, text: isNarrow ? -17 : 0 };
}

function drawAxis({ width, bottom, left, right, ticks, x, text }, own) {
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom}`);
  const title = `precision at 10, from ${short(ticks[0])}`;
  axis.replaceChildren(make("svg:text", { x: (left + right) / 2, y: 10 }, title));
  const rule = (value, y2, kind) => {
    const places = { x1: x(value), x2: x(value), y1: TOP - 6, y2, class: kind };
    axis.append(make("svg:line", places));
  };
  for (const tick of ticks) {
    rule(tick, text ? TOP : bottom, "grid"); // no rule crosses a name that stands above its dot
    axis.append(make("svg:text", { x: x(tick), y: 28 }, short(tick)));
  }
  rule(own, bottom, "grid grh"); // who is beyond it finds more
}

// A search that has another rank than before the last step says which that was
function drawRow([method, precision], before, y, { width, left, right, x, text }) {
  const { group, line, name, dot, value, was } = rowOf(method);
  put(line, { x1: left, x2: right });
  put(name, { x: 2, y: text });
  put(value, { x: width - (text ? 72 : 60), y: text });
  put(was, { x: width - 2, y: text });
  value.textContent = written(precision);
  was.textContent = before;
  dot.style.transform = `translateX(${x(precision).toFixed(1)}px)`;
  group.style.transform = `translateY(${y}px)`;
  return group;
}
const list = make("ol", { class: "rules" });

const written = (value) => value.toFixed(3);
const rankingOf = ({ steps, images }) => data.rankings[images][steps];
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
  const all = data.rankings[state.images];
  const most = Math.max(...all.map(({ length }) => length));
  const places = layOut(ticksOfAxis(all), ranking.length, most);
  // rows move when a step is taken, not when a page or other images bring another axis
  const isSame = shown?.images === state.images && shown.width === places.width;
  svg.classList.toggle("moves", isSame && shown.steps !== state.steps);
  shown = { ...state, width: places.width };
  drawAxis(places, best(ranking, true)[1]);
  const groups = ranking.map((search, i) => {
    const y = TOP + (i + 0.5) * places.high - places.text / 2;
    return drawRow(search, rankBefore(state, search, i), y, places);
  });
  for (const { group } of rows.values()) if (!groups.includes(group)) group.remove();
  for (const group of groups) if (!group.isConnected) svg.append(group);
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
  paper: () => ({ steps: 0 }), // beneath the question, which is still to be answered
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
