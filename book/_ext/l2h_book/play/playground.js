// Lines to play with. A bit is 1 where x.w >= offset; with offset 0 that is LSH.

const root = part("playground");
const data = read("playground");
const plane = new Plane(root.querySelector("svg"), reachOf(data.points));
const radius = root.querySelector("[name=radius]");
const list = root.querySelector(".hyperplanes");
const say = announcer(root.querySelector(".status"));
const classes = [...new Set(data.labels)].sort();
const start = () => ({
  lines: data.lines.map(([angle, offset]) => ({ angle, offset })),
  query: [...data.query],
  radius: data.radius,
});
const furthest = 0.8 * plane.reach;
const state = start();
root.querySelector(".most").textContent = `No more than ${data.most} lines.`;
let grips = [];

const turn = (angle) => (Math.round((((angle % 360) + 360) % 360) * 10) / 10) % 360;
const hold = (value, limit) => Math.round(100 * Math.max(-limit, Math.min(limit, value))) / 100 + 0;

// What is shown

function show() {
  const { lines, query } = state;
  const own = codeOf(lines, query);
  state.radius = Math.min(state.radius, lines.length);
  const codes = data.points.map((point) => codeOf(lines, point));
  const within = (code) => apart(code, own) <= state.radius;
  const u = plane.unit;
  const places = placesOf(lines);
  const handles = [
    [...query, 0.5 * u],
    ...lines.flatMap((line, k) => {
      const [[x, y], shift] = places[k];
      const [a, b] = normalOf(line);
      const arrow = [x + 0.4 * a * u, y + 0.4 * b * u, 0.5 * u];
      return [[x, y, 0.3 * u], arrow, [...shift, 0.5 * u]];
    }),
  ];
  const taken = [...handles, ...data.points.map((at) => [...at, 0.15 * u])];
  plane.clear();
  for (const { code, corners } of cellsOf(lines, plane.reach)) {
    plane.cell(corners, code === own ? "own" : within(code) ? "near" : "outside");
    const free = spotFor(corners, code.length, taken, lines, plane.reach);
    const spot = free ?? (code === own && spotBeside(query, code.length, taken, handles));
    if (spot) plane.label(...spot, code, within(code));
  }
  for (const line of lines) plane.line(line);
  data.points.forEach((point, i) => {
    plane.point(point, data.labels[i], within(codes[i]));
  });
  place(places);
  radius.max = lines.length;
  radius.value = state.radius;
  root.querySelector(".value").textContent = state.radius;
  root.querySelector("[data-do=add]").disabled = lines.length >= data.most;
  root.querySelector(".most").style.visibility = lines.length < data.most ? "hidden" : null;
  table(codes, own);
  const found = codes.filter(within).length;
  const shared = codes.filter((code) => code === own).length;
  say(
    `Code ${own}: ${plural(shared, "point")} in its bucket, ${found} of ${codes.length} within radius ${state.radius}.`,
  );
}

function table(codes, own) {
  const buckets = [...new Set([own, ...codes])].sort(
    (a, b) => apart(a, own) - apart(b, own) || a.localeCompare(b),
  );
  const head = ["code", "distance", ...classes.map((label) => NAMES[label]), "in ball"];
  root
    .querySelector("thead")
    .replaceChildren(make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name))));
  root.querySelector("tbody").replaceChildren(
    ...buckets.map((code) => {
      const counts = classes.map(
        (label) => codes.filter((other, i) => other === code && data.labels[i] === label).length,
      );
      const inside = apart(code, own) <= state.radius ? "\u2713 yes" : "no";
      return make(
        "tr",
        {},
        make("td", {}, make("code", {}, code)),
        ...[apart(code, own), ...counts, inside].map((text) => make("td", {}, String(text))),
      );
    }),
  );
  const scroll = root.querySelector(".scroll");
  scroll.tabIndex = scroll.scrollWidth > scroll.clientWidth ? 0 : -1;
}

// The query's code has a place in any case: beside the star, over lines if need be. It lies on points
// only where nothing else is left, and on no handle
function spotBeside([x, y], letters, taken, handles) {
  const u = plane.unit;
  const halves = halvesOf(letters, plane.reach);
  const isClearOf = (squares) => (place) => liesFree(place, halves, squares, plane.reach);
  const away = [0.75, 0.9, 1.1, 1.3, 1.6, 2, 2.5].flatMap((far) =>
    [...Array(16).keys()].map((i) => [
      x + (far * u + halves[0]) * Math.cos((i * Math.PI) / 8),
      y + far * u * Math.sin((i * Math.PI) / 8),
    ]),
  );
  return away.find(isClearOf(taken)) ?? away.find(isClearOf(handles)) ?? [x, y + 0.75 * u];
}

// Where the handles of each line are: the one that turns it, and the one that shifts it. Where one
// would lie on a handle of a line before, or on a point, it slides along its own line until it is
// clear. Many lines on each other have no room for that: their handles may cover points, and stand
// closer.
function placesOf(lines) {
  for (const tightness of [1, 0.8, 0.6]) {
    const { places, isClear } = slide(lines, tightness * plane.unit);
    if (isClear) return places;
  }
  return slide(lines, 0).places;
}

function slide(lines, unit) {
  const taken = [];
  let isClear = true;
  const points = data.points.map((at) => [...at, 0.15 * plane.unit]);
  const isClearOf = (things) => (discs) =>
    discs.every((one) => things.every((other) => !meet(one, other)));
  const places = lines.map((line) =>
    [1, -1].map((side) => {
      const ways = inward(line, side);
      const covered = ways.map((place) => discsOf(place, line, side, unit));
      const alone = covered.findIndex(isClearOf([...taken, ...points]));
      const found = alone < 0 ? covered.findIndex(isClearOf(taken)) : alone;
      isClear &&= found >= 0;
      const chosen = Math.max(0, found);
      taken.push(...covered[chosen]);
      return ways[chosen];
    }),
  );
  return { places, isClear };
}

// Places on a line, from one of its ends to the other
function inward(line, side) {
  const [a, b] = normalOf(line);
  const end = Math.sqrt((0.88 * plane.reach) ** 2 - line.offset ** 2);
  const step = 0.05 * plane.unit;
  return Array.from({ length: Math.ceil((2 * end) / step) }, (_, i) => {
    const along = side * (end - i * step);
    return [a * line.offset - b * along, b * line.offset + a * along];
  });
}

// What a handle covers, as discs [x, y, radius]: its grip, and the heads of its arrows
function discsOf([x, y], line, side, unit) {
  const [a, b] = normalOf(line);
  const heads = side === 1 ? [0.6] : [-0.45, 0.45];
  const discs = heads.map((far) => far * plane.unit).map((far) => [x + far * a, y + far * b]);
  return [[x, y, 0.42 * unit], ...discs.map((place) => [...place, 0.2 * unit])];
}
const meet = ([x, y, r], [otherX, otherY, otherR]) =>
  Math.hypot(x - otherX, y - otherY) < r + otherR;

// Handles in the drawing, and the same as sliders

function gripsOf(line, k) {
  const angle = ([x, y]) => {
    const far = Math.hypot(x, y);
    return (
      (180 / Math.PI) * (Math.atan2(y, x) - Math.acos(Math.max(-1, Math.min(1, line.offset / far))))
    );
  };
  const along = ([x, y]) => {
    const [a, b] = normalOf(line);
    return x * a + y * b;
  };
  const sum = ([x, y]) => x + y;
  const turned = plane.handle(
    `Line ${k + 1}, direction`,
    [],
    (to) =>
      set(() => {
        line.angle = turn(angle(to));
      }),
    (step, small) =>
      set(() => {
        line.angle = turn(line.angle + sum(step) * (small ? 1 : 5));
      }),
  );
  const shifted = plane.handle(
    `Line ${k + 1}, shift`,
    [0, 180],
    (to) =>
      set(() => {
        line.offset = hold(along(to), furthest);
      }),
    (step, small) =>
      set(() => {
        line.offset = hold(line.offset + sum(step) * (small ? 0.02 : 0.1), furthest);
      }),
  );
  turned.append(
    make("svg:path", {
      d: `M0 0h${0.75 * plane.unit}m${-0.2 * plane.unit} ${-0.12 * plane.unit}l${0.2 * plane.unit} ${0.12 * plane.unit}l${-0.2 * plane.unit} ${0.12 * plane.unit}`,
      class: "plane-line",
      fill: "none",
    }),
    make("svg:circle", { r: 0.24 * plane.unit, class: "grip" }),
    make("svg:text", { "font-size": 0.3 * plane.unit }, String(k + 1)),
  );
  const half = 0.19 * plane.unit;
  const square = { x: -half, y: -half, width: 2 * half, height: 2 * half };
  shifted.append(
    make("svg:rect", { ...square, class: "grip" }),
    make("svg:text", { "font-size": 0.3 * plane.unit }, String(k + 1)),
  );
  const slider = (name, key, least, most, step) => {
    const input = make("input", {
      type: "range",
      min: least,
      max: most,
      step,
      "aria-label": `Line ${k + 1}, ${name}`,
    });
    input.addEventListener("input", () =>
      set(() => {
        line[key] = Number(input.value);
      }),
    );
    return input;
  };
  const sliders = {
    angle: slider("direction", "angle", 0, 359, 1),
    offset: slider("shift", "offset", -furthest, furthest, 0.1),
  };
  const remove = make("button", { type: "button", "aria-label": `Remove line ${k + 1}` }, "Remove");
  remove.addEventListener("click", () => {
    set(() => state.lines.splice(k, 1), true);
    root.querySelector("summary").focus();
  });
  remove.disabled = state.lines.length === 1;
  list.append(
    make(
      "li",
      {},
      make(
        "fieldset",
        {},
        make("legend", {}, `Line ${k + 1}`),
        make(
          "span",
          { class: "set" },
          make("label", {}, "Direction", sliders.angle),
          make("label", {}, "Shift", sliders.offset),
          remove,
        ),
      ),
    ),
  );
  return { turned, shifted, sliders };
}

function place(placesOfHandles) {
  if (grips.length !== state.lines.length + 1) build();
  state.lines.forEach((line, k) => {
    const { turned, shifted, sliders } = grips[k];
    const places = placesOfHandles[k].map(
      ([x, y]) => `translate(${x} ${-y}) rotate(${-line.angle})`,
    );
    turned.setAttribute("transform", places[0]);
    for (const grip of [turned, shifted])
      grip.querySelector("text").setAttribute("transform", `rotate(${line.angle})`);
    shifted.setAttribute("transform", places[1]);
    tell(turned, line.angle, 0, 360, `${line.angle} degrees`);
    tell(
      shifted,
      line.offset,
      -furthest,
      furthest,
      line.offset === 0 ? "through the origin" : `${line.offset} from the origin`,
    );
    sliders.angle.value = line.angle;
    sliders.offset.value = line.offset;
  });
  const star = grips.at(-1).star;
  const [x, y] = state.query;
  star.setAttribute("transform", `translate(${x} ${-y})`);
  tell(
    star,
    x,
    -plane.reach,
    plane.reach,
    `${x} across, ${y} up; code ${codeOf(state.lines, state.query)}`,
  );
}

function build() {
  plane.handles.replaceChildren();
  list.replaceChildren();
  grips = state.lines.map(gripsOf);
  const [x, y] = [0, 1];
  const limit = 0.95 * plane.reach;
  const star = plane.handle(
    "Query",
    [0, 90, 180, 270],
    (to) =>
      set(() => {
        state.query = to.map((v) => hold(v, limit));
      }),
    (step, small) =>
      set(() => {
        state.query = [x, y].map((axis) =>
          hold(state.query[axis] + step[axis] * (small ? 0.02 : 0.2), limit),
        );
      }),
  );
  const spike = [...Array(10).keys()].map((i) => {
    const r = (i % 2 ? 0.11 : 0.28) * plane.unit;
    const turned = (i * Math.PI) / 5;
    return `${(r * Math.sin(turned)).toFixed(3)},${(-r * Math.cos(turned)).toFixed(3)}`;
  });
  star.append(make("svg:polygon", { points: spike.join(" "), class: "star" }));
  grips.push({ star });
}

// State

function set(change, rebuilt = false) {
  change();
  if (rebuilt) grips = [];
  show();
  address.write("playground", values());
}

function values() {
  const lines = state.lines.map(({ angle, offset }) => `${angle},${offset}`).join(";");
  return { lines, query: state.query.join(","), radius: state.radius };
}

// The middle of the widest gap between the directions of the lines, so that a new one lies on none
// that is there
function widestGap() {
  const angles = state.lines.map(({ angle }) => angle % 180).sort((a, b) => a - b);
  const gaps = angles.map((from, i) => ({
    from,
    width: (angles[i + 1] ?? angles[0] + 180) - from,
  }));
  const widest = gaps.reduce((a, b) => (b.width > a.width ? b : a));
  return turn(widest.from + widest.width / 2);
}

const actions = {
  add: () => state.lines.push({ angle: widestGap(), offset: 0 }),
  draw: () => {
    for (const line of state.lines)
      Object.assign(line, { angle: turn(360 * Math.random()), offset: 0 });
  },
  reset: () => Object.assign(state, start()),
};

function fromAddress() {
  const given = address.read("playground");
  const numbers = (text) => (text ?? "").split(",").map(Number);
  const lines = (given.get("lines") ?? "")
    .split(";")
    .map(numbers)
    .map(([angle, offset]) => ({ angle, offset }));
  const good = (line) => Number.isFinite(line.angle) && Math.abs(line.offset) <= furthest;
  if (lines.length <= data.most && lines.every(good)) state.lines = lines;
  const query = numbers(given.get("query"));
  if (query.length === 2 && query.every((v) => Math.abs(v) <= plane.reach)) state.query = query;
  state.radius = whole(given.get("radius"), 0, state.lines.length, state.radius);
  grips = [];
  show();
}

root.addEventListener("click", (event) => {
  const action = actions[event.target.dataset?.do];
  if (action) set(action, true);
});
plane.svg.addEventListener("click", (event) =>
  set(() => {
    state.query = plane.where(event).map((v) => hold(v, 0.95 * plane.reach));
  }),
);
radius.addEventListener("input", () =>
  set(() => {
    state.radius = Number(radius.value);
  }),
);
root.querySelector(".controls").append(linkCopier("playground", values));
leadOnArrival("playground", fromAddress);
part("playground-without-script").hidden = true;
root.hidden = false;
fromAddress();
