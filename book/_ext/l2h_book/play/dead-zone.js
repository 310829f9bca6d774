// Eight vectors and their neighbours' votes: which bits flip, from which alpha on.

const data = read("dead-zone");
const svg = picture("Bits before, votes, and bits after the step, a row for each vector");
const SIZE = 22;
const N_BITS = data.bits[0].length;
svg.setAttribute("viewBox", `0 0 400 ${30 + data.bits.length * SIZE}`);
svg.classList.add("chart");

const sgn = (mixture) => (mixture > 1e-12 ? 1 : 0);
const after = (alpha, i, k) =>
  sgn(alpha * data.votes[i][k] + (1 - alpha) * (2 * data.bits[i][k] - 1));
const number = (value) =>
  (value > 0 ? "+" : value < 0 ? "\u2212" : "") +
  Math.abs(value)
    .toFixed(1)
    .replace(/^0(?=\.[^0])|\.0$/g, "");

function square(column, i, bit, ring) {
  const x = column + 2;
  const y = 24 + i * SIZE;
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

function draw({ alpha }) {
  svg.replaceChildren();
  for (const [text, x] of [
    ["bits", 86 + (N_BITS * SIZE) / 2],
    ["vote", 181 + (N_BITS * 30) / 2],
    ["after", 306 + (N_BITS * SIZE) / 2],
  ])
    svg.append(make("svg:text", { x, y: 10 }, text));
  data.bits.forEach((bits, i) => {
    svg.append(make("svg:text", { x: 78, y: 32 + i * SIZE, class: "name" }, data.names[i]));
    bits.forEach((bit, k) => {
      square(86 + k * SIZE, i, bit, false);
      svg.append(make("svg:text", { x: 196 + k * 30, y: 32 + i * SIZE }, number(data.votes[i][k])));
      square(308 + k * SIZE, i, after(alpha, i, k), after(alpha, i, k) !== bit);
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
