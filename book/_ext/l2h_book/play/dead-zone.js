// Eight vectors and their neighbours' votes: which bits flip, from which alpha on.

const data = read("dead-zone");
const svg = picture(
  "For each bit of each vector: the bit, the vote as a bar with the threshold that it must pass, and the bit after the step",
);
svg.classList.add("chart", "wide");
const ROW = 18; // so low that all rows and the slider are on a phone's screen together
const NAMES_END = 66; // where the names of a row end
const HEAD = 40; // above the rows: what the columns are, and the ends of the axes
const KEY = 28; // above all: what the marks are
const SQUARE = 14;
const N_BITS = data.bits[0].length;
const N_ROWS = data.bits.length;
let shown = null;

const sgn = (mixture) => (mixture > 1e-12 ? 1 : 0);
const after = (alpha, i, k) =>
  sgn(alpha * data.votes[i][k] + (1 - alpha) * (2 * data.bits[i][k] - 1));
const write = (x, y, text, kind = null) =>
  svg.append(make("svg:text", { x, y, class: kind }, text));

function square(x, y, bit, ring) {
  const look = `bit ${bit ? "on" : ""} ${ring ? "flipped" : ""}`;
  svg.append(make("svg:rect", { x, y, width: SQUARE, height: SQUARE, class: look }));
}
function stroke(x, y, height, kind) {
  svg.append(make("svg:line", { x1: x, x2: x, y1: y, y2: y + height, class: kind }));
}
function vote(from, to, y, against) {
  svg.append(
    make("svg:rect", {
      x: Math.min(from, to),
      y,
      width: Math.abs(to - from),
      height: 10,
      class: `vote ${against ? "against" : ""}`,
    }),
  );
}

function key() {
  let x = 2;
  for (const [text, mark, room] of [
    ["threshold", () => stroke(x + 4, 4, 16, "threshold"), 98],
    ["vote for", () => vote(x, x + 10, 7, false), 84],
    ["against the bit", () => vote(x, x + 10, 7, true), 0],
  ]) {
    mark();
    write(x + 16, 12, text, "key");
    x += room;
  }
}

// One bit of all vectors: what it is, its votes, and what it becomes. On the side against the bit
// stands what a vote must pass to flip it.
function block(left, top, width, k, alpha) {
  const middle = left + width / 2;
  const half = (width / 2 - SQUARE - 14) / 1.15;
  const at = (value) => middle + value * half;
  const rows = top + HEAD;
  write(middle, top + 10, `votes on bit ${k + 1}`);
  write(left + 8, top + 10, "is");
  write(left + width - 16, top + 10, "after");
  for (const [value, text] of [
    [-1, "\u22121"],
    [0, "0"],
    [1, "+1"],
  ]) {
    write(at(value), top + 30, text);
    stroke(at(value), rows, N_ROWS * ROW, "grid");
  }
  data.bits.forEach((bits, i) => {
    const y = rows + i * ROW;
    const bit = bits[k];
    const against = bit ? -1 : 1;
    const needed = Math.min((1 - alpha) / alpha, 1.15);
    const its = data.votes[i][k];
    const becomes = after(alpha, i, k);
    square(left, y + 2, bit, false);
    vote(middle, at(its), y + 4, its * against > 0);
    stroke(at(against * needed), y + 1, ROW - 2, "threshold");
    square(left + width - SQUARE - 2, y + 2, becomes, becomes !== bit);
  });
}

// The bits stand side by side, or one below the other where there is no room. A unit is a pixel, so
// that texts are as large everywhere.
function draw(state) {
  shown = state;
  const width = svg.clientWidth || 710;
  const beside = width > 560;
  const high = HEAD + N_ROWS * ROW;
  const room = width - NAMES_END - 8;
  const each = beside ? room / N_BITS : room;
  const down = beside ? 0 : high + 16;
  svg.setAttribute("viewBox", `0 0 ${width} ${KEY + high + (N_BITS - 1) * down + 4}`);
  svg.replaceChildren();
  key();
  for (const mark of svg.querySelectorAll("rect, line")) mark.classList.add("sample");
  for (let k = 0; k < N_BITS; k += 1) {
    const top = KEY + k * down;
    if (k === 0 || !beside)
      data.names.forEach((name, i) => {
        write(NAMES_END, top + HEAD + (i + 0.5) * ROW, name, "name");
      });
    const left = NAMES_END + 8 + (beside ? k * each : 0);
    block(left, top, each - (beside ? 20 : 0), k, state.alpha);
  }
}

const sentence = ({ alpha }) => {
  const flips = data.bits.flatMap((bits, i) =>
    bits.filter((bit, k) => after(alpha, i, k) !== bit),
  ).length;
  const needed = (1 - alpha) / alpha;
  const which =
    alpha === 0
      ? "No vote counts"
      : alpha === 1
        ? "The vote alone decides, and where it is tied the bit becomes \u22121"
        : `A vote against a bit must be stronger than ${needed.toFixed(2)}${alpha <= 0.5 ? ", and none is" : ""}`;
  return `\u03b1 = ${alpha.toFixed(2)}: ${plural(flips, "bit")} of ${N_BITS * data.bits.length} ${flips === 1 ? "flips" : "flip"}. ${which}.`;
};
live("dead-zone", {
  start: { alpha: 0.5 },
  drawing: svg,
  draw,
  sentence,
  controls: [
    { key: "alpha", label: "\u03b1", least: 0, most: 1, step: 0.05, text: (v) => v.toFixed(2) },
  ],
});
new ResizeObserver(() => draw(shown)).observe(svg);
