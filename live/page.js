// Makes the cells of a page run: the first click on "Run this page" fetches this.
import { Bar } from "./bar.js";
import { keepInPlace } from "./button.js";
import { Cell } from "./cell.js";
import { Exercises } from "./exercises.js";
import { Python } from "./python.js";
import { Vectors } from "./vectors.js";

const FAILED = {
  fetch: "What runs this page could not be fetched. What came is kept.",
  stopped: "Stopped. What came is kept.",
  memory: "There is not enough memory to run this page, which reads on as before.",
};

async function json(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

// The file with the page's cells lies beside the page.
function addressOfCells() {
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  return new URL(`${DOCUMENTATION_OPTIONS.pagename}.cells.json`, root);
}

async function addStyle(base, live) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`${live.scripts}/page.css`, base);
  document.head.append(link);
  await new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = reject;
  });
}

class Page {
  #asked = 0; // how many lists of cells are running
  #isReady = false; // whether Python has started
  #pressed; // the cell that was asked for last
  #last; // a promise of the end of the last cell that was asked for

  constructor(base, parts, told) {
    this.bar = new Bar(
      () => this.stop(),
      () => this.#pressed?.focusButton(),
    );
    this.python = new Python(new URL(parts.pieces, base).href, parts, (said) =>
      this.bar.hear(said),
    );
    const reasons = new Map(
      parts.cannot
        .filter(({ page }) => page === DOCUMENTATION_OPTIONS.pagename)
        .map(({ starts, why }) => [starts, why]),
    );
    this.cells = told.map((one, i) => new Cell(one, i, told.length, this, reasons));
    for (const [i, cell] of this.cells.entries()) {
      const shown = this.cells.slice(i).find((other) => other.element);
      cell.inExercises = Boolean(shown?.element.closest("#exercises"));
    }
    this.exercises = new Exercises(this.cells);
    this.vectors = new Vectors(this.cells, this);
  }

  // End whatever runs, at once, and start Python anew; if Python was still coming, wait to be asked.
  async stop() {
    const wasReady = this.#isReady;
    this.python.stop();
    for (const cell of this.cells) cell.ran = false;
    if (wasReady) await this.again("Stopped. Python starts again…");
  }

  // Start Python, and offer to try again if it does not come; true if it came.
  async again(words = "Python is coming…") {
    this.python.stop();
    this.#isReady = false;
    this.bar.comes(words);
    try {
      await this.python.start();
      this.#isReady = true;
      this.bar.rests();
      return true;
    } catch ({ why }) {
      this.bar.offer(FAILED[why] ?? FAILED.fetch, "Try again", () => this.again());
      return false;
    }
  }

  // Cells above one that it may need: those of the exercises need none of the chapter.
  above(cell) {
    return this.cells
      .slice(0, cell.index)
      .filter((other) => other.inExercises === cell.inExercises && !other.stub && !other.why);
  }

  // Wait for Python to start; true if it has, and was not stopped meanwhile.
  async comes() {
    const { life } = this.python;
    return (await this.python.ready) && this.python.life === life;
  }

  // Have a cell that was edited run again before those below it are trusted, and these too.
  changed(cell) {
    for (const other of cell.stub ? [cell] : this.cells.slice(cell.index)) {
      other.ran = false;
      other.stale = true;
    }
  }

  // Run a cell when Python is there, and has done what was asked for before.
  run(cell) {
    const { life } = this.python;
    const before = this.#last;
    if (cell.busy) return;
    cell.busy = true;
    cell.say(this.#isReady ? "Waiting for its turn…" : "Python is starting…");
    this.#pressed = cell;
    this.#last = (async () => {
      await before?.catch(() => {});
      const comes = this.python.life === life && (await this.comes());
      if (comes) await this.#runInTurn(cell);
      else cell.say("Python did not start, or was stopped: run this cell again.");
      cell.busy = false;
    })();
  }

  // Run a cell, after those above it that have not run as they are.
  async #runInTurn(cell) {
    const { life } = this.python;
    const first = this.above(cell).filter((other) => !other.ran);
    const isAbove = await this.runAll(first, cell);
    if (this.python.life === life && !isAbove) {
      this.#blame(cell);
      return;
    }
    const well = isAbove && (await this.runAll([cell]));
    if (this.python.life !== life) {
      cell.say(
        "Stopped. What the cells had made is gone: when this one runs, those above go first.",
      );
      return;
    }
    const failed = cell.error ? "The cell ended with an error." : "The cell did not run.";
    cell.say(well ? "Done." : failed);
    if (cell.stub) this.exercises.checked(cell);
    cell.showResult();
  }

  // Say that a cell above failed, and lead to it.
  #blame(cell) {
    const failed = this.above(cell).find((other) => !other.ran);
    const show = () => failed.element?.scrollIntoView({ block: "center" });
    const words = "A cell above did not end well, so this one did not run.";
    if (failed.element) cell.offer(words, "Show it", show);
    else cell.say(words);
  }

  // Run cells, of which another may be waiting.
  async runAll(cells, waiting) {
    const { life } = this.python;
    let well = true;
    this.#asked += 1;
    for (const [i, cell] of cells.entries()) {
      const count = `${i + 1} of ${cells.length}`;
      waiting?.say("Running the cells above that this one needs:", count);
      this.bar.runs(
        waiting ? `Running cell ${count} that ${waiting.title} needs…` : `Running ${cell.title}…`,
      );
      well = (await cell.run(this.python)) || !cell.element; // what a hidden one lacks is not shown
      if (!well) break;
    }
    this.#asked -= 1;
    if (this.python.dead) await this.stop();
    else if (this.python.life === life && !this.#asked) this.bar.rests();
    return well;
  }
}

// The offer's place is kept, so that the page does not move.
function settle({ box, button, costs, words }, next, comes) {
  box.style.minHeight = `${box.offsetHeight}px`;
  button.remove();
  costs.remove();
  words.textContent = comes ? "Python is ready: edit and run any cell of this page. " : "";
  if (!comes || !next) return;
  const link = document.createElement("a");
  link.href = `#${next.element.id}`;
  link.textContent = "To the next cell";
  words.append(link);
}

export async function start(base, live, offers, clicked) {
  const above = clicked.box.previousElementSibling;
  const [parts, told] = await Promise.all([
    json(new URL(live.parts, base)),
    json(addressOfCells()),
  ]);
  await addStyle(base, live);
  const page = keepInPlace(above, () => new Page(base, parts, told));
  window.livePage = page; // for tests
  for (const { words } of offers) words.textContent = ""; // the bar goes on
  const comes = await page.again();
  const waits = clicked.box.contains(document.activeElement);
  const nextAfter = (box) =>
    page.cells.find(
      (cell) =>
        cell.editable &&
        !cell.element.querySelector("details:not([open])") &&
        box.compareDocumentPosition(cell.element) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
  for (const offer of offers) {
    if (offer !== clicked) offer.words.removeAttribute("role"); // a screen reader is told once
    settle(offer, nextAfter(offer.box), comes);
  }
  if (waits) nextAfter(clicked.box)?.focus();
}
