// Makes the cells of a page run: the first click on "Run this page" fetches this.
import { Bar } from "./bar.js";
import { keepInPlace } from "./button.js";
import { Cell } from "./cell.js";
import { Exercises } from "./exercises.js";
import { Python } from "./python.js";
import { Vectors } from "./vectors.js";

const FAILED = {
  fetch: "What runs this page could not be fetched. What came is kept.",
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
  #last; // a promise of the end of the last cell that was asked for

  constructor(base, parts, told) {
    this.bar = new Bar(() => this.stop());
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

  async begin() {
    this.bar.say("Python is coming.");
    await this.python.start();
    this.bar.say("Python is ready. Click into a cell, edit it, and press Run below it.");
  }

  // End whatever runs, at once, and start Python anew.
  async stop() {
    this.python.stop();
    for (const cell of this.cells) cell.ran = false;
    this.bar.say("Stopped. What the cells had made is gone. Python starts again.");
    await this.again();
  }

  async again() {
    this.python.stop();
    try {
      await this.python.start();
      this.bar.say(
        "Python is ready again, and knows no names yet: run a cell, and those above it run first.",
      );
    } catch (error) {
      if (error.why === "stopped") return;
      this.bar.offer(FAILED[error.why] ?? FAILED.fetch, "Try again", () => this.again());
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

  run(cell) {
    this.#inTurn(cell, () => this.#runInTurn(cell));
  }

  runAbove(cell) {
    this.#inTurn(cell, () => this.runAll(this.above(cell)));
  }

  // Do something for a cell when Python is there, and has done what was asked for before.
  #inTurn(cell, act) {
    const { life } = this.python;
    const before = this.#last;
    cell.say("This cell waits for Python.");
    this.#last = (async () => {
      await before?.catch(() => {});
      const comes = this.python.life === life && (await this.comes());
      cell.say(comes ? "" : "Python did not start, or was stopped: run this cell again.");
      if (comes) await act();
    })();
  }

  // Run a cell, after those above it that have not run as they are.
  async #runInTurn(cell) {
    const { life } = this.python;
    const first = this.above(cell).filter((other) => !other.ran);
    if (first.length) cell.say(`The cells above that have not run go first: ${first.length}.`);
    const well = await this.runAll(first);
    if (this.python.life !== life) return; // it was stopped
    if (!well) {
      this.#blame(cell);
      return;
    }
    await this.runAll([cell]);
    if (cell.stub) this.exercises.checked(cell);
    cell.showResult();
  }

  // Say that a cell above failed, and lead to it.
  #blame(cell) {
    const failed = this.above(cell).find((other) => !other.ran);
    const show = () => failed.element?.scrollIntoView({ block: "center" });
    cell.say("A cell above did not end well, so this one did not run.");
    this.bar.offer("A cell above did not end well.", "Show it", show);
  }

  async runAll(cells) {
    const { life } = this.python;
    let well = true;
    this.#asked += 1;
    for (const [i, cell] of cells.entries()) {
      this.bar.runs(i + 1, cells.length);
      well = (await cell.run(this.python)) || !cell.element; // what a hidden one lacks is not shown
      if (!well) break;
    }
    this.#asked -= 1;
    if (this.python.dead) await this.stop();
    else if (this.python.life === life && !this.#asked) this.bar.rests(well);
    return well;
  }
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
  try {
    await page.begin();
  } catch (error) {
    page.bar.offer(FAILED[error.why] ?? FAILED.fetch, "Try again", () => page.again());
  }
  const waits = clicked.box.contains(document.activeElement);
  const next = page.cells.find(
    (cell) =>
      cell.editable &&
      clicked.box.compareDocumentPosition(cell.element) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  keepInPlace(above, () => {
    for (const { box } of offers) box.remove();
  });
  if (waits) next?.focus();
}
