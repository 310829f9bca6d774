// Drawings of the chapters' figures: the mark of a nearest picture, curves over two axes, and bars.

// A drawing that sentences and a table's worth of labels describe
const picture = (label) => make("svg:svg", { role: "img", "aria-label": label });

// The mark of a picture that is one of the nearest, hollow if a search misses it: frames say which
// class a picture has
const nearestMark = (words, found = true) => [
  make(
    "svg:svg",
    { class: `nearest ${found ? "" : "missed"}`, viewBox: "-10 -10 20 20", "aria-hidden": "true" },
    make("svg:circle", { r: 10 }), // so that it is seen on dark pictures too
    make("svg:path", {
      d: "M0-9 2.1-2.9 8.6-2.8 3.4 1.1 5.3 7.3 0 3.6-5.3 7.3-3.4 1.1-8.6-2.8-2.1-2.9Z",
    }),
  ),
  make("span", { class: "unseen" }, words),
];

// Curves over two axes, which go from 0 to 1; the one across has ticks, [place, text]
class Chart {
  constructor(label, { across, below, beside, right = 318, height = 236 }) {
    Object.assign(this, { svg: picture(label), left: 46, right, top: 12, bottom: 190 });
    this.svg.setAttribute("viewBox", `0 0 ${right + 22} ${height}`);
    this.svg.classList.add("chart");
    for (const [at, text] of across) this.text(this.x(at), this.bottom + 16, text);
    for (const at of [0, 0.5, 1]) {
      const y = this.y(at);
      this.text(this.left - 18, y, short(at));
      this.svg.append(
        make("svg:line", { x1: this.left, x2: this.right, y1: y, y2: y, class: "grid" }),
      );
    }
    this.text((this.left + this.right) / 2, this.bottom + 36, below);
    this.svg.append(make("svg:text", { x: 8, y: 101, transform: "rotate(-90 8 101)" }, beside));
    this.curves = this.svg.appendChild(make("svg:g"));
  }

  x(at) {
    return this.left + at * (this.right - this.left);
  }

  y(at) {
    return this.bottom - at * (this.bottom - this.top);
  }

  text(x, y, text) {
    this.svg.append(make("svg:text", { x, y }, text));
  }

  // What its two curves are, from a height downwards: the second is dashed
  key(names, top) {
    names.forEach((name, i) => {
      const y = top + 20 * i;
      const [kind, dot] = i ? ["dashed", "open"] : ["", ""];
      this.svg.append(
        make("svg:line", { x1: 54, x2: 82, y1: y, y2: y, class: `curve ${kind}` }),
        make("svg:circle", { cx: 68, cy: y, r: 5, class: `dot ${dot}` }),
        make("svg:text", { x: 90, y, class: "key" }, name),
      );
    });
  }

  clear() {
    this.curves.replaceChildren();
  }

  curve(points, kind = "") {
    const places = points
      .map(([x, y]) => `${this.x(x).toFixed(1)},${this.y(y).toFixed(1)}`)
      .join(" ");
    this.curves.append(make("svg:polyline", { points: places, class: `curve ${kind}` }));
  }

  dot([x, y], kind = "") {
    this.curves.append(
      make("svg:circle", {
        cx: this.x(x),
        cy: this.y(y),
        r: { chosen: 8, "chosen open": 6 }[kind] ?? 4,
        class: `dot ${kind}`,
      }),
    );
  }
}

// Bars of shares, one below the other. A bar may have a mark at a goal, with its name above it. What
// has no share is a text beside its name.
class Meters {
  constructor(label) {
    this.svg = picture(label);
    this.svg.classList.add("chart");
  }

  show(...bars) {
    this.svg.replaceChildren();
    let top = 0;
    for (const bar of bars) {
      if (bar.goal) top += 18;
      this.bar(bar, top + 8);
      top += 32;
    }
    this.svg.setAttribute("viewBox", `0 0 340 ${top}`);
  }

  bar({ name, share, text, goal, aim }, y) {
    const left = 84;
    const width = 178;
    const write = (x, y, text, kind) =>
      this.svg.append(make("svg:text", { x, y, class: kind }, text));
    write(left - 8, y + 8, name, "name");
    if (share === undefined) {
      write(left, y + 8, text, "key");
      return;
    }
    const box = { x: left, y, height: 16 };
    const filled = (share * width).toFixed(1);
    this.svg.append(
      make("svg:rect", { ...box, width, class: "heap" }),
      make("svg:rect", { ...box, width: filled, class: "heap taken" }),
    );
    write(left + width + 39, y + 8, text);
    if (!goal) return;
    const at = left + goal * width;
    this.svg.append(make("svg:line", { x1: at, x2: at, y1: y - 5, y2: y + 21, class: "goal" }));
    write(Math.max(at, left + 45), y - 14, aim);
  }
}
