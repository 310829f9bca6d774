// Points and lines in the plane. A line is {angle, offset}: the direction of its normal in degrees,
// and how far along it.

const STILL = 4; // pixels that a finger may move in a tap
const NAMES = ["circles", "squares", "triangles"];

const normalOf = ({ angle }) => [
  Math.cos((angle * Math.PI) / 180),
  Math.sin((angle * Math.PI) / 180),
];
const bitOf = (line, [x, y]) => {
  const [a, b] = normalOf(line);
  return x * a + y * b >= line.offset ? "1" : "0";
};
const codeOf = (lines, point) => lines.map((line) => bitOf(line, point)).join("");
const apart = (a, b) => [...a].filter((bit, k) => bit !== b[k]).length;
const reachOf = (points) => Math.ceil(2.2 * Math.max(...points.flat().map(Math.abs))) / 2;

// What the lines cut a square into: each piece with its corners and its code.
function cellsOf(lines, reach) {
  let cells = [
    {
      code: "",
      corners: [
        [-reach, -reach],
        [reach, -reach],
        [reach, reach],
        [-reach, reach],
      ],
    },
  ];
  for (const line of lines) {
    const [a, b] = normalOf(line);
    const side = ([x, y]) => x * a + y * b - line.offset;
    cells = cells.flatMap(({ code, corners }) =>
      [
        ["0", -1],
        ["1", 1],
      ].map(([bit, sign]) => ({
        code: code + bit,
        corners: cut(corners, (corner) => sign * side(corner)),
      })),
    );
    cells = cells.filter((cell) => cell.corners.length > 2);
  }
  return cells;
}

// The part of a convex polygon where `side` is not negative
function cut(corners, side) {
  return corners.flatMap((from, i) => {
    const to = corners[(i + 1) % corners.length];
    const s = side(from);
    const t = side(to);
    const crossing = from.map((value, k) => value + ((to[k] - value) * s) / (s - t));
    return [...(s >= 0 ? [from] : []), ...((s > 0 && t < 0) || (s < 0 && t > 0) ? [crossing] : [])];
  });
}

function middleOf(corners) {
  let area = 0;
  let x = 0;
  let y = 0;
  corners.forEach(([x1, y1], i) => {
    const [x2, y2] = corners[(i + 1) % corners.length];
    const cross = x1 * y2 - x2 * y1;
    area += cross / 2;
    x += ((x1 + x2) * cross) / 6;
    y += ((y1 + y2) * cross) / 6;
  });
  return [x / area, y / area];
}

// Half the width and half the height of a label of some letters
const halvesOf = (letters, reach) =>
  [0.11 * letters + 0.08, 0.28].map((half) => (half * reach) / 4.5);

// Whether a label there lies within the frame, and on none of some squares, [x, y, half a side]
const liesFree = (place, halves, squares, reach) =>
  place.every((value, axis) => Math.abs(value) + halves[axis] < reach) &&
  squares.every(([x, y, half]) =>
    [x, y].some((value, axis) => Math.abs(value - place[axis]) > half + halves[axis]),
  );

// Where in a cell a label of some letters lies on nothing, or undefined; `taken` are squares
function spotFor(corners, letters, taken, lines, reach) {
  const halves = halvesOf(letters, reach);
  const isFree = (place) =>
    liesFree(place, halves, taken, reach) &&
    lines.every((line) => {
      const [a, b] = normalOf(line);
      const room = Math.abs(a) * halves[0] + Math.abs(b) * halves[1];
      return Math.abs(a * place[0] + b * place[1] - line.offset) > room;
    });
  const [x, y] = middleOf(corners);
  const rim = corners.flatMap((from, i) => {
    const to = corners[(i + 1) % corners.length];
    return [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875].map((t) =>
      from.map((value, axis) => value + t * (to[axis] - value)),
    );
  });
  return [0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9]
    .flatMap((t) => rim.map(([rx, ry]) => [x + t * (rx - x), y + t * (ry - y)]))
    .find(isFree);
}

// The drawing: up is up, so y is turned round wherever something is drawn.
class Plane {
  constructor(svg, reach) {
    Object.assign(this, { svg, reach, unit: reach / 4.5 });
    svg.style.setProperty("--unit", `${this.unit}px`);
    svg.setAttribute("viewBox", `${-reach} ${-reach} ${2 * reach} ${2 * reach}`);
    for (const layer of ["cells", "lines", "points", "labels", "handles"])
      this[layer] = svg.appendChild(make("svg:g"));
  }

  clear() {
    for (const layer of ["cells", "lines", "points", "labels"]) this[layer].replaceChildren();
  }

  // No kind may be "far", "fas" or "fa": the theme would take it for an icon.
  cell(corners, kind) {
    const points = corners.map(([x, y]) => `${x.toFixed(3)},${(-y).toFixed(3)}`).join(" ");
    this.cells.append(make("svg:polygon", { points, class: `cell ${kind}` }));
  }

  line(line, kind = "") {
    const [a, b] = normalOf(line);
    const far = 3 * this.reach;
    const x = a * line.offset;
    const y = b * line.offset;
    this.lines.append(
      make("svg:line", {
        class: `plane-line ${kind}`,
        x1: x - b * far,
        y1: -(y + a * far),
        x2: x + b * far,
        y2: -(y - a * far),
      }),
    );
  }

  // Its shape says its class, and so does its colour if nothing else is said
  point([x, y], label, on, { ring = false, kind = `class-${label}` } = {}) {
    const r = 0.11 * this.unit;
    const look = `point ${kind} ${on ? "on" : ""}`;
    const shapes = {
      0: ["svg:circle", { cx: x, cy: -y, r }],
      1: ["svg:rect", { x: x - r, y: -y - r, width: 2 * r, height: 2 * r }],
      2: ["svg:path", { d: `M${x} ${-y - 1.3 * r}l${1.25 * r} ${2.2 * r}h${-2.5 * r}z` }],
    };
    const [name, place] = shapes[label];
    this.points.append(make(name, { ...place, class: look }));
    if (ring) this.points.append(make("svg:circle", { cx: x, cy: -y, r: 2.4 * r, class: "ring" }));
  }

  label(x, y, text, bold = false) {
    const size = 0.36 * this.unit;
    this.labels.append(
      make(
        "svg:text",
        {
          x,
          y: -y,
          "font-size": size,
          class: bold ? "inside" : "outside",
        },
        text,
      ),
    );
  }

  // The head of an arrow beside a handle
  arrow(degrees, away) {
    const u = this.unit;
    return make("svg:path", {
      class: "arrow",
      d: `M${away * u} ${-0.13 * u}l${0.16 * u} ${0.13 * u}l${-0.16 * u} ${0.13 * u}`,
      transform: `rotate(${-degrees})`,
    });
  }

  // Where a pointer is, in the coordinates of the points
  where(event) {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      this.svg.getScreenCTM().inverse(),
    );
    return [x, -y];
  }

  // Something that is dragged, or focused and moved with the arrow keys; arrows say which ways
  handle(label, ways, drag, keys, away = 0.34) {
    const group = make("svg:g", {
      class: "handle",
      tabindex: "0",
      role: "slider",
      "aria-label": label,
    });
    group.append(
      make("svg:circle", { class: "hit" }),
      ...ways.map((degrees) => this.arrow(degrees, away)),
    );
    let from = null; // where a finger is that has not moved yet
    group.addEventListener("pointerdown", (event) => {
      from = event.pointerType === "touch" && event;
      group.setPointerCapture(event.pointerId);
      event.preventDefault();
      group.classList.add("held"); // it needs no ring to be found by
      group.focus({ preventScroll: true });
    });
    group.addEventListener("blur", () => group.classList.remove("held"));
    group.addEventListener("pointermove", (event) => {
      if (!group.hasPointerCapture(event.pointerId)) return;
      const { clientX: x, clientY: y } = event;
      if (from && Math.hypot(x - from.clientX, y - from.clientY) < STILL) return;
      from = null;
      drag(this.where(event));
    });
    // a tap on a handle, which reaches beyond what is seen of it, is one on the drawing
    group.addEventListener("pointerup", ({ clientX, clientY }) => {
      if (from) this.svg.dispatchEvent(new MouseEvent("click", { clientX, clientY }));
    });
    // a finger on a handle moves it, not the page: in a drawing `touch-action` does not say so
    group.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    group.addEventListener("click", (event) => event.stopPropagation());
    group.addEventListener("keydown", (event) => {
      group.classList.remove("held");
      const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
        event.key
      ];
      if (!step) return;
      event.preventDefault();
      keys(step, event.shiftKey);
    });
    this.handles.append(group);
    return group;
  }
}
