// How many candidates are re-sorted in full, and what the recall becomes: every kind of code by its
// bytes.

const data = read("rescoring");
const most = Math.log2(2048);
const chart = new Chart(
  "Recall of the exact ten neighbours against bytes per item, one dot for each kind of code",
  {
    across: [1, 8, 64, 512].map((bytes) => [Math.log2(bytes) / most, String(bytes)]),
    up: [
      [0, "0"],
      [0.5, ".5"],
      [1, "1"],
    ],
    below: "bytes per item",
    beside: "recall",
  },
);
const recallOf = ({ vectors, factor }, method) => data.recall[vectors][method][factor];
const place = (state, method) => [
  Math.log2(data.bytes[state.vectors][method]) / most,
  recallOf(state, method),
];

function draw(state) {
  chart.clear();
  data.methods.forEach((_, method) => {
    if (method !== state.method) chart.dot(place(state, method));
  });
  chart.dot(place(state, state.method), "chosen");
}

const sentence = (state) => {
  const times = data.factors[state.factor];
  const from =
    times === 1
      ? "sorted by the codes alone"
      : `the best ${10 * times} of the codes re-sorted in full`;
  return (
    `${data.vectors[state.vectors]}; ${data.methods[state.method]}, ${plural(data.bytes[state.vectors][state.method], "byte")} per item, ` +
    `${from}: ${recallOf(state, state.method).toFixed(2)} of the ten nearest are found.`
  );
};
live("rescoring", {
  start: { factor: 0, method: data.methods.indexOf("signs"), vectors: data.start },
  drawing: chart.svg,
  draw,
  sentence,
  controls: [
    {
      key: "factor",
      label: "Re-sorted",
      least: 0,
      most: data.factors.length - 1,
      step: 1,
      text: (i) => `${10 * data.factors[i]}`,
    },
    { key: "method", label: "Code", choices: data.methods },
    { key: "vectors", label: "Vectors", choices: data.vectors },
  ],
});
