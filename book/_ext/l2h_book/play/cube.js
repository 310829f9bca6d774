// Eight codes of three bits as the corners of a cube: the ball of a query's code grows, and the
// buckets in it show their pictures.

const data = read("cube");
const CODES = [0, 1, 2, 3, 4, 5, 6, 7];
const NEAREST = data.near[0].length;
const written = (code) => code.toString(2).padStart(3, "0");
const members = CODES.map((code) => data.codes.flatMap((its, i) => (its === code ? [i] : [])));

const svg = picture(
  "The eight codes as corners of a cube, whose edges flip one bit; those within the radius are filled",
);
svg.setAttribute("viewBox", "0 0 340 256");
svg.classList.add("chart");
function place(code) {
  const [first, second, third] = [...written(code)].map(Number);
  return [50 + 165 * (first + 0.42 * third), 202 - 126 * (second + 0.32 * third)];
}
for (const from of CODES)
  for (const to of CODES.filter((code) => code > from && bitsApart(code, from) === 1)) {
    const [x1, y1] = place(from);
    const [x2, y2] = place(to);
    svg.append(make("svg:line", { x1, y1, x2, y2, class: "grid" }));
  }
svg.append(make("svg:text", { x: 170, y: 246 }, "code, and how many pictures"));
const corners = CODES.map((code) => {
  const [x, y] = place(code);
  const circle = make("svg:circle", { cx: x, cy: y, r: 27 });
  const count = members[code].length;
  const group = make(
    "svg:g",
    {},
    make("svg:circle", { cx: x, cy: y, r: 27, class: "vertex" }), // it hides the edges
    circle,
    make("svg:text", { x, y: y - 7, "font-weight": "bold" }, written(code)),
    make("svg:text", { x, y: y + 11 }, String(count)),
  );
  group.addEventListener("click", () => set({ corner: code }));
  svg.append(group);
  return circle;
});
const meters = new Meters("How many pictures are looked at, and how many of the nearest found");
const asks = make("div", { class: "asks" });
const buckets = make("ul", { class: "buckets" });

// What a search of one radius looks at and finds
function searched({ corner, r }) {
  const lit = CODES.filter((code) => bitsApart(code, corner) <= r);
  const looked = lit.flatMap((code) => members[code]);
  const found = data.near[corner].filter((i) => looked.includes(i));
  return { lit, looked, found };
}

function tile(i, corner, lit) {
  const near = data.near[corner].includes(i);
  const verdict = lit ? "found" : "missed";
  return make(
    "li",
    {},
    make(
      "span",
      { class: `tile unjudged ${lit ? "" : "unlit"}` },
      thumbnail(data, i, data.names[i]),
      ...(near ? nearestMark(`one of the nearest, ${verdict}`, lit) : []),
    ),
  );
}

function draw(state) {
  const { lit, looked, found } = searched(state);
  const query = data.codes.length + state.corner;
  asks.replaceChildren(
    make("span", { class: "tile query" }, thumbnail(data, query, data.names[query])),
    make(
      "p",
      {},
      `The query has the code ${written(state.corner)}. A star: one of its ${NEAREST} nearest, filled if found.`,
    ),
  );
  for (const code of CODES) {
    const kind = `vertex ${lit.includes(code) ? "lit" : ""} ${code === state.corner ? "asked" : ""}`;
    corners[code].setAttribute("class", kind);
  }
  meters.show(
    {
      name: "looked at",
      share: looked.length / data.codes.length,
      text: `${looked.length} of ${data.codes.length}`,
    },
    { name: "found", share: found.length / NEAREST, text: `${found.length} of ${NEAREST}` },
  );
  buckets.replaceChildren(
    ...[...CODES]
      .sort((a, b) => bitsApart(a, state.corner) - bitsApart(b, state.corner) || a - b)
      .map((code) =>
        make(
          "li",
          { class: lit.includes(code) ? "lit" : "" },
          make("span", { class: "of-code" }, written(code)),
          members[code].length
            ? make(
                "ul",
                { class: "pictures" },
                ...members[code].map((i) => tile(i, state.corner, lit.includes(code))),
              )
            : "empty",
        ),
      ),
  );
}

const sentence = (state) => {
  const { lit, looked, found } = searched(state);
  return (
    `Radius ${state.r}: a search looks into ${lit.length} of the 8 buckets and at ${looked.length} of the ${data.codes.length} pictures. ` +
    `It finds ${found.length} of the ${NEAREST} nearest.`
  );
};
const brief = (state) => {
  const { looked, found } = searched(state);
  return `${looked.length} of ${data.codes.length} looked at, ${found.length} of ${NEAREST} found`;
};
if (data.sheet) part("cube").style.setProperty("--sheet", `url("${data.sheet}")`);
const set = live("cube", {
  start: { corner: 4, r: 0 },
  drawing: svg,
  beside: [meters.svg],
  below: [make("div", {}, asks, buckets)],
  draw,
  sentence,
  brief,
  controls: [
    { key: "r", label: "Hamming radius", least: 0, most: 3, step: 1 },
    { key: "corner", label: "Code of the query", choices: CODES.map(written) },
  ],
});
