// The cover: pictures in the plane, three lines to turn, and the bucket of one picture.

const data = read("cover");
const SIZE = 0.8;
const RIM = 4.45; // of a square that holds all pictures: there a handle lies on none
const APART = 12; // degrees between two handles, of which none hides the other
const places = data.points.map((point) => point.map((v) => 3.4 * v));
const svg = make("svg:svg", {
  role: "group",
  "aria-label":
    "Pictures and three lines; each line has a handle, which can be turned also with the arrow keys",
});
const plane = new Plane(svg, 5.1);
const start = { query: data.query, turned: null, ...data.angles };
const handles = data.angles.map((_, k) => {
  const turn = (degrees) => set({ [k]: Math.round((degrees + 720) % 360), turned: k });
  const handle = plane.handle(
    `Line ${k + 1}`,
    [0, 180],
    ([x, y]) => turn((180 / Math.PI) * Math.atan2(y, x) + 90),
    ([x, y], small) => {
      const by = (x + y) * (small ? 1 : 5);
      let to = now[k] + by;
      while (meets(to, k)) to += by;
      turn(to);
    },
  );
  handle.append(
    make("svg:circle", { r: 0.24 * plane.unit, class: "grip" }),
    make("svg:text", { "font-size": 0.3 * plane.unit }, String(k + 1)),
  );
  return handle;
});
let now = start;

const meets = (degrees, k) =>
  data.angles.some((_, other) => {
    const between = Math.abs(degrees - now[other] + 720) % 360;
    return other !== k && Math.min(between, 360 - between) < APART;
  });

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
const codesOf = (state) => data.points.map((point) => codeOf(linesOf(state), point));
const inBucket = (state) => codesOf(state).map((code, _, codes) => code === codes[state.query]);
const before = codesOf(start);

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

// What was turned last, and what all turns did: as long in both cases
function turnsOf(state) {
  if (state.turned === null)
    return "No line is turned yet; all pictures are in their first buckets.";
  const others = codesOf(state).filter((code, i) => code !== before[i]).length;
  return `Line ${state.turned + 1} was turned to ${state[state.turned]} degrees; ${others} of ${before.length} pictures changed buckets.`;
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
    `A search compares it with the ${plural(n, "other picture")} of its bucket, not with all ${inside.length - 1} others; ${right} of ${n} are of its class. ${turnsOf(state)}`
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
