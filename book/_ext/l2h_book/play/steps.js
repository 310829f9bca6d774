// GRH step by step. Every bit and line comes from the package; the script only draws them.

const root = part("steps"), data = read("steps"), last = data.frames.length - 1;
const svg = root.querySelector("svg"), plane = new Plane(svg, reachOf(data.points));
const slider = root.querySelector("[name=step]"), say = announcer(root.querySelector(".status"));
const classes = [...new Set(data.labels)].sort(), nBits = data.frames[0].bits[0].length;
const state = { step: 0, bit: 1 };
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const asLines = (frame) => frame.lines.map(([angle, offset]) => ({ angle, offset }));
let drawn = asLines(data.frames[0]), moving = 0;

function draw(lines) {
  const frame = data.frames[state.step], k = state.bit - 1;
  drawn = lines;
  plane.clear();
  for (const { code, corners } of cellsOf([lines[k]], plane.reach)) plane.cell(corners, code === "1" ? "near" : "outside");
  lines.forEach((line, j) => plane.line(line, j === k ? "chosen" : "faint"));
  data.points.forEach((point, i) => (
    plane.point(point, data.labels[i], frame.bits[i][k] === "1", frame.changed[i][k] === "1")));
}

// From one line to another by the shorter way round; at once where the reader asked for less motion
function go(to) {
  cancelAnimationFrame(moving);
  const from = drawn, begin = performance.now();
  if (calm.matches) { draw(to); return; }
  const tick = (now) => {
    const t = Math.min(1, Math.max(0, (now - begin) / 600)), eased = t * t * (3 - 2 * t);
    draw(t === 1 ? to : to.map((line, j) => {
      const turn = ((line.angle - from[j].angle + 540) % 360) - 180;
      return { angle: from[j].angle + turn * eased, offset: from[j].offset + (line.offset - from[j].offset) * eased };
    }));
    if (t < 1) moving = requestAnimationFrame(tick);
  };
  tick(begin);
}

function show(moves) {
  const frame = data.frames[state.step], k = state.bit - 1, lines = asLines(frame);
  if (moves) go(lines); else draw(lines);
  slider.max = last;
  slider.value = state.step;
  slider.setAttribute("aria-valuetext", frame.title);
  root.querySelector(".value").textContent = `${state.step} of ${last}`;
  root.querySelector(`[name=bit][value="${state.bit}"]`).checked = true;
  // not `disabled`, which would take the focus away
  root.querySelector("[data-by='-1']").setAttribute("aria-disabled", state.step === 0);
  root.querySelector("[data-by='1']").setAttribute("aria-disabled", state.step === last);
  const changed = frame.changed.filter((bits) => bits[k] === "1").length;
  const what = {
    Start: "Lines drawn at random.",
    regularise: `The vote of the classes changes bit ${state.bit} of ${plural(changed, "point")}.`,
    partition: `A classifier moves the line; of what the vote asked for it misses ${plural(changed, "point")}.`,
  }[frame.title.split(", ").at(-1)];
  say(`${frame.title}. ${what} Two points of a class share a bit in ${frame.agreement} percent of cases.`);
  svg.setAttribute("aria-label", `${frame.title}: points of ${classes.length} classes and ${nBits} lines; line ${state.bit} is bold`);
  table(frame);
}

function table(frame) {
  const codes = [...new Set(data.frames.flatMap(({ bits }) => bits))].sort();
  const count = (label, code) => frame.bits.filter((bits, i) => bits === code && data.labels[i] === label).length;
  root.querySelector("thead").replaceChildren(make("tr", {}, make("th", { scope: "col" }, "class"),
    ...codes.map((code) => make("th", { scope: "col" }, make("code", {}, code)))));
  root.querySelector("tbody").replaceChildren(...classes.map((label) => make("tr", {},
    make("th", { scope: "row" }, `${CLASSES[label]} ${NAMES[label]}`), ...codes.map((code) => make("td", {}, String(count(label, code)))))));
}

function set(changes) {
  const moves = "step" in changes;
  Object.assign(state, changes);
  state.step = Math.max(0, Math.min(last, state.step));
  show(moves);
  address.write(root, state);
}

function fromAddress() {
  const given = address.read();
  state.step = whole(given.get("step"), 0, last, state.step);
  state.bit = whole(given.get("bit"), 1, nBits, state.bit);
  show(false);
}

root.querySelector("fieldset .set").append(...[...Array(nBits).keys()].map((k) => (
  make("label", {}, make("input", { type: "radio", name: "bit", value: k + 1 }), String(k + 1)))));
root.querySelector(".legend").textContent = "Filled: bit 1; hollow: bit 0; ringed: changed in this step. "
  + "The side of the bold line where its bit is 1 is shaded.";
root.addEventListener("click", (event) => {
  const by = Number(event.target.dataset?.by);
  if (by) set({ step: state.step + by });
});
root.addEventListener("input", (event) => set({ [event.target.name]: Number(event.target.value) }));
window.addEventListener("hashchange", () => { if (location.hash.includes("=")) fromAddress(); });
part("steps-without-script").hidden = true;
root.hidden = false;
fromAddress();
