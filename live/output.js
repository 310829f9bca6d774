// A cell's outputs, in the look of the book's own.

function box(kind, ...children) {
  const element = document.createElement("div");
  element.className = `output ${kind}`;
  element.append(...children);
  return element;
}

function text(kind, words) {
  const inner = document.createElement("div");
  const pre = document.createElement("pre");
  inner.className = "highlight";
  pre.textContent = words;
  inner.append(pre);
  return box(kind, inner);
}

// What is left of text when each return has begun its line anew, as bars of progress do.
function overwritten(words) {
  return words.replace(/[^\n]*\r(?=[^\n])/g, "");
}

const addressOf = (svg) => `data:image/svg+xml,${encodeURIComponent(svg)}`;

function measured(element, svg) {
  const sides = svg.slice(0, 500).matchAll(/ (width|height)="([\d.]+)pt"/g);
  for (const [, side, points] of sides) element[side] = Math.round((points * 4) / 3);
  return element;
}

// A drawing, and another for phones, as the book's pages have them.
function drawing({ svg, phone }, alt) {
  const picture = document.createElement("picture");
  const source = document.createElement("source");
  const image = document.createElement("img");
  source.media = "(max-width: 37.4rem)";
  source.srcset = addressOf(phone || svg);
  image.src = addressOf(svg);
  image.alt = alt;
  picture.append(measured(source, phone || svg), measured(image, svg));
  return picture;
}

// Markup that code made: nothing in it runs.
function html(markup) {
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  for (const script of parsed.querySelectorAll("script")) script.remove();
  const found = box("text_html", ...parsed.head.children, ...parsed.body.childNodes);
  for (const corner of found.querySelectorAll("table.dataframe thead th")) {
    if (!corner.textContent.trim()) corner.replaceWith(document.createElement("td"));
  }
  return found;
}

const codeOf = (markdown) => markdown.replace(/^```\w*\n|\n```\s*$/g, "");

export class Output {
  #place;
  #caption;
  #alt;
  #fresh = false; // whether what is shown is of the last run
  #first; // what the page showed

  constructor(cell) {
    this.cell = cell;
    this.#place = cell.querySelector(":scope > .cell_output, :scope > details .cell_output");
    this.#caption = this.#place?.querySelector("figure");
    this.#alt = this.#place?.querySelector("img")?.alt;
    this.#first = this.#place?.cloneNode(true);
  }

  // Show again what the page showed before any run.
  reset() {
    const first = this.#first?.cloneNode(true).childNodes ?? [];
    this.#fresh = false;
    this.#place?.replaceChildren(...first);
    this.#caption = this.#place?.querySelector("figure");
    this.#alt = this.#place?.querySelector("img")?.alt;
  }

  begin(edited) {
    this.#fresh = false;
    this.cell.classList.add("live-runs");
    if (edited) this.#alt = "What the edited cell drew";
  }

  // Take out a line that is said elsewhere.
  drop(line) {
    for (const pre of this.#place.querySelectorAll("[data-stream] pre"))
      pre.textContent = pre.textContent.replace(line, "");
    this.#tidy();
  }

  // Take out an error that is said elsewhere.
  dropError() {
    this.#place.querySelector(".traceback")?.remove();
  }

  show(told) {
    if (["stdout", "stderr"].includes(told.kind)) this.#print(told);
    else if (["error", "dead", "lost"].includes(told.kind)) this.#add(text("traceback", told.text));
    else if (told.kind === "stopped") this.#add(text("traceback", "Stopped."));
    else if (told.kind === "display") this.#display(told);
    if (["done", "dead", "stopped"].includes(told.kind)) this.#end();
  }

  #display(told) {
    if (told.svg) this.#draw(told);
    else if (told.html) this.#add(html(told.html));
    else if (told.markdown) this.#add(text("text_plain", codeOf(told.markdown)));
    else this.#add(text("text_plain", told.text));
  }

  #draw(told) {
    const shown = drawing(told, this.#alt ?? "What the cell drew");
    const figure = this.#fresh ? null : this.#caption;
    if (figure) {
      const old = figure.querySelector("a.drawing, picture, img");
      old.replaceWith(shown);
      this.#add(figure);
    } else this.#add(box("image_svg", shown));
  }

  #print({ kind, text: words }) {
    const last = this.#fresh && this.#place.lastElementChild;
    if (last && last.dataset.stream === kind) {
      const pre = last.querySelector("pre");
      const returns = `${pre.lastChild?.data}${words}`.includes("\r");
      if (returns) pre.textContent = overwritten(pre.textContent + words);
      else pre.append(words);
    } else {
      const printed = text(kind === "stderr" ? "stderr" : "stream", overwritten(words));
      printed.dataset.stream = kind;
      this.#add(printed);
    }
  }

  #add(element) {
    if (!this.#place) {
      this.#place = document.createElement("div");
      this.#place.className = "cell_output";
      this.cell.append(this.#place);
    }
    if (!this.#fresh) this.#place.replaceChildren();
    this.#fresh = true;
    this.#place.append(element);
  }

  // Remove what printed nothing, as a bar of progress that is over, and let keys scroll the rest.
  #tidy() {
    for (const printed of this.#place?.querySelectorAll("[data-stream]") ?? []) {
      if (!printed.textContent.trim()) printed.remove();
    }
    for (const pre of this.#place?.querySelectorAll("pre") ?? []) {
      const scrolls = pre.scrollHeight > pre.clientHeight || pre.scrollWidth > pre.clientWidth;
      if (scrolls) pre.tabIndex = 0;
    }
  }

  #end() {
    this.#tidy();
    if (!this.#fresh) this.#place?.replaceChildren();
    this.#fresh = true;
    this.cell.classList.remove("live-runs");
    this.cell.dataset.runs = Number(this.cell.dataset.runs ?? 0) + 1;
  }
}
