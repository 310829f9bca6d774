// A figure in a chapter: what sets its state, a drawing, and a sentence that says the state in
// words. `brief` says the result in a line.
//
// A control is a slider {key, label, least, most, step, text}, a slider over a list {key, label,
// values}, a choice {key, label, choices} or a button {label, act, spent}, whose `act` gives what
// changes and whose `spent` says when there is nothing left to do. A slider may be `spent` too: it
// then changes nothing, and its `text`, which has the state as well, says why. A slider's `most`
// may be a function of the state, in which a list's value is its index. The range then stands beside
// the slider's name. A button's `label` may be a function: one button plays and pauses. What has no
// label is set in the drawing. What has a `place` stands there. The buttons, or else the first
// slider, are what is moved most: on a phone they stay on the screen, with the result in a line.
// The address bar keeps all that has a key as a reader sees it, so that a link in the prose sets
// it, and what `more` gives. `paper` gives what is set for printing, since on paper nobody can press.
// In a sentence, codes stand between backticks.

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
    brief,
    more = () => ({}),
    paper,
  },
) {
  const root = part(name);
  const state = { ...start };
  const asked = { ...start };
  const kept = controls.filter(({ key }) => key);
  const said = make("span");
  const status = make("p", { class: "status" }, said);
  const result = make("p", { class: "brief", "aria-hidden": "true" }); // the status says more
  const aloud = make("p", { class: "unseen", role: "status" });
  const say = announcer(aloud);
  const made = new Map();
  const buttons = new Map();

  function show() {
    draw(state);
    for (const [control, { input, output, range }] of made) {
      if (control.most) input.max = limitOf(control, state);
      range.textContent = rangeOf(control, state);
      input.value = state[control.key];
      const value = seenOf(control, state[control.key]);
      const text = control.text?.(value, state) ?? String(value);
      if (output) output.textContent = text;
      if (output) input.setAttribute("aria-valuetext", text);
      if (control.spent) input.setAttribute("aria-disabled", control.spent(state));
    }
    for (const [button, { label, spent }] of buttons) {
      button.textContent = label instanceof Function ? label() : label;
      if (spent) button.setAttribute("aria-disabled", spent(state));
    }
    said.replaceChildren(...withCodes(sentence(state)));
    result.textContent = brief?.(state) ?? "";
    say(said.textContent);
  }

  const values = () => ({
    ...Object.fromEntries(
      kept.map((control) => [control.key, seenOf(control, state[control.key])]),
    ),
    ...more(state),
  });

  // A control that the others limit comes back to what was asked of it as soon as they allow
  function assign(changes) {
    Object.assign(asked, changes);
    Object.assign(state, changes);
    for (const control of kept.filter(({ most }) => most instanceof Function))
      state[control.key] = Math.min(asked[control.key], limitOf(control, state));
    show();
  }

  function set(changes) {
    assign(changes);
    if (kept.length) address.write(name, values());
  }

  function fromAddress() {
    const given = address.read(name);
    const changes = {};
    for (const control of kept) {
      const { key, least = 0, most, step } = control;
      const text = given.get(key);
      const value = listOf(control)?.map(String).indexOf(text) ?? Number(text || NaN);
      const limit = most instanceof Function ? Infinity : limitOf(control);
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

  function setOnPaper() {
    const before = { ...state };
    assign(paper(state));
    window.addEventListener("afterprint", () => assign(before), { once: true });
  }

  function element(control) {
    const { key, label, least, step, choices, act, spent } = control;
    if (act) {
      const button = make("button", { type: "button" });
      button.addEventListener("click", () => {
        if (!spent?.(state)) set(act(state));
      });
      buttons.set(button, control);
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
    input.addEventListener("input", () => {
      set(spent?.(state) ? {} : { [key]: Number(input.value) });
    });
    const range = make("span");
    made.set(control, { input, output, range });
    const places = placesOf(control, state);
    const ticked = !choices && places.length <= MOST_TICKS;
    return make(
      "label",
      {},
      make("span", { class: control.place ? "unseen" : null }, label, range),
      input,
      ...(output ? [output] : []),
      ...(ticked ? [ticksOf(input, `${name}-${key}`, places)] : []),
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
  const unseen = (text) =>
    make("span", { class: "room", "aria-hidden": "true" }, ...withCodes(text));

  const again = { label: "Start again", act: () => ({ ...start }) };
  const here = controls.filter(({ label, place }) => label && !place);
  const row = (name, ...buttons) => make("div", { class: `set ${name}` }, ...buttons);
  const acts = here.filter(({ act }) => act);
  const sliders = here.filter(({ act, choices }) => !act && !choices).map(element);
  const docked = acts.length ? row("acts", ...acts.map(element)) : sliders.shift();
  const choices = here.filter(({ choices }) => choices).map(element);
  if (choices.length) sliders.push(make("div", { class: "choices" }, ...choices));
  const hand = make(
    "div",
    { class: "set controls" },
    make("div", { class: "dock" }, result, docked),
    ...(sliders.length ? [make("div", { class: "sliders" }, ...sliders)] : []),
    row("ends", element(again), ...(kept.length ? [linkCopier(name, values)] : [])),
  );
  for (const control of controls) control.place?.prepend(element(control));
  root.append(
    make("div", { class: "board" }, drawing, make("div", {}, hand, status, aloud, ...beside)),
    ...below,
  );
  root.parentElement.querySelector(".still")?.remove();
  root.hidden = false;
  if (status.checkVisibility()) status.append(...longest().map(unseen));
  leadOnArrival(name, fromAddress);
  rememberWhenLeft();
  fromAddress();
  if (paper) window.addEventListener("beforeprint", setOnPaper);
  return set;
}

// With more positions than these a slider has no ticks
const MOST_TICKS = 9;

// What a control is set to, as the reader sees it
const listOf = ({ choices, values }) => choices ?? values;
const seenOf = (control, value) => listOf(control)?.[value] ?? value;

// The most that a control can be set to, which may follow from the others
const limitOf = (control, state) =>
  control.most instanceof Function
    ? control.most(state)
    : (control.most ?? listOf(control).length - 1);

const rangeOf = ({ least, most }, state) =>
  most instanceof Function ? `, ${least} to ${most(state)}` : "";

// A tick of an axis, without zeros at its end
const short = (tick) => String(Number(tick.toFixed(4)));

const withCodes = (text) =>
  text.split("`").map((piece, i) => (i % 2 ? make("span", { class: "of-code" }, piece) : piece));

// All values of a control
function placesOf(control, state) {
  const { least = 0, step = 1 } = control;
  const n = 1 + Math.round((limitOf(control, state) - least) / step);
  return Array.from({ length: n }, (_, i) => least + step * i);
}

// Marks the places that a slider can stop at
function ticksOf(input, id, places) {
  input.setAttribute("list", id);
  return make("datalist", { id }, ...places.map((value) => make("option", { value })));
}

// All if they are few, else some from end to end
function someOf(control, state) {
  const all = placesOf(control, state);
  if (all.length <= 21) return all;
  return [0, 1, 2, 3, 4].map((i) => all[Math.round((i * (all.length - 1)) / 4)]);
}
