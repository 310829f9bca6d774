// A cell of the page: its code to edit, its buttons, and its outputs.
import { button } from "./button.js";
import { Editor } from "./editor.js";
import { numberOf } from "./exercises.js";
import { Output } from "./output.js";

const SLOWER = 3; // how many times longer a cell takes in a browser than when the book is built
const LONG = 5; // seconds

export class Cell {
  #page;
  #editor;
  #words; // what a screen reader is told too
  #beside; // how far it is, or a way on
  #run;
  #shown; // the code whose output is shown

  constructor(told, index, count, page, reasons) {
    this.told = told;
    this.#shown = told.source;
    this.index = index;
    this.name = `cell ${index + 1} of ${count}`;
    this.ran = false;
    this.stub = told.tags.includes("exercise-stub");
    this.title = this.stub ? `Exercise ${numberOf(this)}` : `cell ${index + 1}`;
    this.why = reasons.get(told.source.split("\n")[0]);
    this.#page = page;
    this.element = document.getElementById(told.id);
    if (this.element) this.#show();
  }

  get code() {
    return this.#editor?.code ?? this.told.source;
  }

  set code(code) {
    this.#editor.code = code;
    this.#changed();
  }

  get edited() {
    return this.code !== this.told.source;
  }

  // A cell that was asked to run is busy until it has, and is not asked again.
  get busy() {
    return this.#run.getAttribute("aria-disabled") === "true";
  }

  set busy(busy) {
    this.#run.setAttribute("aria-disabled", busy);
  }

  // Say something to all readers, and beside it how far that is to those who see it.
  say(words, count = "") {
    delete this.element.dataset.verdict;
    if (this.#words.textContent !== words) this.#words.textContent = words;
    this.#beside.textContent = count;
  }

  // Say something, and offer a way on.
  offer(words, name, act) {
    this.say(words);
    this.#beside.append(button(name, act));
  }

  // Show what a check said of an exercise: whether the answer is "right" or "wrong", and why.
  judge(verdict, words, why = "") {
    const first = document.createElement("strong");
    first.textContent = words;
    // a hint marks code as Markdown does
    const parts = why.split(/`([^`]+)`/).map((part, i) => {
      if (i % 2 === 0) return part;
      const code = document.createElement("code");
      code.textContent = part;
      return code;
    });
    this.#words.replaceChildren(first, ...parts);
    this.#beside.textContent = "";
    this.element.dataset.verdict = verdict;
  }

  // Have the book's own lines and output back; the browser can take the lines back.
  reset() {
    this.#shown = this.told.source;
    this.#editor.replace(this.told.source);
    this.output.reset();
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

  focusButton() {
    this.#run.focus({ preventScroll: true });
  }

  // Run the cell; true if it ended well.
  async run(python) {
    const { output } = this;
    output?.begin(this.edited);
    if (this.#editor) this.say(this.busy ? `Running… ${this.#duration()}` : "");
    this.stale = false;
    this.printed = "";
    this.error = "";
    this.#shown = this.code;
    this.#mark();
    const hear = (told) => {
      if (told.kind === "stdout") this.printed += told.text;
      if (told.kind === "error") this.error = told.text;
      output?.show(told);
    };
    const well = await python.run(this.code, hear, `<${this.name}>`);
    this.ran = well && !this.stale; // it may have been edited meanwhile
    return well;
  }

  // Scroll as little as shows what came, to a reader who has not moved on.
  showResult() {
    const { top } = this.#words.getBoundingClientRect();
    if (top <= 0 || top >= innerHeight) return;
    for (const part of [this.#words.parentElement, this.element.lastElementChild])
      part.scrollIntoView({ block: "nearest" });
  }

  #changed() {
    this.#page.changed(this);
    this.#mark();
    this.#rest();
  }

  // Of a cell that nobody waits for, say how long it takes.
  #rest() {
    if (!this.busy) this.say(this.#duration());
  }

  // Mark an output that is of other code than what stands above it.
  #mark() {
    this.element?.classList.toggle("live-old", this.code !== this.#shown);
  }

  #show() {
    const input = this.element.querySelector(".cell_input");
    const row = document.createElement("div");
    this.output = new Output(this.element);
    this.#words = document.createElement("span");
    this.#words.setAttribute("role", "status");
    this.#beside = document.createElement("span");
    row.className = "live-row";
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", this.name.replace("cell", "Cell"));
    if (this.why) {
      row.classList.add("live-cannot");
      this.say(`This cell does not run in the browser: ${this.why}`);
    } else if (input) {
      this.#editor = new Editor(input, this.told.source, `Code of ${this.name}`);
      row.append(...this.#buttons());
      this.onEdit(() => this.#changed());
      this.#editor.area.addEventListener("keydown", (event) => this.#key(event));
      this.#rest();
    } else return; // only an output, which changes when the cells around it run
    row.append(this.#words, this.#beside);
    const output = this.element.querySelector(":scope > :is(.table-caption, .cell_output)");
    if (output) output.before(row);
    else this.element.append(row);
  }

  #buttons() {
    this.#run = button(this.stub ? "Check" : "Run", () => this.#page.run(this));
    return [this.#run, button("Reset", () => this.reset())];
  }

  #duration() {
    const seconds = this.told.seconds * SLOWER;
    if (seconds < LONG) return "";
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
