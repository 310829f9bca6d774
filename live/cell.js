// A cell of the page: its code to edit, its buttons, and its outputs.
import { button, keepInPlace } from "./button.js";
import { Editor } from "./editor.js";
import { Output } from "./output.js";

const SLOWER = 3; // how many times longer a cell takes in a browser than when the book is built
const LONG = 5; // seconds

export class Cell {
  #page;
  #editor;
  #words;

  constructor(told, index, count, page, reasons) {
    this.told = told;
    this.index = index;
    this.ran = false;
    this.stub = told.tags.includes("exercise-stub");
    this.why = reasons.get(told.source.split("\n")[0]);
    this.#page = page;
    this.element = document.getElementById(told.id);
    if (this.element) this.#show(index, count);
  }

  get code() {
    return this.#editor?.code ?? this.told.source;
  }

  set code(code) {
    this.#editor.code = code;
    this.#page.changed(this);
  }

  get edited() {
    return this.code !== this.told.source;
  }

  say(words) {
    delete this.element.dataset.verdict;
    this.#words.textContent = words;
  }

  // Show what a check said of an exercise: whether the answer is "right" or "wrong".
  judge(verdict, words) {
    this.say(words);
    this.element.dataset.verdict = verdict;
  }

  // Have the book's own lines and output back; the browser can take the lines back.
  reset() {
    this.#editor.replace(this.told.source);
    this.output.reset();
    this.say("");
  }

  // Call a function whenever the code is another.
  onEdit(act) {
    this.#editor.area.addEventListener("input", act);
  }

  get editable() {
    return Boolean(this.#editor);
  }

  focus() {
    this.#editor.area.focus();
  }

  // Run the cell; true if it ended well.
  async run(python) {
    const { output } = this;
    output?.begin(this.edited);
    if (this.#words) this.say("");
    this.stale = false;
    this.printed = "";
    const well = await python.run(this.code, (told) => {
      if (told.kind === "stdout") this.printed += told.text;
      output?.show(told);
    });
    this.ran = well && !this.stale; // it may have been edited meanwhile
    return well;
  }

  // Scroll as little as shows what came, to a reader who has not moved on.
  showResult() {
    const { top } = this.#words.getBoundingClientRect();
    if (top > 0 && top < innerHeight)
      this.element.lastElementChild.scrollIntoView({ block: "nearest" });
  }

  #show(index, count) {
    const input = this.element.querySelector(".cell_input");
    const label = `Code of cell ${index + 1} of ${count}`;
    const row = document.createElement("div");
    this.output = new Output(this.element);
    this.#words = document.createElement("span");
    this.#words.setAttribute("role", "status");
    row.className = "live-row";
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", `Cell ${index + 1} of ${count}`);
    if (this.why) {
      row.classList.add("live-cannot");
      this.say(`This cell does not run in the browser: ${this.why}`);
    } else if (input) {
      this.#editor = new Editor(input, this.told.source, label);
      this.onEdit(() => {
        this.#page.changed(this);
        if (this.element.dataset.verdict) this.say("");
      });
      this.#editor.area.addEventListener("keydown", (event) => this.#key(event));
      row.append(...this.#buttons(row));
      if (this.told.seconds * SLOWER >= LONG) this.say(this.#duration());
    } else return; // only an output, which changes when the cells around it run
    row.append(this.#words);
    const output = this.element.querySelector(":scope > .cell_output");
    if (output) output.before(row);
    else this.element.append(row);
  }

  // Whoever runs a folded cell sees its code.
  #buttons(row) {
    const fold = this.element.querySelector(":scope > details");
    const run = button(this.stub ? "Check" : "Run", () => {
      if (fold) keepInPlace(row, () => fold.setAttribute("open", ""));
      this.#page.run(this);
    });
    const reset = button("Reset", () => this.reset());
    if (this.stub) return [run, reset];
    const above = button("Run all above", () => this.#page.runAbove(this));
    return [run, above, reset];
  }

  #duration() {
    const seconds = this.told.seconds * SLOWER;
    const rounded = Math.max(5, Math.round(seconds / 5) * 5);
    return `Takes about ${rounded} seconds here.`;
  }

  #key(event) {
    if (event.key !== "Enter" || !(event.shiftKey || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.#page.run(this);
    if (event.shiftKey)
      this.#page.cells
        .slice(this.index + 1)
        .find((cell) => cell.editable)
        ?.focus();
  }
}
