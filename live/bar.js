// The bar at the foot of the window, while Python comes or works, or when it did not come: what it
// does, and how to stop it. How a cell ended is said at the cell.
import { button } from "./button.js";

const MEGABYTE = 1e6;

export class Bar {
  #total = 0;
  #moves;
  #leave;

  // `leave` is called when what has the focus in the bar goes.
  constructor(stop, leave) {
    this.element = document.createElement("div");
    this.progress = document.createElement("progress");
    this.words = document.createElement("span");
    this.bytes = document.createElement("span");
    this.run = document.createElement("span");
    this.stop = button("Stop", stop);
    this.#leave = leave;
    this.#moves = document.createElement("span");
    this.element.className = "live-bar";
    this.element.hidden = true;
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", "Python in this page");
    this.words.setAttribute("role", "status");
    this.progress.setAttribute("aria-label", "What has come");
    this.#arrived();
    this.element.append(this.progress, this.bytes, this.words, this.run, this.#moves, this.stop);
    document.body.append(this.element);
  }

  // Python is being fetched, and then starts.
  comes(words) {
    this.#giveBack();
    this.#show(words, "");
    this.stop.hidden = false;
  }

  // Say something, and offer a way on.
  offer(words, name, act) {
    this.#show(words, "");
    this.#arrived();
    this.#moves.append(button(name, act));
  }

  hear(told) {
    if (told.kind === "total") this.#total = told.total;
    if (told.kind === "progress") this.#move(told.done);
    if (told.kind === "loaded") this.#arrived();
  }

  // Code runs, and can be stopped. The cell tells a screen reader so: the bar does not repeat it.
  runs(words) {
    this.#arrived();
    this.#show("", words);
  }

  rests() {
    this.#giveBack();
    this.element.hidden = true;
  }

  #giveBack() {
    if (this.element.contains(document.activeElement)) this.#leave();
  }

  #show(words, run) {
    this.words.textContent = words;
    this.run.textContent = run;
    this.stop.hidden = !run;
    this.element.hidden = false;
    this.#moves.replaceChildren();
  }

  #move(done) {
    if (done >= this.#total) {
      this.#arrived();
      if (!this.run.textContent) this.words.textContent = "Python is starting…";
      return;
    }
    this.progress.hidden = false;
    this.progress.max = this.#total;
    this.progress.value = done;
    const whole = Math.round(this.#total / MEGABYTE);
    this.bytes.textContent = `${Math.floor(done / MEGABYTE)} of ${whole} MB`;
  }

  #arrived() {
    this.progress.hidden = true;
    this.bytes.textContent = "";
  }
}
