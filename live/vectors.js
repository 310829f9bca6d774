// A reader's own vectors, audited in the page: nothing of them leaves the browser.
import { Output } from "./output.js";

const MOST_ROWS = 5000; // an audit of more takes minutes here
const MOST_BYTES = 128e6; // of a file that is handed over whole
const BLOCKS = 100; // from so many places of a longer file rows are taken
const PLACE = "tmp/vectors.npy";
const PROMPT =
  "Drop an .npy file with your vectors here, a row each, or choose one. It stays in your browser.";

const NOT_NPY = "This is no .npy file: numpy.save writes one.";
const NO_ROWS = "This file needs one row for each vector, and has something else.";

// What the beginning of an .npy file says: the words of its header, and where the numbers begin.
async function headerOf(file) {
  if (file.size < 12) throw new Error(NOT_NPY);
  const start = new DataView(await file.slice(0, 12).arrayBuffer());
  const name = [...new Uint8Array(start.buffer, 1, 5)].map((one) => String.fromCharCode(one));
  if (name.join("") !== "NUMPY") throw new Error(NOT_NPY);
  const long = start.getUint8(6) > 1;
  const begin = long ? 12 : 10;
  const end = begin + (long ? start.getUint32(8, true) : start.getUint16(8, true));
  return { words: await file.slice(begin, end).text(), end };
}

// The same header for another number of rows, as NumPy pads it.
function headerFor(words, rows) {
  const text = words.trimEnd().replace(/\((\d+),/, `(${rows},`);
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length);
  bytes.set([147, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 11)}\n`), 10);
  return bytes;
}

// A file with at most MOST_ROWS rows, taken from places all over the whole one.
export async function sampled(file) {
  const { words, end } = await headerOf(file);
  const shape = /'shape': \((\d+), \d+\)/.exec(words);
  if (!shape) throw new Error(NO_ROWS);
  const rows = Number(shape[1]);
  if (rows <= MOST_ROWS) {
    if (file.size > MOST_BYTES) throw new Error("These vectors are too long for a page.");
    return { content: await file.arrayBuffer(), rows, of: rows };
  }
  if (words.includes("'fortran_order': True")) {
    throw new Error("This file has its columns one after another. Save X.copy(order='C').");
  }
  const width = (file.size - end) / rows;
  const block = MOST_ROWS / BLOCKS;
  const parts = [headerFor(words, MOST_ROWS)];
  for (let i = 0; i < BLOCKS; i++) {
    const first = Math.floor((i * rows) / BLOCKS);
    parts.push(file.slice(end + first * width, end + (first + block) * width));
  }
  return { content: await new Blob(parts).arrayBuffer(), rows: MOST_ROWS, of: rows };
}

export class Vectors {
  #python;

  constructor(cells, page) {
    const place = cells.findLast((cell) => cell.element && /\baudit\(/.test(cell.told.source));
    if (!place) return;
    this.page = page;
    this.#python = page.python;
    this.element = document.createElement("div");
    this.words = document.createElement("p");
    const label = document.createElement("label");
    const field = document.createElement("input");
    Object.assign(field, { type: "file", accept: ".npy" });
    this.element.className = "live-vectors";
    this.words.setAttribute("role", "status");
    label.append(PROMPT, field);
    this.element.append(label, this.words);
    place.element.after(this.element);
    this.output = new Output(this.element);
    field.addEventListener("change", () => this.#audit(field.files[0]));
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#audit(event.dataTransfer.files[0]);
    });
  }

  async #audit(file) {
    if (!file) return;
    this.output.reset();
    try {
      const { content, rows, of } = await sampled(file);
      const count = rows === of ? `${of}` : `${rows} of ${of}`;
      this.words.textContent = `${file.name}: ${count} rows. This takes a minute or so.`;
      if (!(await this.page.comes())) {
        this.words.textContent = "Python did not start, or was stopped. Choose the file again.";
        return;
      }
      this.#python.put(PLACE, content);
      this.output.begin(false);
      this.page.bar.runs("Auditing your vectors…");
      const code = `__import__("session").audit_file("/${PLACE}")`;
      await this.#python.run(code, (told) => this.output.show(told));
      this.page.bar.rests();
      this.words.textContent = `${file.name}: ${count} rows.`;
    } catch (error) {
      this.words.textContent = error.message;
    }
  }
}
