// GRH in the plane, step by step. Every bit and line comes from the package; the script only draws
// them.

const data = read("training");
const svg = picture("Points of three classes and two lines");
const plane = new Plane(svg, reachOf(data.points));
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const LAST = 6;
const ORDER = ["first", "second"];
const framesOf = ({ alpha, start }) => data.runs[alpha][start];
const frameOf = (state) => framesOf(state)[Math.min(state.step, framesOf(state).length - 1)];
let drawn = null;
let moving = 0;
let playing = 0; // the timer, or 0

function paint(state, lines) {
  const frame = frameOf(state);
  const k = state.bit;
  drawn = lines;
  plane.clear();
  for (const { code, corners } of cellsOf([lines[k]], plane.reach))
    plane.cell(corners, code === "1" ? "near" : "outside");
  lines.forEach((line, j) => {
    plane.line(line, j === k ? "chosen" : "faint");
  });
  data.points.forEach((point, i) => {
    plane.point(point, data.labels[i], frame.bits[i][k] === "1", {
      ring: frame.changed[i][k] === "1",
      kind: `code-${frame.bits[i]}`,
    });
  });
}

// From one line to another by the shorter way round; at once where the reader asked for less motion
function draw(state) {
  const to = frameOf(state).lines.map(([angle, offset]) => ({ angle, offset }));
  const from = drawn ?? to;
  const begin = performance.now();
  cancelAnimationFrame(moving);
  if (calm.matches || !drawn) {
    paint(state, to);
    return;
  }
  const tick = (now) => {
    const t = Math.min(1, Math.max(0, (now - begin) / 600));
    const eased = t * t * (3 - 2 * t);
    paint(
      state,
      t === 1
        ? to
        : to.map((line, j) => {
            const turn = ((line.angle - from[j].angle + 540) % 360) - 180;
            return {
              angle: from[j].angle + turn * eased,
              offset: from[j].offset + (line.offset - from[j].offset) * eased,
            };
          }),
    );
    if (t < 1) moving = requestAnimationFrame(tick);
  };
  tick(begin);
}

// The code that most points of each class have
function codes(frame) {
  const most = NAMES.map((name, label) => {
    const own = frame.bits.filter((_, i) => data.labels[i] === label);
    const count = (code) => own.filter((other) => other === code).length;
    const [best] = [...new Set(own)].sort((a, b) => count(b) - count(a));
    return `for ${name} \`${best}\` (${count(best)} of ${own.length})`;
  });
  return `Most common codes: ${most.join(", ")}.`;
}

const sentence = (state) => {
  const frame = frameOf(state);
  const changed = frame.changed.filter((bits) => bits[state.bit] === "1").length;
  const bit = ORDER[state.bit];
  const what = {
    Start: "Lines drawn at random.",
    regularise: `The vote of the classes changes the ${bit} bit of ${plural(changed, "point")}.`,
    partition: `A classifier moves the line of the ${bit} bit; it misses ${plural(changed, "point")} of what the vote asked for.`,
  }[frame.title.split(", ").at(-1)];
  const over =
    state.step >= framesOf(state).length
      ? `At rest since step ${framesOf(state).length - 1}. `
      : "";
  return `${over}${frame.title}. ${what} Two points of one class agree in this bit in ${frame.agreement[state.bit]} percent of cases. ${codes(frame)}`;
};
const brief = (state) => {
  const { title, agreement } = frameOf(state);
  return `${title}: within a class ${agreement[state.bit]}% agree`;
};
const step = (by) => (state) => ({ step: Math.max(0, Math.min(LAST, state.step + by)) });
function pause() {
  clearInterval(playing);
  playing = 0;
  return {};
}
function rest() {
  if (playing) set(pause()); // so that the button says again what it does
}
function play(state) {
  if (playing) return pause();
  playing = setInterval(() => {
    if (state.step >= LAST - 1) rest();
    set({ step: Math.min(LAST, state.step + 1) });
  }, 1200);
  return { step: state.step >= LAST ? 0 : state.step };
}
// a hand stops it, unless it is on the button that plays and pauses
function stop({ target }) {
  if (!["Play", "Pause"].includes(target.textContent)) rest();
}
for (const kind of ["click", "input"]) part("training").addEventListener(kind, stop, true);
const set = live("training", {
  start: { step: 0, bit: 0, alpha: 1, start: 0 },
  drawing: make(
    "div",
    {},
    svg,
    make(
      "p",
      { class: "legend" },
      "Shape: the class. Colour: the code. For the chosen bit: filled = 1, hollow = 0, ring = changed in this step. " +
        "The side of the bold line where it is 1 is shaded.",
    ),
  ),
  draw,
  sentence,
  brief,
  controls: [
    { label: "Back", act: step(-1), spent: ({ step }) => step === 0 },
    { label: "Forward", act: step(1), spent: ({ step }) => step === LAST },
    { label: () => (playing ? "Pause" : "Play"), act: play },
    { key: "step", label: "Step", least: 0, most: LAST, step: 1 },
    { key: "bit", label: "Bit", choices: ORDER },
    { key: "alpha", label: "\u03b1", choices: data.alphas.map(String) },
    { key: "start", label: "First lines", choices: ["as above", "others", "a third"] },
  ],
});
