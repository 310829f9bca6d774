// One radius: the ball of a query on real pictures, and the point on the map for all queries.

const data = read("ball");
const MOST = Math.max(...data.radii.map(({ shown }) => shown.length));
const axis = Math.log10(0.0001);
const list = make("ul", { class: "pictures" });
const chart = new Chart(
  "Recall of the exact ten neighbours against the share of the database scanned, a dot a radius: of this query, and of all queries together",
  {
    across: [
      [0, "0.01%"],
      [1 / 4, "0.1%"],
      [1 / 2, "1%"],
      [3 / 4, "10%"],
      [1, "100%"],
    ],
    below: "scanned",
    beside: "recall",
  },
);
const across = (share) => Math.max(0, 1 - Math.log10(share) / axis);
const dotsOfAll = data.radii.map(({ scanned, recall }) => [across(scanned), recall]);
const dotsOfOne = data.radii.map(({ candidates, found }) => [
  across(candidates / data.database),
  found / 10,
]);
chart.key(["all queries", "this query"], 24);

function tile(i, near) {
  const what = thumbnail(data, i, data.names[i]);
  return make(
    "span",
    { class: near === undefined ? "tile query" : "tile unjudged" },
    what,
    ...(near ? nearestMark("one of the ten nearest") : []),
  );
}

function draw(state) {
  const { radius } = state;
  state.reached = Math.max(state.reached, radius); // beyond it, the reader guesses
  const { shown, near } = data.radii[radius];
  const room = Array.from({ length: MOST - shown.length }, () =>
    make("li", { class: "room", "aria-hidden": "true" }, tile(0)),
  );
  list.replaceChildren(...shown.map((i, k) => make("li", {}, tile(i, near[k]))), ...room);
  most.textContent = `the best ${shown.length} of ${data.radii[radius].candidates.toLocaleString("en")}`;
  chart.clear();
  chart.curve(dotsOfOne.slice(0, state.reached + 1), "dashed");
  chart.curve(dotsOfAll);
  for (const dot of dotsOfAll) chart.dot(dot);
  chart.dot(dotsOfAll[radius], "chosen");
  chart.dot(dotsOfOne[radius], "chosen open");
}

const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} percent`;
const sentence = ({ radius }) => {
  const { candidates, found, scanned, recall } = data.radii[radius];
  return (
    `Radius ${radius}: ${plural(candidates, "picture")} in the ball, ${found} of the ten nearest among them. ` +
    `All queries together: a recall of ${recall.toFixed(3)} for ${percent(scanned)} of ${data.database.toLocaleString("en")} pictures.`
  );
};
const brief = ({ radius }) => {
  const { candidates, found } = data.radii[radius];
  return `${plural(candidates, "picture")}, ${found} of the ten nearest among them`;
};
if (data.sheet) part("ball").style.setProperty("--sheet", `url("${data.sheet}")`);
const most = make("span");
const pictures = make(
  "div",
  {},
  make(
    "div",
    { class: "asks" },
    tile(0),
    make("p", {}, "The query, and ", most, " of its ball. A star: one of its ten nearest."),
  ),
  list,
);
live("ball", {
  start: { radius: 0, reached: 0 },
  drawing: chart.svg,
  below: [pictures],
  draw,
  sentence,
  brief,
  controls: [
    { key: "radius", label: "Hamming radius", least: 0, most: data.radii.length - 1, step: 1 },
  ],
});
