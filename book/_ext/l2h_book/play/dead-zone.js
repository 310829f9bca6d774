// Eight vectors and their neighbours' votes: which bits flip, from which alpha on.

const data = read("dead-zone");
const svg = picture(
  "Bits before, votes as bars with the threshold that they must pass, and bits after the step; a row for each vector",
);
const SIZE = 22;
const TOP = 38;
const N_BITS = data.bits[0].length;
const BEFORE = 76; // where the columns begin
const VOTES = 154;
const BAR = 66; // a vote of -1 is drawn at the left of it, one of +1 at the right
const AFTER = VOTES + N_BITS * BAR + 10;
svg.setAttribute("viewBox", `0 0 ${AFTER + N_BITS * SIZE} ${42 + data.bits.length * SIZE}`);
svg.classList.add("chart");

const sgn = (mixture) => (mixture > 1e-12 ? 1 : 0);
const after = (alpha, i, k) =>
  sgn(alpha * data.votes[i][k] + (1 - alpha) * (2 * data.bits[i][k] - 1));

function square(column, i, bit, ring) {
  const x = column + 2;
  const y = TOP + i * SIZE;
  svg.append(
    make("svg:rect", {
      x,
      y,
      width: SIZE - 5,
      height: SIZE - 5,
      class: `bit ${bit ? "on" : ""} ${ring ? "flipped" : ""}`,
    }),
  );
}

// A vote as a bar from the middle, and on the side against the bit what it must pass to flip it
function bar(i, k, needed) {
  const middle = VOTES + (k + 0.5) * BAR;
  const vote = data.votes[i][k];
  const against = data.bits[i][k] ? -1 : 1;
  const at = (value) => middle + value * 0.36 * BAR;
  const top = TOP + i * SIZE;
  const threshold = at(against * Math.min(needed, 1.15));
  svg.append(
    make("svg:line", { x1: middle, x2: middle, y1: top, y2: top + SIZE - 5, class: "grid" }),
    make("svg:rect", {
      x: Math.min(middle, at(vote)),
      y: top + 4,
      width: Math.abs(at(vote) - middle),
      height: SIZE - 13,
      class: `vote ${vote * against > 0 ? "against" : ""}`,
    }),
    make("svg:line", {
      x1: threshold,
      x2: threshold,
      y1: top,
      y2: top + SIZE - 5,
      class: "threshold",
    }),
  );
}

function draw({ alpha }) {
  svg.replaceChildren();
  for (const [text, x] of [
    ["bits", BEFORE + (N_BITS * SIZE) / 2],
    ["votes and threshold", VOTES + (N_BITS * BAR) / 2],
    ["after", AFTER + (N_BITS * SIZE) / 2],
  ])
    svg.append(make("svg:text", { x, y: 10 }, text));
  for (let k = 0; k < N_BITS; k += 1)
    for (const [text, side] of [
      ["\u22121", -1],
      ["+1", 1],
    ]) {
      const x = VOTES + (k + 0.5 + 0.36 * side) * BAR;
      svg.append(make("svg:text", { x, y: 28, class: "small" }, text));
    }
  data.bits.forEach((bits, i) => {
    svg.append(
      make("svg:text", { x: BEFORE - 8, y: TOP + 8 + i * SIZE, class: "name" }, data.names[i]),
    );
    bits.forEach((bit, k) => {
      square(BEFORE + k * SIZE, i, bit, false);
      bar(i, k, (1 - alpha) / alpha);
      square(AFTER + k * SIZE, i, after(alpha, i, k), after(alpha, i, k) !== bit);
    });
  });
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
