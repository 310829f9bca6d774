// The page's side of Python: one worker, one queue.

const LOST = "What this cell reads could not be fetched. Are you online? Run it again.";

export class Python {
  #base;
  #parts;
  #hear;
  #worker;
  #module;
  #loaded;
  #outputs = new Map();
  #runs = 0;
  #queue = Promise.resolve();
  life = 0; // how often Python was started
  ready = Promise.resolve(false); // whether it has started, once that is known

  // `hear` is told of progress and of the worker's end.
  constructor(base, parts, hear) {
    this.#base = base;
    this.#parts = parts;
    this.#hear = hear;
  }

  // Fetch Python unless that was done before, and start it.
  async start() {
    this.life += 1;
    this.dead = false;
    this.#loaded = new Set();
    this.#queue = Promise.resolve();
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#answer(data);
    const first = ["python", "library", "package"].slice(this.#module ? 1 : 0);
    this.#hear({ kind: "total", total: this.#bytes(first) });
    const started = this.#asked("ready", {
      kind: "start",
      parts: this.#parts,
      base: this.#base,
      module: this.#module,
    });
    this.ready = started.then(
      () => true,
      () => false,
    );
    await started;
  }

  // End Python at once; what cells made is gone, and the compiled program is kept.
  stop() {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const output of this.#outputs.values()) output({ kind: "stopped" });
    this.#outputs.clear();
  }

  // Run code after what was asked before, and give each output to a function; true if all is well.
  // Errors give its name.
  run(code, output, name = "<this page>") {
    const life = this.life;
    const turn = this.#queue.then(() =>
      life === this.life ? this.#run(code, output, name) : false,
    );
    this.#queue = turn.catch(() => {});
    return turn;
  }

  // Put a file where Python's code can read it.
  put(path, content) {
    this.#worker.postMessage({ kind: "file", path, content }, [content]);
  }

  async #run(code, output, name) {
    try {
      await this.#load(code);
    } catch ({ why }) {
      if (why !== "stopped") output({ kind: "lost", text: LOST });
      output({ kind: why === "stopped" ? "stopped" : "done" });
      return false;
    }
    this.#runs += 1;
    const id = this.#runs;
    return new Promise((resolve) => {
      this.#outputs.set(id, (told) => {
        output(told);
        this.dead = told.kind === "dead";
        if (["done", "dead", "stopped"].includes(told.kind)) {
          this.#outputs.delete(id);
          resolve(told.kind === "done" && told.ok);
        }
      });
      this.#worker.postMessage({ kind: "run", id, code, name });
    });
  }

  // Fetch what code reads, if it was not fetched yet.
  async #load(code) {
    const names = Object.entries(this.#parts.files)
      .filter(([name, file]) => file.when && !this.#loaded.has(name))
      .filter(([, file]) => new RegExp(file.when).test(code))
      .map(([name]) => name);
    if (!names.length) return;
    this.#hear({ kind: "total", total: this.#bytes(names) });
    await this.#asked("loaded", { kind: "load", names });
    for (const name of names) this.#loaded.add(name);
    this.#hear({ kind: "loaded" });
  }

  #bytes(names) {
    const sizes = names.flatMap((name) => this.#parts.files[name].sizes);
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  // Send a message, and wait for its answer.
  #asked(kind, message) {
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(Object.assign(new Error(why.text), { why: why.why }));
      this.#worker.onerror = () => fail({ why: "fetch", text: "the worker did not start" });
      this.#outputs.set(0, (told) => {
        if (told.kind === kind) resolve();
        else if (told.kind === "failed") fail(told);
        else if (told.kind === "stopped") fail({ why: "stopped", text: "stopped" });
        else return;
        this.#outputs.delete(0);
      });
      this.#worker.postMessage(message);
    });
  }

  #answer(told) {
    if (told.kind === "module") this.#module = told.module;
    else if (told.kind === "progress") this.#hear(told);
    else this.#outputs.get(told.id ?? 0)?.(told);
  }
}
