// A cloud that is dragged off the origin, through which all lines go: bits and buckets collapse.

const { points, angles } = read("off-centre");
const lines = angles.map((angle) => ({ angle, offset: 0 }));
const MOST = 4;
const svg = make("svg:svg", {
  role: "group",
  "aria-label":
    "Points and three lines through the origin; the middle of the points can be moved, also with the arrow keys",
});
const plane = new Plane(svg, 6);
const RING = 1.6; // around the points
const middle = plane.handle(
  "Middle of the points",
  [0, 90, 180, 270],
  (to) => move(to),
  ([x, y], small) => move([at[0] + x * (small ? 0.05 : 0.25), at[1] + y * (small ? 0.05 : 0.25)]),
  RING / plane.unit + 0.05, // beside its stroke
);
middle.append(make("svg:circle", { r: RING, class: "grip open" }));
let at = [0, 0];

const place = ({ away, direction }) => [
  away * Math.cos((direction * Math.PI) / 180),
  away * Math.sin((direction * Math.PI) / 180),
];
function move([x, y]) {
  const degrees = (180 / Math.PI) * Math.atan2(y, x);
  set({
    away: Math.min(MOST, Math.round(20 * Math.hypot(x, y)) / 20),
    direction: Math.round((degrees + 360) % 360),
  });
}
function codes(state) {
  const [dx, dy] = place(state);
  return points.map(([x, y]) => codeOf(lines, [x + dx, y + dy]));
}
function sizes(state) {
  const count = {};
  for (const code of codes(state)) count[code] = (count[code] ?? 0) + 1;
  return count;
}

function draw(state) {
  const count = sizes(state);
  const largest = Math.max(...Object.values(count));
  at = place(state);
  const taken = [...points.map(([x, y]) => [x + at[0], y + at[1], 0.15]), [...at, RING + 0.4]];
  plane.clear();
  for (const { code, corners } of cellsOf(lines, plane.reach)) {
    plane.cell(corners, count[code] === largest ? "own" : count[code] ? "near" : "outside");
    const text = `${count[code] ?? 0}`;
    const spot = spotFor(corners, text.length, taken, lines, plane.reach);
    if (spot) plane.label(...spot, text, Boolean(count[code]));
  }
  for (const line of lines) plane.line(line);
  plane.lines.append(make("svg:circle", { r: 0.13 * plane.unit, class: "origin" }));
  for (const [x, y] of points) plane.point([x + at[0], y + at[1]], 0, true, { kind: "" });
  middle.setAttribute("transform", `translate(${at[0]} ${-at[1]})`);
  tell(middle, state.away, 0, MOST, `distance from the origin ${state.away}`);
}

const sentence = (state) => {
  const held = Object.values(sizes(state));
  const n = points.length;
  const found = held.reduce((sum, size) => sum + (size * size) / n, 0);
  return (
    `Distance from the origin: ${state.away}. Points lie in ${held.length} of the 6 regions; the largest bucket holds ${Math.max(...held)} of the ${n} points. ` +
    `A stored query has ${found.toFixed(1)} candidates on average.`
  );
};
const brief = (state) => {
  const held = Object.values(sizes(state));
  return `${held.length} of 6 regions used, the largest holds ${Math.max(...held)} of ${points.length}`;
};
const set = live("off-centre", {
  start: { away: 0, direction: 30 },
  drawing: svg,
  draw,
  sentence,
  brief,
  controls: [
    { key: "away", label: "Distance from the origin", least: 0, most: MOST, step: 0.05 },
    {
      key: "direction",
      label: "Direction",
      least: 0,
      most: 359,
      step: 1,
      // at a distance of 0 there is none
      text: (v, { away }) => (away ? `${v}\u00b0` : "none"),
      spent: ({ away }) => !away,
    },
  ],
});
