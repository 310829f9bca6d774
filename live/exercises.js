// Exercises: what a reader answered is kept, can be downloaded, and comes before the solution.
import { button } from "./button.js";

const { keep, kept } = window.bookStore;
const NUMBER = /exercises\.check\("([\d.]+)"/;
const HOLDS = /^Exercise [\d.]+: (holds.*)\n/m;
const NOT_YET = /^Exercise [\d.]+: (?:not yet|to do)\. (.*)\n/m;
const UNREADABLE = /line (\d+)\n[\s\S]*^(?:Syntax|Indentation|Tab)Error: (.*)/m;
const LACKS = /NameError: name '(\w+)' is not defined/;
const FIRST = "Try it first, and check your answer. To see the solution now, open it once more.";

export const numberOf = (cell) => NUMBER.exec(cell.told.source)[1];

// A notebook with the cells of the page, as graders read it.
export function notebookOf(title, cells) {
  const lines = (code) => code.split(/(?<=\n)/);
  const text = (id, source) => ({ cell_type: "markdown", id, metadata: {}, source: lines(source) });
  const guide = new URL("../../book/how-to-use.html", import.meta.url);
  const how = `My answers, with the cells of the page that they may need. To run them, install the package: [How to use this book](${guide}) says how.`;
  const written = [text("title", `# ${title}\n\n${how}`)];
  for (const [i, cell] of cells.entries()) {
    if (cell.inExercises && !cells[i - 1]?.inExercises)
      written.push(text("exercises", "## Exercises"));
    if (cell.stub) {
      const right = kept("passed", numberOf(cell)) ? " (✓ right, said the page)" : "";
      written.push(text(`${cell.told.id}-title`, `### Exercise ${numberOf(cell)}${right}`));
    }
    written.push({
      cell_type: "code",
      id: cell.told.id,
      metadata: {},
      execution_count: null,
      outputs: [],
      source: lines(cell.code),
    });
  }
  const kernelspec = { display_name: "Python 3", language: "python", name: "python3" };
  const metadata = { kernelspec, language_info: { name: "python" } };
  return JSON.stringify({ cells: written, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1);
}

function download(name, words) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([words], { type: "application/x-ipynb+json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export class Exercises {
  #cells;
  #numbers = new Map();

  constructor(cells) {
    this.#cells = cells;
    const heading = document.querySelector("#exercises > h2");
    for (const cell of cells.filter((one) => one.stub)) this.#begin(cell);
    if (heading) heading.after(this.#row());
  }

  // Note what a check said.
  checked(cell) {
    const number = this.#numbers.get(cell);
    if (cell.edited) keep("tried", number, true);
    if (HOLDS.test(cell.printed)) {
      const [line, why] = HOLDS.exec(cell.printed);
      keep("passed", number, true);
      cell.output.drop(line);
      cell.judge("right", "✓ Right. ", `It ${why}`);
    } else if (cell.ran && NOT_YET.test(cell.printed)) {
      const [line, why] = NOT_YET.exec(cell.printed);
      cell.output.drop(line);
      cell.judge("wrong", "✗ Not yet. ", why + this.#lacks(why));
    } else if (UNREADABLE.test(cell.error)) {
      const [, number, why] = UNREADABLE.exec(cell.error);
      cell.output.dropError();
      cell.judge("wrong", `✗ Python cannot read line ${number}: `, `${why}.`);
    } else if (cell.error) cell.judge("wrong", "✗ Not yet. ", "Your code ended with an error.");
    else if (cell.ran && !NUMBER.test(cell.code))
      cell.say("The line that checks the answer is missing: write it again, or press Reset.");
  }

  // Where a name comes from that an answer lacks, if a cell of the chapter has it.
  #lacks(why) {
    const name = LACKS.exec(why)?.[1];
    const has = (cell) => !cell.inExercises && new RegExp(`\\b${name}\\b`).test(cell.code);
    if (!name || !this.#cells.some(has)) return "";
    return ` A cell of the chapter has \`${name}\`: run that cell, and then check again.`;
  }

  #begin(cell) {
    const number = numberOf(cell);
    const answer = kept("answers", number);
    this.#numbers.set(cell, number);
    if (answer) cell.code = answer;
    if (kept("passed", number)) cell.judge("right", "✓ Your answer was right.");
    cell.onEdit(() => keep("answers", number, cell.edited ? cell.code : undefined));
    this.#guard(number);
  }

  // A solution opens after an honest try, or when it is asked for a second time.
  #guard(number) {
    const titles = [...document.querySelectorAll("#exercises summary")];
    const summary = titles.find((one) => one.textContent.trim() === `Solution ${number}`);
    const words = document.createElement("span");
    let asked = false;
    words.setAttribute("role", "status");
    words.className = "live-first";
    summary?.parentElement.before(words);
    summary?.addEventListener("click", (event) => {
      if (!asked && !kept("tried", number) && !summary.parentElement.open) {
        event.preventDefault();
        words.textContent = FIRST;
      } else words.textContent = "";
      asked = true;
    });
  }

  #row() {
    const row = document.createElement("div");
    const words = document.createElement("span");
    const link = document.createElement("a");
    row.className = "live-row";
    link.href = new URL("../../index.html", import.meta.url);
    link.textContent = "the first page";
    words.setAttribute("role", "status");
    words.append(
      "Your answers are kept in this browser, and nowhere else. On ",
      link,
      " you can delete them.",
    );
    row.append(
      button("Download my answers", () => {
        words.textContent = `Saved as ${this.#download()}, a notebook: hand it in, or open it in Jupyter.`;
      }),
      words,
    );
    return row;
  }

  #download() {
    const name = `${DOCUMENTATION_OPTIONS.pagename.split("/").at(-1)}-answers.ipynb`;
    download(name, notebookOf(document.title, this.#cells));
    return name;
  }
}
