// One bit, the vote on it and their mixture, which crosses zero at some alpha; below, how many of
// all bits flip at each alpha.

const data = read("dead-zone");
const svg = picture(
  "An axis from minus one to plus one with a bit, the vote of its class, and between them their mixture; the half in which the mixture lies is shaded. Below, how many of all bits flip at each alpha, with the stretch shaded in which none does",
);
svg.classList.add("chart", "wide");
const N_BITS = data.bits.flat().length;
const ORDINALS = ["first", "second", "third"];
const TINY = 1e-12; // up to rounding, a mixture of 0 gives -1
let shown = null;

const ownOf = (i, k) => 2 * data.bits[i][k] - 1;
const mixed = (alpha, i, k) => alpha * data.votes[i][k] + (1 - alpha) * ownOf(i, k);
const sgn = (mixture) => (mixture > TINY ? 1 : -1);
// A number with its sign
const signed = (value, digits) => `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(digits)}`;
const ALL = data.bits.flatMap((bits, i) => bits.map((_, k) => [i, k]));
const flipsAt = (alpha) => ALL.filter(([i, k]) => sgn(mixed(alpha, i, k)) !== ownOf(i, k)).length;

// The bit that is shown is the first whose class votes against it
const AGAINST = ALL.filter(([i, k]) => data.votes[i][k] * ownOf(i, k) < 0);
const [ROW, BIT] = AGAINST[0];
const OWN = ownOf(ROW, BIT);
const VOTE = data.votes[ROW][BIT];
const NAME = `the ${data.names[ROW]}\u2019s ${ORDINALS[BIT]} bit`;
// The alphas at which the votes against bits become strong enough
const THRESHOLDS = AGAINST.map(([i, k]) => 1 / (1 + Math.abs(data.votes[i][k])));
THRESHOLDS.sort((a, b) => a - b);
const [FIRST] = THRESHOLDS; // up to here no bit flips

const flip = (flips) => (flips === 1 ? "flips" : "flip");
const write = (x, y, text, kind = null) =>
  svg.append(make("svg:text", { x, y, class: kind }, text));
const box = (x, y, width, height, kind) =>
  svg.append(make("svg:rect", { x, y, width, height, class: kind }));
const stroke = (x1, y1, x2, y2, kind) =>
  svg.append(make("svg:line", { x1, x2, y1, y2, class: kind }));
const dot = (cx, cy, r, kind) => svg.append(make("svg:circle", { cx, cy, r, class: kind }));

// The bit and the vote on an axis, and the mixture on its way from one to the other
function drawBit(alpha, left, right) {
  const top = 30;
  const bottom = 150;
  const y = 92;
  const middle = (left + right) / 2;
  const x = (value) => middle + (value * (right - left)) / 2;
  const mixture = mixed(alpha, ROW, BIT);
  const after = sgn(mixture);
  for (const side of [-1, 1]) {
    const is = side === after;
    box(Math.min(middle, x(side)), top, middle - left, bottom - top, `half ${is ? "lit" : ""}`);
    const meaning = side === OWN ? "the bit stays" : "the bit flips to";
    write(x(side / 2), top + 16, `${meaning} ${signed(side, 0)}`, is ? "now" : null);
  }
  for (const tick of [-1, -0.5, 0, 0.5, 1])
    write(x(tick), bottom + 14, short(tick).replace("-", "\u2212"));
  stroke(left, y, right, y, "grid");
  stroke(middle, top, middle, bottom, "goal");
  stroke(x(OWN), y, x(VOTE), y, "curve");
  box(x(OWN) - 8, y - 8, 16, 16, "own-bit");
  write(x(OWN) - 6 * OWN, y - 22, "its own value", OWN < 0 ? "key" : "name");
  svg.append(make("svg:path", { d: `M${x(VOTE)} ${y - 9}l9 9-9 9-9-9z`, class: "class-vote" }));
  write(x(VOTE), y - 22, "the vote");
  dot(x(mixture), y, 9, "dot mixture");
  const clear = Math.max(60, Math.min(x(1) - middle - 60, Math.abs(x(mixture) - middle)));
  write(middle + after * clear, y + 26, `mixture ${signed(mixture, 3)}`, "now");
}

// How many of all bits flip, over alpha
function drawCount(alpha, left, right) {
  const top = 244;
  const bottom = 282;
  const most = THRESHOLDS.length;
  right -= 12; // beside it stands the scale
  const x = (at) => left + at * (right - left);
  const y = (flips) => bottom - (flips / most) * (bottom - top);
  write(left, 200, `How many of all ${N_BITS} bits flip`, "key");
  box(left, top - 26, x(FIRST) - left, bottom - top + 26, "half none");
  write((left + x(FIRST)) / 2, top - 14, "no bit flips here");
  for (const count of [0, most]) {
    stroke(left, y(count), right, y(count), "grid");
    write(right + 12, y(count), String(count));
  }
  const steps = THRESHOLDS.flatMap((at, i) => [
    [at, i],
    [at, i + 1],
  ]);
  const points = [[0, 0], ...steps, [1, steps.length / 2]]
    .map(([at, flips]) => `${x(at).toFixed(1)},${y(flips).toFixed(1)}`)
    .join(" ");
  svg.append(make("svg:polyline", { points, class: "count-curve" }));
  write(left, bottom + 16, "\u03b1 = 0", "key");
  for (const at of [0.5, FIRST, 1]) write(x(at), bottom + 16, short(Number(at.toFixed(2))));
  const flips = flipsAt(alpha);
  dot(x(alpha), y(flips), 5, "dot");
  const [from, to] = flips === 0 ? [left, x(FIRST)] : [x(FIRST), right];
  const beside = Math.max(from + 38, Math.min(to - 38, x(alpha)));
  write(beside, y(flips) - 16, `${plural(flips, "bit")} ${flip(flips)}`, "now");
}

// A unit is a pixel, so that texts are as large everywhere
function draw({ alpha }) {
  shown = { alpha };
  const width = svg.clientWidth || 710;
  const [left, right] = [16, width - 16];
  svg.setAttribute("viewBox", `0 0 ${width} 308`);
  svg.replaceChildren();
  write(left, 12, `${NAME[0].toUpperCase()}${NAME.slice(1)}`, "key now");
  drawBit(alpha, left, right);
  drawCount(alpha, left, right);
}

const sentence = ({ alpha }) => {
  const mixture = mixed(alpha, ROW, BIT);
  const after = sgn(mixture);
  const sum = `${alpha.toFixed(2)} \u00b7 (${signed(VOTE, 2)}) + ${(1 - alpha).toFixed(2)} \u00b7 (${signed(OWN, 0)}) = ${signed(mixture, 3)}`;
  const becomes = `so ${NAME} ${after === OWN ? "stays" : "flips to"} ${signed(after, 0)}`;
  const flips = flipsAt(alpha);
  return (
    `\u03b1 = ${alpha.toFixed(2)}: ${sum}, ${becomes}. ` +
    `Of all ${N_BITS} bits, ${flips} ${flip(flips)}.`
  );
};
const brief = ({ alpha }) => {
  const flips = flipsAt(alpha);
  return `Mixture ${signed(mixed(alpha, ROW, BIT), 3)}; ${flips} of ${N_BITS} bits ${flip(flips)}`;
};
live("dead-zone", {
  start: { alpha: 0.5 },
  drawing: svg,
  beside: [
    make(
      "p",
      { class: "legend" },
      "Square: the bit\u2019s own value. Diamond: the mean vote of its class. Dot: their mixture, which \u03b1 moves from the square to the diamond. The bit flips when the dot crosses zero.",
    ),
  ],
  draw,
  sentence,
  brief,
  controls: [
    { key: "alpha", label: "\u03b1", least: 0, most: 1, step: 0.05, text: (v) => v.toFixed(2) },
  ],
});
new ResizeObserver(() => draw(shown)).observe(svg);
