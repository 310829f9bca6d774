// How many candidates are rescored, and what the recall becomes: a row for each kind of code, with
// the recall of the code alone and what it becomes.

const data = read("rescoring");
const INT8 = data.methods.indexOf("int8");
const TOP = 24;
const CUT = 0.9999; // the axis ends here: what finds more has the same place
const TICKS = [0, 0.5, 0.9, 0.99, 0.999, CUT];
const svg = picture(
  "Recall of the exact ten neighbours, a row for each kind of code: by the code alone, and after some are rescored; a line marks the recall of int8 alone",
);
svg.classList.add("chart", "wide");
let shown = null;

const recallOf = ({ vectors, rescored }, method) => data.recall[vectors][method][rescored];
const goalOf = ({ vectors }) => data.recall[vectors][INT8][0];
// equal steps for what is missed: a tenth, a hundredth, a thousandth, a ten-thousandth
const stretched = (recall) => Math.min(1, Math.log10(1 - recall) / Math.log10(1 - CUT));

// The names stand beside the axis, or above their dots where there is no room. A unit is a pixel.
function layOut() {
  const width = svg.clientWidth || 688;
  const beside = width > 560;
  const left = beside ? 240 : 10;
  const right = width - 64;
  const high = beside ? 24 : 32;
  const bottom = TOP + data.methods.length * high;
  const x = (recall) => left + stretched(recall) * (right - left);
  return { width, beside, left, right, high, bottom, x };
}

function axis({ width, beside, left, right, high, bottom, x }, goal) {
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 42}`);
  const rule = (recall, y1, y2, kind) =>
    svg.append(make("svg:line", { x1: x(recall), x2: x(recall), y1, y2, class: kind }));
  const tops = data.methods.map((_, method) => TOP + method * high);
  // no rule crosses a name that stands above its dots
  const stretches = beside ? [[TOP, bottom]] : tops.map((top) => [top + high - 11, top + high - 1]);
  for (const [from, to] of stretches) {
    for (const tick of TICKS) rule(tick, from, to, "grid");
    rule(goal, from, to, "goal");
  }
  for (const tick of TICKS) {
    const text = `${tick === CUT ? "\u2265 " : ""}${short(tick)}`;
    svg.append(make("svg:text", { x: x(tick), y: bottom + 13 }, text));
  }
  const title = `recall, stretched towards 1 and cut at ${CUT}`;
  svg.append(
    make("svg:text", { x: (left + right) / 2, y: bottom + 32 }, title),
    make("svg:text", { x: x(goal), y: TOP - 10 }, "int8 alone"),
  );
}

function row(state, method, { width, beside, left, right, high, x }) {
  const top = TOP + method * high;
  const y = top + high - (beside ? 12 : 7);
  const chosen = method === state.method;
  const recalls = data.recall[state.vectors][method];
  const now = recalls[state.rescored];
  const dot = (recall, r, kind) =>
    make("svg:circle", { cx: x(recall), cy: y, r, class: `dot ${kind}` });
  const group = make(
    "svg:g",
    { class: `row ${chosen ? "chosen" : ""}` },
    make("svg:rect", { x: 0, y: top, width, height: high, class: "band" }),
    make("svg:line", { x1: left, x2: right, y1: y, y2: y, class: "grid" }),
    make(
      "svg:text",
      { x: 4, y: beside ? y : y - 14, class: "key" },
      `${data.methods[method]}, ${data.bytes[state.vectors][method]} B`,
    ),
    make("svg:line", { x1: x(recalls[0]), x2: x(now), y1: y, y2: y, class: "curve" }),
    ...(chosen ? recalls.slice(0, state.reached + 1).map((recall) => dot(recall, 2.5, "")) : []),
    dot(recalls[0], 5, ""),
    ...(state.rescored > 0 ? [dot(now, 5, "now")] : []),
    make("svg:text", { x: width - 4, y, class: "name" }, written(now)),
  );
  group.addEventListener("click", () => set({ method }));
  svg.append(group);
}

function draw(state) {
  const places = layOut();
  state.reached = Math.max(state.reached, state.rescored); // beyond it, the reader guesses
  shown = state;
  svg.replaceChildren();
  axis(places, goalOf(state));
  data.methods.forEach((_, method) => {
    row(state, method, places);
  });
}

const written = (recall) => recall.toFixed(4);
const sentence = (state) => {
  const times = data.factors[state.rescored];
  const from =
    times === 1 ? "by the code alone" : `with the best ${10 * times} of the code rescored`;
  const found = recallOf(state, state.method);
  const goal = goalOf(state);
  return (
    `${data.vectors[state.vectors]}; ${data.methods[state.method]}, ${plural(data.bytes[state.vectors][state.method], "byte")} per item, ` +
    `${from}: ${written(found)} of the ten nearest are found, ${found < goal ? "fewer than" : "at least as many as"} by int8 alone, ${written(goal)}.`
  );
};
const brief = (state) =>
  `${written(recallOf(state, state.method))} of the ten found; int8 alone ${written(goalOf(state))}`;
const set = live("rescoring", {
  start: { rescored: 0, reached: 0, method: data.methods.indexOf("signs"), vectors: data.start },
  drawing: svg,
  beside: [
    make(
      "p",
      { class: "legend" },
      "Filled: by the code alone. Hollow, and the number at the right: with the best rescored. Small dots: the chosen code, for every number up to the largest that you have set. ",
      "The axis is stretched towards 1: from 0.9 to 0.99 is as far as from 0.99 to 0.999.",
    ),
  ],
  draw,
  sentence,
  brief,
  controls: [
    {
      key: "rescored",
      label: "Rescored",
      values: data.factors.map((times, i) => (i > 0 ? 10 * times : "none")),
    },
    { key: "method", label: "Code", choices: data.methods },
    { key: "vectors", label: "Vectors", choices: data.vectors },
  ],
});
new ResizeObserver(() => draw(shown)).observe(svg);
