// Two vectors, and lines that fall: those that do not pass between them give both the same bit.

const { angles } = read("falling-lines");
const MANY = 60; // more lines than these are drawn thinner
const TOLD = 40; // lines from which on the theory is told: before, the reader guesses
const LENGTH = 3.4;
const svg = make("svg:svg", {
  role: "group",
  "aria-label": "Two vectors; the end of one can be turned, also with the arrow keys",
});
const plane = new Plane(svg, 4.5);
svg.append(
  make("svg:text", { x: -4.3, y: 4.15, class: "key parting" }, "parts the vectors"),
  make("svg:text", { x: 4.3, y: 4.15, class: "key same" }, "same bit"),
);
const across = (lines) => Math.log(lines) / Math.log(angles.length); // a few lines have room too
const chart = new Chart(
  "The share of lines so far that do not part the vectors, and what the theory says",
  {
    across: [1, 10, 100, angles.length].map((lines) => [across(lines), String(lines)]),
    below: "lines, on a logarithmic axis",
    beside: "same bit",
  },
);
const tip = (degrees) => [
  Math.cos((degrees * Math.PI) / 180) * LENGTH,
  Math.sin((degrees * Math.PI) / 180) * LENGTH,
];
const same = (angle, theta) =>
  bitOf({ angle, offset: 0 }, tip(0)) === bitOf({ angle, offset: 0 }, tip(theta));
const turned = plane.handle(
  "Angle of the second vector",
  [90, 270],
  ([x, y]) => turnTo((180 / Math.PI) * Math.atan2(y, x)),
  ([x, y], small) => turnTo(now + (x + y) * (small ? 1 : 5)),
);
turned.append(make("svg:circle", { r: 0.24, class: "grip" }));
let now = 60;

function turnTo(degrees) {
  set({ theta: Math.round(Math.max(0, Math.min(180, degrees))) });
}

// Where a line that parts the vectors passes: between them, and on the other side of the origin
function wedge(theta) {
  const rim = [0, theta / 2, theta].map((degrees) => tip(degrees).map((v) => 3 * v));
  plane.cell([[0, 0], ...rim], "own edged");
  plane.cell([[0, 0], ...rim.map((corner) => corner.map((v) => -v))], "own edged");
}

function draw({ theta, lines }) {
  const fallen = angles.slice(0, lines);
  now = theta;
  plane.clear();
  wedge(theta);
  plane.lines.classList.toggle("many", lines > MANY);
  for (const angle of fallen)
    plane.line({ angle, offset: 0 }, same(angle, theta) ? "faint" : "parting");
  for (const degrees of [0, theta]) {
    const [x, y] = tip(degrees);
    plane.points.append(make("svg:line", { x1: 0, y1: 0, x2: x, y2: -y, class: "vector" }));
  }
  const [x, y] = tip(theta);
  turned.setAttribute("transform", `translate(${x} ${-y}) rotate(${-theta})`);
  plane.label(...tip(0).map((v) => 1.1 * v), "x");
  plane.label(...tip(theta).map((v) => 1.22 * v), "y");
  tell(turned, theta, 0, 180, `${theta} degrees`);
  let count = 0;
  const shares = fallen.map((angle, i) => {
    count += same(angle, theta);
    return [across(i + 1), count / (i + 1)];
  });
  const theory = [0, 1].map((x) => [x, 1 - theta / 180]);
  chart.clear();
  if (lines >= TOLD) chart.curve(theory, "dashed");
  chart.curve(shares);
}

const keptOf = ({ theta, lines }) =>
  angles.slice(0, lines).filter((angle) => same(angle, theta)).length;
const sentence = ({ theta, lines }) => {
  const kept = keptOf({ theta, lines });
  if (!lines) return `No line yet. The vectors are ${theta} degrees apart.`;
  const counted = `${plural(lines, "line")}, and ${kept} of them leave both vectors on one side: a share of ${(kept / lines).toFixed(3)}.`;
  const theory = ` 1\u00a0\u2212\u00a0\u03b8/\u03c0 is ${(1 - theta / 180).toFixed(3)}.`;
  return lines < TOLD ? counted : counted + theory;
};
const brief = (state) =>
  state.lines
    ? `Same bit: ${keptOf(state)} of ${plural(state.lines, "line")}, ${(keptOf(state) / state.lines).toFixed(3)}`
    : "No line yet";
const drop = (n) => (state) => ({ lines: Math.min(angles.length, state.lines + n) });
const set = live("falling-lines", {
  paper: ({ lines }) => (lines ? {} : { lines: 10 }), // a few have fallen
  start: { theta: 60, lines: 0 },
  drawing: svg,
  beside: [chart.svg],
  draw,
  sentence,
  brief,
  controls: [
    { label: "Drop a line", act: drop(1) },
    { label: "Drop 40", act: drop(40) },
    { key: "theta", label: "Angle", least: 0, most: 180, step: 1, text: (v) => `${v}\u00b0` },
    { key: "lines", label: "Lines", least: 0, most: angles.length, step: 1 },
  ],
});
