// Bits, tables and a radius bend the S-curve. What theory expects a search to find and to look at,
// over real pairs, is the filled part of each heap.

const data = read("s-curve");
const BITS = [4, 8, 16, 32, 64, 128, 256];
const TABLES = [1, 2, 4, 8, 16, 32, 64];
const LEAST = -0.8; // cosine at the left edge: less alike is hardly any pair
const across = (cosine) => (cosine - LEAST) / (1 - LEAST);
const HARDLY = 0.01; // a smaller share is nothing in the drawing
const WANTED = { found: 0.9, looked: 0.05 };
const middles = data.edges.slice(1).map((edge, i) => (edge + data.edges[i]) / 2);

const chart = new Chart("The S-curve over two heaps of real pairs, of which it takes a part", {
  across: [-0.5, 0, 0.5, 1].map((cosine) => [
    across(cosine),
    String(cosine).replace("-", "\u2212"),
  ]),
  below: "cosine similarity of the pair",
  beside: "chance to be found",
  height: 416,
});
const { svg } = chart;
const HEAPS = {
  near: ["a query, its ten nearest (filled: found)", 324],
  all: ["a query, any image (filled: looked at)", 412],
};
const HEIGHT = 62;
for (const [text, bottom] of Object.values(HEAPS))
  svg.append(make("svg:text", { x: chart.left, y: bottom - HEIGHT - 11, class: "key" }, text));

const meters = new Meters(
  "What is found and what is looked at, with a mark at each goal, and the memory",
);

// The chance that one table finds a pair of which a bit agrees with probability p: at most `radius`
// of the bits differ
function chanceOfOne(p, bits, radius) {
  let sum = 0;
  let choices = 0; // the logarithm of how many ways there are to choose the bits that differ
  for (let differ = 0; differ <= Math.min(bits, radius); differ += 1) {
    if (differ) choices += Math.log((bits - differ + 1) / differ);
    sum += Math.exp(choices + differ * Math.log(1 - p) + (bits - differ) * Math.log(p));
  }
  return Math.min(1, sum);
}
function chances({ bits, tables, radius }) {
  return middles.map((cosine) => {
    const p = 1 - Math.acos(cosine) / Math.PI;
    return 1 - (1 - chanceOfOne(p, BITS[bits], radius)) ** TABLES[tables];
  });
}
function share(counts, taken) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, i) => sum + count * taken[i], 0) / all;
}
function expected(state) {
  const taken = chances(state);
  return { taken, found: share(data.near, taken), looked: share(data.all, taken) };
}

// A heap of pairs, each bin as high as `height(count, i)` says
function heap(counts, bottom, kind, height) {
  const most = Math.max(...counts);
  const corners = counts.flatMap((count, i) =>
    [data.edges[i], data.edges[i + 1]]
      .filter((edge) => edge >= LEAST)
      .map((edge) => {
        const y = bottom - (HEIGHT * height(count, i)) / most;
        return `${chart.x(across(edge)).toFixed(1)},${y.toFixed(1)}`;
      }),
  );
  const points = [`${chart.left},${bottom}`, ...corners, `${chart.right},${bottom}`].join(" ");
  chart.curves.append(make("svg:polygon", { points, class: `heap ${kind}` }));
}

function draw(state) {
  const { taken, found, looked } = expected(state);
  chart.clear();
  const seen = middles.map((cosine, i) => [across(cosine), taken[i]]);
  chart.curve([...seen.filter(([x]) => x >= 0), [1, 1]]);
  for (const [name, [, bottom]] of Object.entries(HEAPS)) {
    heap(data[name], bottom, "", (count) => count);
    heap(data[name], bottom, "taken", (count, i) => count * taken[i]);
  }
  meters.show(
    {
      name: "found",
      share: found,
      text: `${percent(found)}%`,
      goal: WANTED.found,
      aim: `goal: ${short(10 * WANTED.found)} of 10`,
    },
    {
      name: "looked at",
      share: looked,
      text: `${percent(looked)}%`,
      goal: WANTED.looked,
      aim: `goal: below ${short(100 * WANTED.looked)}%`,
    },
    { name: "memory", text: `${plural(bytesOf(state), "byte")} an image` },
  );
}

const bytesOf = ({ bits, tables }) => (BITS[bits] * TABLES[tables]) / 8;
const percent = (value) => (100 * value).toFixed(1);
const sentence = (state) => {
  const { found, looked } = expected(state);
  const bits = BITS[state.bits];
  const tables = TABLES[state.tables];
  const faults = [];
  if (found < HARDLY) faults.push("hardly any are found, so raise the radius");
  else if (found < WANTED.found) faults.push("too few are found");
  if (looked >= WANTED.looked) faults.push("too many are looked at");
  const verdict = faults.length
    ? `Not there yet: ${faults.join(", and ")}.`
    : "You have reached the goal.";
  return (
    `${verdict} ${plural(bits, "bit")}, ${plural(tables, "table")}, radius ${state.radius}: ` +
    `${percent(found)} percent of the ten nearest are found on average, and ${percent(looked)} percent of the images looked at. ` +
    `The codes of an image take ${plural(bytesOf(state), "byte")}.`
  );
};
const brief = (state) => {
  const { found, looked } = expected(state);
  if (found < HARDLY) return "Hardly any are found: raise the radius";
  return `${percent(found)}% found, ${percent(looked)}% looked at, ${plural(bytesOf(state), "byte")}`;
};
live("s-curve", {
  start: { bits: BITS.indexOf(16), tables: 0, radius: 3 },
  drawing: svg,
  beside: [meters.svg],
  draw,
  sentence,
  brief,
  controls: [
    { key: "bits", label: "Bits", values: BITS },
    { key: "tables", label: "Tables", values: TABLES },
    {
      key: "radius",
      label: "Radius",
      least: 0,
      most: ({ bits }) => Math.min(80, BITS[bits]),
      step: 1,
    },
  ],
});
