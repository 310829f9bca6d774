// The bar at the foot of the window: what Python does, and how to stop it.
import { button } from "./button.js";

const MEGABYTE = 1e6;

export class Bar {
  #total = 0;
  #moves;

  constructor(stop) {
    this.element = document.createElement("div");
    this.progress = document.createElement("progress");
    this.words = document.createElement("span");
    this.bytes = document.createElement("span");
    this.stop = button("Stop", stop);
    this.#moves = document.createElement("span");
    this.element.className = "live-bar";
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", "Python in this page");
    this.words.setAttribute("role", "status");
    this.progress.setAttribute("aria-label", "What has come");
    this.progress.hidden = true;
    this.stop.disabled = true;
    this.element.append(this.progress, this.bytes, this.words, this.#moves, this.stop);
    document.body.append(this.element);
  }

  say(words) {
    this.words.textContent = words;
    this.#moves.replaceChildren();
  }

  // Say something, and offer a way on.
  offer(words, name, act) {
    this.say(words);
    this.#arrived();
    this.#moves.append(button(name, act));
  }

  hear(told) {
    if (told.kind === "total") this.#total = told.total;
    if (told.kind === "progress") this.#move(told.done);
    if (told.kind === "loaded") this.#arrived();
  }

  runs(number, count) {
    this.#arrived();
    this.stop.disabled = false;
    this.say(count > 1 ? `Cell ${number} of ${count} is running.` : "A cell is running.");
  }

  rests(well) {
    this.stop.disabled = true;
    this.say(well ? "Done. Python is ready." : "The cell ended with an error. Python is ready.");
  }

  #move(done) {
    this.progress.hidden = done >= this.#total;
    this.progress.max = this.#total;
    this.progress.value = done;
    const whole = Math.round(this.#total / MEGABYTE);
    this.bytes.textContent = this.progress.hidden
      ? ""
      : `${Math.floor(done / MEGABYTE)} of ${whole} MB`;
  }

  #arrived() {
    this.progress.hidden = true;
    this.bytes.textContent = "";
  }
}
