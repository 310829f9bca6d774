// A figure in a chapter: what sets its state, a drawing, and a sentence that says the state in
// words.
//
// A control is a slider {key, label, least, most, step, text}, a choice {key, label, choices} or a
// button {label, act, spent}, whose `act` gives what changes and whose `spent` says when there is
// nothing left to do. A slider's `most` may be a function of the state. What has no label is set in
// the drawing. What has a `place` stands there. The address bar keeps all that has a key, so that a
// link in the prose sets it, and what `more` gives.
// On paper a figure that nobody has set shows what `printed` says.

function live(
  name,
  {
    start,
    controls,
    drawing,
    beside = [],
    below = [],
    draw,
    sentence,
    more = () => ({}),
    printed = null,
  },
) {
  const root = part(name);
  const state = { ...start };
  const kept = controls.filter(({ key }) => key);
  const said = make("span");
  const status = make("p", { class: "status" }, said);
  const aloud = make("p", { class: "unseen", role: "status" });
  const say = announcer(aloud);
  const made = new Map();
  const spendable = new Map(); // buttons, by when they have nothing left to do

  function show() {
    draw(state);
    for (const [control, { input, output }] of made) {
      if (control.most) input.max = limitOf(control, state);
      input.value = state[control.key];
      const text = control.text?.(state[control.key]) ?? String(state[control.key]);
      if (output) output.textContent = text;
      if (output) input.setAttribute("aria-valuetext", text);
    }
    for (const [button, spent] of spendable) button.setAttribute("aria-disabled", spent(state));
    said.textContent = sentence(state);
    say(said.textContent);
  }

  const values = () => ({
    ...Object.fromEntries(kept.map(({ key }) => [key, state[key]])),
    ...more(state),
  });

  function assign(changes) {
    Object.assign(state, changes);
    for (const control of kept.filter(({ most }) => most instanceof Function))
      state[control.key] = Math.min(state[control.key], limitOf(control, state));
    show();
  }

  function set(changes) {
    assign(changes);
    if (kept.length) address.write(values());
  }

  function showOnPaper() {
    if (kept.some(({ key }) => state[key] !== start[key])) return;
    const before = { ...state };
    window.addEventListener("afterprint", () => assign(before), { once: true });
    assign(printed);
  }
  if (printed) window.addEventListener("beforeprint", showOnPaper);

  function fromAddress() {
    const given = address.read();
    const changes = {};
    for (const { key, least = 0, most, step, choices } of kept) {
      const value = Number(given.get(key) ?? NaN);
      const limit = most instanceof Function ? Infinity : (most ?? choices.length - 1);
      if (value >= least && value <= limit && (step % 1 || Number.isInteger(value)))
        changes[key] = value;
    }
    assign(changes);
  }

  // Who follows a link on the page and goes back finds what was shown before
  function rememberWhenLeft() {
    document.addEventListener("click", ({ target }) => {
      if (target.closest("a")?.getAttribute("href")?.startsWith("#"))
        history.replaceState({ ...history.state, [name]: { ...state } }, "");
    });
    window.addEventListener("popstate", (event) => {
      if (!event.state?.[name]) return;
      assign(event.state[name]);
      root.querySelector(".back")?.remove();
    });
  }

  function element(control) {
    const { key, label, least, most, step, choices, act, spent } = control;
    if (act) {
      const button = make("button", { type: "button" }, label);
      button.addEventListener("click", () => {
        if (!spent?.(state)) set(act(state));
      });
      if (spent) spendable.set(button, spent);
      return button;
    }
    const input = choices
      ? make(
          "select",
          { name: key },
          ...choices.map((text, i) => make("option", { value: i }, text)),
        )
      : make("input", { type: "range", min: least, max: limitOf(control, state), step });
    const output = choices ? null : make("span", { class: "value", "aria-hidden": "true" });
    input.addEventListener("input", () => set({ [key]: Number(input.value) }));
    made.set(control, { input, output });
    return make(
      "label",
      {},
      control.place ? make("span", { class: "unseen" }, label) : label,
      input,
      ...(output ? [output] : []),
    );
  }

  // The longest sentences: they make room, so that nothing moves while a slider does
  function longest() {
    let states = [{ ...state }];
    for (const control of kept.filter(({ label }) => label))
      states = states.flatMap((one) =>
        someOf(control, one).map((value) => ({ ...one, [control.key]: value })),
      );
    const sentences = [...new Set(states.map(sentence))];
    return sentences.sort((a, b) => b.length - a.length).slice(0, 4);
  }
  const unseen = (text) => make("span", { class: "room", "aria-hidden": "true" }, text);

  const again = { label: "Start again", act: () => ({ ...start }) };
  const here = controls.filter(({ label, place }) => label && !place);
  const row = (name, ...buttons) => make("div", { class: `set ${name}` }, ...buttons);
  const acts = here.filter(({ act }) => act);
  const hand = make(
    "div",
    { class: "set controls" },
    ...(acts.length ? [row("acts", ...acts.map(element))] : []),
    ...here.filter(({ act }) => !act).map(element),
    row("ends", element(again), ...(kept.length ? [linkCopier(values)] : [])),
  );
  for (const control of controls) control.place?.prepend(element(control));
  root.append(
    make("div", { class: "board" }, drawing, make("div", {}, hand, status, aloud, ...beside)),
    ...below,
  );
  root.parentElement.querySelector(".still")?.remove();
  root.hidden = false;
  if (status.checkVisibility()) status.append(...longest().map(unseen));
  const asked = () =>
    location.hash === `#${name}` || kept.some(({ key }) => address.read().has(key));
  leadOnArrival(root, asked, fromAddress);
  rememberWhenLeft();
  fromAddress();
  return set;
}

// The most that a control can be set to, which may follow from the others
const limitOf = ({ most, choices }, state) =>
  most instanceof Function ? most(state) : (most ?? choices.length - 1);

// Values of a control: all if they are few, else some from end to end
function someOf(control, state) {
  const { least = 0, step = 1 } = control;
  const all = 1 + Math.round((limitOf(control, state) - least) / step);
  const n = all > 21 ? 5 : all;
  return Array.from(
    { length: n },
    (_, i) => least + step * Math.round((i * (all - 1)) / Math.max(1, n - 1)),
  );
}

// A drawing that sentences and a table's worth of labels describe
const picture = (label) => make("svg:svg", { role: "img", "aria-label": label });

// The mark of a picture that is one of the nearest, hollow if a search misses it: frames say which
// class a picture has
const nearestMark = (words, found = true) => [
  make(
    "svg:svg",
    { class: `nearest ${found ? "" : "missed"}`, viewBox: "-10 -10 20 20", "aria-hidden": "true" },
    make("svg:path", {
      d: "M0-9 2.1-2.9 8.6-2.8 3.4 1.1 5.3 7.3 0 3.6-5.3 7.3-3.4 1.1-8.6-2.8-2.1-2.9Z",
    }),
  ),
  make("span", { class: "unseen" }, words),
];

// Curves over two axes, which go from 0 to 1; an axis has ticks, [place, text]
class Chart {
  constructor(label, { across, up, below, beside }) {
    Object.assign(this, { svg: picture(label), left: 46, right: 318, top: 12, bottom: 190 });
    this.svg.setAttribute("viewBox", "0 0 340 236");
    this.svg.classList.add("chart");
    for (const [at, text] of across) this.text(this.x(at), this.bottom + 16, text);
    for (const [at, text] of up) {
      this.text(this.left - 18, this.y(at), text);
      this.svg.append(
        make("svg:line", {
          x1: this.left,
          x2: this.right,
          y1: this.y(at),
          y2: this.y(at),
          class: "grid",
        }),
      );
    }
    this.text((this.left + this.right) / 2, this.bottom + 36, below);
    this.svg.append(make("svg:text", { x: 10, y: 101, transform: "rotate(-90 10 101)" }, beside));
    this.curves = this.svg.appendChild(make("svg:g"));
  }

  x(at) {
    return this.left + at * (this.right - this.left);
  }

  y(at) {
    return this.bottom - at * (this.bottom - this.top);
  }

  text(x, y, text) {
    this.svg.append(make("svg:text", { x, y }, text));
  }

  clear() {
    this.curves.replaceChildren();
  }

  curve(points, kind = "") {
    const places = points
      .map(([x, y]) => `${this.x(x).toFixed(1)},${this.y(y).toFixed(1)}`)
      .join(" ");
    this.curves.append(make("svg:polyline", { points: places, class: `curve ${kind}` }));
  }

  dot([x, y], kind = "") {
    this.curves.append(
      make("svg:circle", {
        cx: this.x(x),
        cy: this.y(y),
        r: kind === "chosen" ? 8 : 4,
        class: `dot ${kind}`,
      }),
    );
  }
}

// Bars of shares, one below the other; a bar may have a mark at a goal
class Meters {
  constructor(label, bars) {
    this.svg = picture(label);
    this.svg.setAttribute("viewBox", `0 0 340 ${32 * bars}`);
    this.svg.classList.add("chart");
  }

  show(...bars) {
    const left = 84;
    const width = 178;
    this.svg.replaceChildren();
    bars.forEach(({ name, share, text, goal }, i) => {
      const y = 32 * i + 8;
      const bar = { x: left, y, height: 16 };
      const filled = (share * width).toFixed(1);
      this.svg.append(
        make("svg:text", { x: left - 8, y: y + 8, class: "name" }, name),
        make("svg:rect", { ...bar, width, class: "heap" }),
        make("svg:rect", { ...bar, width: filled, class: "heap taken" }),
        make("svg:text", { x: left + width + 39, y: y + 8 }, text),
      );
      const at = left + goal * width;
      if (goal)
        this.svg.append(make("svg:line", { x1: at, x2: at, y1: y - 5, y2: y + 21, class: "goal" }));
    });
  }
}
