// The cover: pictures in the plane, three lines to turn, and the bucket of one picture.

const data = read("cover");
const SIZE = 0.8;
const RIM = 4.45; // of a square that holds all pictures: there a handle lies on none
const places = data.points.map((point) => point.map((v) => 3.4 * v));
const svg = make("svg:svg", {
  role: "group",
  "aria-label":
    "Pictures and three lines; each line has a handle, which can be turned also with the arrow keys",
});
const plane = new Plane(svg, 5.1);
const start = { query: data.query, ...data.angles };
const handles = data.angles.map((_, k) => {
  const turn = (degrees) => set({ [k]: Math.round((degrees + 360) % 360) });
  const handle = plane.handle(
    `Line ${k + 1}`,
    [0, 180],
    ([x, y]) => turn((180 / Math.PI) * Math.atan2(y, x) + 90),
    ([x, y], small) => turn(now[k] + (x + y) * (small ? 1 : 5)),
  );
  handle.append(
    make("svg:circle", { r: 0.24 * plane.unit, class: "grip" }),
    make("svg:text", { "font-size": 0.3 * plane.unit }, String(k + 1)),
  );
  return handle;
});
let now = start;

function shot([x, y], i, kind) {
  const column = i % data.columns;
  const row = Math.floor(i / data.columns);
  const half = SIZE / 2;
  const frame = { x: x - half, y: -y - half, width: SIZE, height: SIZE };
  const crop = make(
    "svg:svg",
    { ...frame, viewBox: `${column} ${row} 1 1` },
    make("svg:image", {
      href: data.sheet,
      width: data.columns,
      height: data.sheetRows,
      preserveAspectRatio: "none",
    }),
  );
  const group = make("svg:g", { class: `shot ${kind}` }, crop, make("svg:rect", frame));
  group.addEventListener("click", () => set({ query: i }));
  plane.points.append(group);
}

const onRim = (direction) => {
  const most = Math.max(...direction.map(Math.abs));
  return direction.map((part) => (RIM * part) / most);
};
const linesOf = (state) => data.angles.map((_, k) => ({ angle: state[k], offset: 0 }));
const inBucket = (state) => {
  const codes = data.points.map((point) => codeOf(linesOf(state), point));
  return codes.map((code) => code === codes[state.query]);
};

function draw(state) {
  const lines = linesOf(state);
  const own = codeOf(lines, data.points[state.query]);
  const inside = inBucket(state);
  const ends = lines.map(({ angle }) => onRim(normalOf({ angle: angle - 90 })));
  const taken = [...places.map((at) => [...at, SIZE / 2]), ...ends.map((at) => [...at, 0.4])];
  now = state;
  plane.clear();
  for (const { code, corners } of cellsOf(lines, plane.reach)) {
    plane.cell(corners, code === own ? "own" : "outside");
    const spot = spotFor(corners, code.length, taken, lines, plane.reach);
    if (spot) plane.label(...spot, code, code === own);
  }
  lines.forEach((line, k) => {
    plane.line(line);
    const [x, y] = ends[k];
    const place = `translate(${x} ${-y})`;
    handles[k].setAttribute("transform", `${place} rotate(${-line.angle})`);
    handles[k].lastChild.setAttribute("transform", `rotate(${line.angle})`);
    tell(handles[k], line.angle, 0, 360, `${line.angle} degrees`);
  });
  places.forEach((point, i) => {
    if (i !== state.query) shot(point, i, inside[i] ? "in" : "out");
  });
  shot(places[state.query], state.query, "query");
}

const sentence = (state) => {
  const inside = inBucket(state);
  const n = inside.filter(Boolean).length - 1;
  const kind = data.names[state.query];
  const right = inside.filter(
    (one, i) => one && i !== state.query && data.names[i] === kind,
  ).length;
  return (
    `The framed picture, of the class ${kind}, has the code ${codeOf(linesOf(state), data.points[state.query])}. ` +
    `A search compares it with the ${plural(n, "other picture")} of its bucket, not with all ${inside.length - 1} others; ${right} of ${n} are of its class.`
  );
};
// the caption of the picture that stands still is this figure's too
window.addEventListener("load", () => {
  for (const still of document.querySelectorAll("#fig-cover img")) still.style.display = "none";
});
const set = live("cover", {
  start,
  drawing: svg,
  draw,
  sentence,
  controls: [
    { label: "Another picture", act: ({ query }) => ({ query: (query + 7) % data.points.length }) },
  ],
});
