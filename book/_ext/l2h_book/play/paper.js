// A picture of the reader's own, drawn or loaded. A drawing has four greys, so that a link can hold
// it; a loaded picture stays where it is.

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const GREYS = 4;
const LONGEST = LETTERS.length / GREYS;
const SMALLEST = 4; // pixels that a drawing is wide or high at least

const levelsOf = (greys) => greys.map((grey) => Math.round((grey * (GREYS - 1)) / 255));

// A drawing as text: each letter says a grey, and how many pixels in turn have it
function textOfGreys(greys) {
  let text = "";
  for (let from = 0, to = 0; from < greys.length; from = to) {
    while (to < greys.length && to - from < LONGEST && greys[to] === greys[from]) to += 1;
    text += LETTERS[LONGEST * greys[from] + to - from - 1];
  }
  return text;
}

function greysOfText(text) {
  return [...text].flatMap((letter) => {
    const value = LETTERS.indexOf(letter);
    return value < 0 ? [] : Array(1 + (value % LONGEST)).fill(Math.floor(value / LONGEST));
  });
}

function extent(places) {
  const first = Math.min(...places);
  const end = Math.max(...places) + 1;
  return { length: end - first, middle: (first + end) / 2 };
}

// `changed` is called when there is another picture, `cleared` when there is none. `hint` stands on
// the paper until then.
class Paper {
  constructor([height, width], { changed, cleared, hint }) {
    Object.assign(this, { height, width, changed, cleared, at: [width / 2, height / 2] });
    this.canvas = make("canvas", {
      width,
      height,
      tabindex: 0,
      role: "img",
      "aria-label": "Your picture: draw with the pointer, or with the arrow keys",
    });
    this.ink = this.canvas.getContext("2d", { willReadFrequently: true });
    this.pen = make("span", { class: "pen" });
    this.said = make("p", { role: "status" });
    this.sheet = make(
      "span",
      { class: "sheet-of-paper" },
      this.canvas,
      this.pen,
      make("span", { class: "hint", "aria-hidden": "true" }, hint),
    );
    const file = make("input", { type: "file", accept: "image/*" });
    file.addEventListener("change", () => this.load(file));
    this.tools = make(
      "span",
      { class: "set" },
      this.button("Clear", () => {
        this.blank();
        this.cleared();
      }),
      this.button("Mirror", () => this.alter(() => this.mirror())),
      this.button("Exchange light and dark", () => this.alter(() => this.invert())),
      make("label", { class: "file" }, "Load a picture", file),
    );
    this.element = make("div", { class: "set" }, this.sheet, this.tools, this.said);
    this.listen();
    this.blank();
  }

  say(text) {
    this.said.textContent = text;
  }

  button(text, act) {
    const one = make("button", { type: "button" }, text);
    one.addEventListener("click", act);
    return one;
  }

  listen() {
    const { canvas, width, height } = this;
    const place = ({ offsetX, offsetY }) => [
      (offsetX / canvas.clientWidth) * width,
      (offsetY / canvas.clientHeight) * height,
    ];
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.at = place(event);
      this.lineTo(this.at);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.lineTo(place(event));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.settle();
    });
    canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      const [x, y] = this.at;
      this.lineTo([
        Math.max(0, Math.min(width, x + step[0])),
        Math.max(0, Math.min(height, y + step[1])),
      ]);
    });
    canvas.addEventListener("keyup", (event) => {
      if (event.key.startsWith("Arrow")) this.settle();
    });
  }

  blank() {
    const { ink, width, height } = this;
    ink.fillStyle = "#000";
    ink.fillRect(0, 0, width, height);
    Object.assign(ink, {
      strokeStyle: "#fff",
      fillStyle: "#fff",
      lineWidth: width / 18, // as thin as the edges of the pictures
      lineCap: "round",
      lineJoin: "round",
    });
    this.isLoaded = false;
    this.mark(true);
    this.say("");
  }

  mark(isEmpty) {
    this.isEmpty = isEmpty;
    this.sheet.classList.toggle("empty", isEmpty);
  }

  lineTo(to) {
    const { ink, pen, width, height } = this;
    ink.beginPath();
    ink.moveTo(...this.at);
    this.at = to;
    ink.lineTo(...to);
    ink.stroke();
    pen.style.left = `${(100 * to[0]) / width}%`;
    pen.style.top = `${(100 * to[1]) / height}%`;
    this.mark(false);
  }

  alter(act) {
    if (this.isEmpty) return this.say("Draw something first.");
    act();
    this.settle();
  }

  mirror() {
    this.ink.setTransform(-1, 0, 0, 1, this.width, 0);
    this.ink.drawImage(this.canvas, 0, 0);
    this.ink.resetTransform();
  }

  invert() {
    this.ink.globalCompositeOperation = "difference";
    this.ink.fillRect(0, 0, this.width, this.height);
    this.ink.globalCompositeOperation = "source-over";
  }

  async load({ files: [chosen] }) {
    const picture = chosen && (await createImageBitmap(chosen).catch(() => null));
    this.say(picture || !chosen ? "" : "That file is not a picture that this browser can read.");
    if (!picture) return;
    const scale = Math.max(this.width / picture.width, this.height / picture.height);
    const [w, h] = [picture.width * scale, picture.height * scale];
    this.blank();
    this.ink.drawImage(picture, (this.width - w) / 2, (this.height - h) / 2, w, h);
    this.mark(false);
    this.isLoaded = true;
    this.changed();
  }

  // Ends a stroke: what is drawn keeps only the greys that a link can hold. A dot is no drawing.
  settle() {
    if (!this.isLoaded) {
      const levels = levelsOf(this.greys());
      this.paint(levels);
      this.mark(this.sizeOf(levels) < SMALLEST);
    }
    if (!this.isEmpty) this.changed();
  }

  // How many pixels a drawing is wide or high, whichever is more
  sizeOf(greys) {
    const [columns, rows] = this.extentsOf(greys);
    return Math.max(columns.length, rows.length);
  }

  extentsOf(greys) {
    const inked = greys.flatMap((grey, i) => (grey > 0 ? [i] : []));
    const columns = extent(inked.map((i) => i % this.width));
    const rows = extent(inked.map((i) => Math.floor(i / this.width)));
    return [columns, rows];
  }

  greys() {
    const { data: pixels } = this.ink.getImageData(0, 0, this.width, this.height);
    return Array.from(
      { length: this.width * this.height },
      (_, i) => (pixels[4 * i] + pixels[4 * i + 1] + pixels[4 * i + 2]) / 3,
    );
  }

  paint(greys, ink = this.ink) {
    const image = ink.createImageData(this.width, this.height);
    greys.forEach((grey, i) => {
      image.data.set([85 * grey, 85 * grey, 85 * grey, 255], 4 * i);
    });
    ink.putImageData(image, 0, 0);
  }

  // What is searched for: a drawing is moved to the middle and made as large as the paper, because
  // the things on the pictures are
  picture() {
    const greys = this.greys();
    if (this.isLoaded) return { greys, address: this.canvas.toDataURL() };
    const { width, height } = this;
    const [columns, rows] = this.extentsOf(greys);
    const scale = Math.max(columns.length / width, rows.length / height);
    const fitted = greys.map((_, i) => {
      const x = Math.floor(columns.middle + ((i % width) + 0.5 - width / 2) * scale);
      const y = Math.floor(rows.middle + (Math.floor(i / width) + 0.5 - height / 2) * scale);
      return x >= 0 && x < width && y >= 0 && y < height ? greys[y * width + x] : 0;
    });
    const copy = make("canvas", { width, height });
    this.paint(levelsOf(fitted), copy.getContext("2d"));
    return { greys: fitted, address: copy.toDataURL() };
  }

  // The drawing as a link holds it; nothing where there is none, or a picture was loaded
  text() {
    if (this.isEmpty || this.isLoaded) return null;
    return textOfGreys(levelsOf(this.greys()));
  }

  // Draws what a link holds, and says whether it holds a drawing
  draw(text) {
    const greys = greysOfText(text);
    if (greys.length !== this.width * this.height) return false;
    this.blank();
    this.paint(greys);
    this.mark(false);
    return true;
  }
}
