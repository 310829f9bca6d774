// How many candidates are rescored, and what the recall becomes: a row for each kind of code, with
// the recall of the code alone and what it becomes.

const data = read("rescoring");
const ROW = 20;
const LEFT = 208;
const RIGHT = 330;
const TOP = 14;
const BOTTOM = TOP + data.methods.length * ROW;
const svg = picture(
  "Recall of the exact ten neighbours, a row for each kind of code: by the code alone, and after some are rescored",
);
svg.setAttribute("viewBox", `0 0 346 ${BOTTOM + 40}`);
svg.classList.add("chart");
const x = (recall) => LEFT + recall * (RIGHT - LEFT);
const recallOf = ({ vectors, factor }, method) => data.recall[vectors][method][factor];

function axis() {
  for (const [recall, text] of [
    [0, "0"],
    [0.5, ".5"],
    [1, "1"],
  ]) {
    const at = { x1: x(recall), x2: x(recall), y1: TOP, y2: BOTTOM, class: "grid" };
    svg.append(make("svg:line", at), make("svg:text", { x: x(recall), y: BOTTOM + 12 }, text));
  }
  svg.append(make("svg:text", { x: x(0.5), y: BOTTOM + 30 }, "recall"));
}

function row(state, method) {
  const y = TOP + (method + 0.5) * ROW;
  const chosen = method === state.method;
  const bytes = data.bytes[state.vectors][method];
  const [alone, now] = [0, state.factor].map((factor) => x(recallOf({ ...state, factor }, method)));
  const group = make(
    "svg:g",
    { class: `row ${chosen ? "chosen" : ""}` },
    make("svg:rect", { x: 0, y: y - ROW / 2, width: 346, height: ROW, class: "band" }),
    make("svg:text", { x: LEFT - 10, y, class: "name" }, `${data.methods[method]}, ${bytes} B`),
    make("svg:line", { x1: alone, x2: now, y1: y, y2: y, class: "curve" }),
    make("svg:circle", { cx: alone, cy: y, r: 4.5, class: "dot" }),
  );
  if (state.factor > 0) {
    const look = `dot now ${chosen ? "chosen" : ""}`;
    group.append(make("svg:circle", { cx: now, cy: y, r: 4.5, class: look }));
  }
  group.addEventListener("click", () => set({ method }));
  svg.append(group);
}

function draw(state) {
  svg.replaceChildren();
  axis();
  data.methods.forEach((_, method) => {
    row(state, method);
  });
}

const sentence = (state) => {
  const times = data.factors[state.factor];
  const from =
    times === 1 ? "by the code alone" : `with the best ${10 * times} of the code rescored`;
  return (
    `${data.vectors[state.vectors]}; ${data.methods[state.method]}, ${plural(data.bytes[state.vectors][state.method], "byte")} per item, ` +
    `${from}: ${recallOf(state, state.method).toFixed(2)} of the ten nearest are found.`
  );
};
const set = live("rescoring", {
  start: { factor: 0, method: data.methods.indexOf("signs"), vectors: data.start },
  drawing: svg,
  beside: [
    make("p", { class: "legend" }, "Filled: by the code alone. Hollow: with the best rescored."),
  ],
  draw,
  sentence,
  controls: [
    {
      key: "factor",
      label: "Rescored",
      least: 0,
      most: data.factors.length - 1,
      step: 1,
      text: (i) => (i > 0 ? `${10 * data.factors[i]}` : "none"),
    },
    { key: "method", label: "Code", choices: data.methods },
    { key: "vectors", label: "Vectors", choices: data.vectors },
  ],
});
