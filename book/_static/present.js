// Presentation mode of every page, and of a plan's sections across pages: one section at a time,
// outputs on a second key.
//
// The address has the whole state: `?present` is the page, `?present=lsh/the-code,buckets` a
// sequence of sections (a page without a section is what stands above its first), and `&at=1` the
// place in it; `&from=teaching/one-lecture` is where its end leads. It works from a file and without
// a network. The page fetches it for such addresses.
const present = () => {
  const given = new URLSearchParams(location.search);
  const whole = document.querySelector("article.bd-article > section");
  const here = location.pathname
    .split("/")
    .pop()
    .replace(/\.html$/, "");
  // what waits for the second key: outputs but those that are figures to play with, answers to what
  // was to be predicted, solutions, answers
  const WAITS =
    ".cell_output:not(details *, :has(.l2h)), details:has(.guessed, .tag_solution), fieldset.selftest";
  const CONTROLS = "input, select, textarea, [role=slider], [tabindex='0']";
  const PRESSED = "a, button, summary";
  if (!whole) return;

  const sections = [...whole.querySelectorAll(":scope > section")];
  const opening = [...whole.children].filter((child) => child.tagName !== "SECTION");
  const named = given.get("present");
  const own = [here, ...sections.map(({ id }) => `${here}/${id}`)];
  const sequence = named ? named.split(",") : own;
  const [, from, section] = /^([\w-]+)\/([\w-]+)$/.exec(given.get("from") ?? "") ?? [];
  const query = (named ? `present=${named}` : "present") + (from ? `&from=${from}/${section}` : "");
  let at = Number(given.get("at")) || 0;
  let shown = 0;
  let window_ = null;

  const make = (name, attributes, ...children) => {
    const element = Object.assign(document.createElement(name), attributes);
    element.append(...children);
    return element;
  };

  const place = make("span", { role: "status" });
  const button = (label, act) => {
    const made = make("button", { type: "button", textContent: label });
    made.addEventListener("click", () => {
      act();
      made.blur();
    }); // so that Space shows what comes next
    return made;
  };
  const back = button("← Back", () => go(at - 1));
  const next = button("Next →", () => go(at + 1));
  const show = button("", () => reveal());
  const leave = button("Leave (Esc)", () => end());
  const notes = button("Notes in a window", () => speak(true));
  const bar = make(
    "nav",
    { id: "l2h-presenting", ariaLabel: "Presentation" },
    back,
    show,
    next,
    place,
    notes,
    leave,
  );

  // The blocks of a section in order: those after what still waits are not shown, for they tell it
  const blocks = () => (sequence[at] === here ? opening : [...(current()?.children ?? [])]);
  const title = (element) => element.querySelector("h1, h2").textContent.replace(/#$/, "");
  const current = () => sections.find(({ id }) => sequence[at] === `${here}/${id}`);

  function update() {
    let waiting = 0;
    for (const block of blocks()) {
      block.classList.toggle("l2h-later", waiting > shown);
      for (const one of block.matches(WAITS) ? [block] : block.querySelectorAll(WAITS)) {
        waiting += 1;
        const open = waiting <= shown;
        if (one.matches("details")) one.open = open;
        else if (!one.matches("fieldset")) one.classList.toggle("l2h-later", !open);
        else if (open) one.querySelector(".selftest-right > input").checked = true;
        if (waiting === shown) newest = one;
      }
    }
    show.textContent =
      waiting > shown ? `Show (Space): ${waiting - shown} to come` : "All is shown";
    show.ariaDisabled = waiting <= shown;
    window.dispatchEvent(new Event("resize")); // what scrolls now can be reached by keyboard
    return waiting;
  }
  let newest = null;

  function reveal() {
    if (scrolled(1)) return;
    shown += 1;
    if (update() < shown) shown -= 1;
    else newest.scrollIntoView({ block: "center" });
  }

  function go(to) {
    if (to < 0 || to >= sequence.length) return;
    const [page] = sequence[to].split("/");
    if (page !== here) {
      location.href = new URL(`${page}.html?${query}&at=${to}`, location.href);
      return;
    }
    at = to;
    shown = 0;
    for (const child of whole.children)
      child.classList.toggle("l2h-shown", child === current() || blocks().includes(child));
    update();
    place.textContent = `${at + 1} of ${sequence.length}: ${title(whole)}`;
    back.ariaDisabled = at === 0;
    next.ariaDisabled = at === sequence.length - 1;
    notes.hidden = !heard().length;
    history.replaceState(
      null,
      "",
      `?${query}&at=${at}${location.hash.includes("=") ? location.hash : ""}`,
    );
    const heading = (current() ?? whole).querySelector("h1, h2");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
    speak(false);
  }

  // A teacher's own page has notes, which go to a second window
  const heard = () => blocks().filter((block) => block.matches(".l2h-notes"));
  function speak(open) {
    if (open && (!window_ || window_.closed)) window_ = window.open("", "", "width=640,height=480");
    if (!window_ || window_.closed) return;
    window_.document.title = "Notes";
    window_.document.body.style.font = "1.4rem/1.5 sans-serif";
    window_.document.body.replaceChildren(
      make("h1", { textContent: title(current() ?? whole) }),
      ...heard().map((note) => window_.document.importNode(note, true)),
    );
  }

  function end() {
    const id = section ?? current()?.id;
    location.href = `${from ?? here}.html${id ? `#${id}` : ""}`;
  }

  function scrolled(way) {
    // what is longer than the screen is read first
    const page = document.documentElement;
    const left = way < 0 ? page.scrollTop : page.scrollHeight - page.scrollTop - page.clientHeight;
    if (left > 4) window.scrollBy(0, way * 0.8 * page.clientHeight);
    return left > 4;
  }

  function turn(way) {
    // all that a presenter's remote control sends
    if (scrolled(way)) return;
    if (way > 0 && update() > shown) reveal();
    else go(at + way);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]"))
      return;
    const act =
      { PageDown: () => turn(1), PageUp: () => turn(-1), Escape: end }[event.key] ??
      (event.target.matches(CONTROLS)
        ? null
        : { ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1) }[event.key]) ??
      (event.target.matches(`${CONTROLS}, ${PRESSED}`) ? null : { " ": reveal }[event.key]);
    if (!act) return;
    event.preventDefault();
    act();
  });
  window.addEventListener("pagehide", () => window_?.close());

  document.documentElement.classList.add("l2h-present");
  document.body.append(bar);
  go(Math.min(at, sequence.length - 1));
};
// after what other scripts do to a page that has come
if (document.readyState === "loading") window.addEventListener("DOMContentLoaded", present);
else present();
