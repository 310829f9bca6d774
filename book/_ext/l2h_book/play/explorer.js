// The hash explorer: a query, two methods, and one map of the pictures for both. It searches by XOR
// and a count of bits.

const data = read("explorer");
const methods = Object.keys(data.codes);
const widths = Object.keys(data.codes[methods[0]]).map(Number);
const n = data.labels.length;
const MOST_RADIUS = 16;
const lines = Math.ceil(n / data.columns);
const order = data.order.map((digits) => split(digits, 3));
const codes = {};
const everyone = data.labels.map((_, id) => id);
const { learned } = data;
const cast = [0, learned, methods.length - 1]; // of the story: random, learned, from shuffled labels
const MINE = data.queryLabels.length; // the reader's own, after all others
let mine = null; // its codes, by method and bits, and its vector

function split(digits, width) {
  const numbers = [];
  for (let i = 0; i < digits.length; i += width)
    numbers.push(Number.parseInt(digits.slice(i, i + width), 16));
  return numbers;
}

// The search: who is within the radius, the nearest by cosine first. A method that is not linear has
// no code for the reader's own picture.
function search({ step, query, bits, radius }, method) {
  const width = widths[step === EVERYTHING ? bits : 0]; // the story has 16 bits
  const key = `${method} ${width}`;
  codes[key] ??= data.codes[method][width].map((digits) => split(digits, width / 4));
  const [queries, pictures] = codes[key];
  const code = query === MINE ? mine?.[key] : queries[query];
  const distances = code === undefined ? null : pictures.map((other) => bitsApart(code, other));
  return {
    width,
    code,
    pictures,
    distances,
    candidates: distances ? order[query].filter((id) => distances[id] <= radius) : [],
  };
}

// The radius within which a method searches. Where learned lines are compared with others, these get
// the radius at which they compare about as many pictures.
function radiusOf(state, k) {
  if (!comparesLines(state) || k === learned) return state.radius;
  const compared = search(state, methods[learned]).candidates.length;
  const { distances } = search(state, methods[k]);
  if (!distances) return state.radius; // this method does not hash a picture of the reader's own
  const within = (radius) => distances.filter((distance) => distance <= radius).length;
  const excess = (radius) => Math.abs(within(radius) - compared);
  const radii = [...Array(MOST_RADIUS + 1).keys()];
  return radii.reduce((best, radius) => (excess(radius) < excess(best) ? radius : best));
}

// The methods whose radius is the one that is set
function setMethodsOf(state) {
  if (comparesLines(state)) return [learned];
  const two = methodsOf(state, cast);
  return state.step === EVERYTHING ? two : two.slice(0, 1);
}

// The smallest radius, from the one that is set, within which these methods find enough
function wideEnough(state) {
  const most = Math.min(MOST_RADIUS, widths[state.bits]);
  const able = setMethodsOf(state).filter((k) => search(state, methods[k]).distances);
  const findEnough = (radius) =>
    able.every((k) => search({ ...state, radius }, methods[k]).candidates.length >= data.answers);
  let { radius } = state;
  while (radius < most && !findEnough(radius)) radius += 1;
  return radius;
}

// A view whose radius suits it, whatever was set in another one
function begun(state) {
  const view = { ...state, radius: start.radius };
  return { ...view, radius: wideEnough(view) };
}

const nameOf = (id) => data.classes[data.labels[id]];
const nameOfQuery = (query) =>
  query === MINE ? "your picture" : data.classes[data.queryLabels[query]];
const isRight = ({ query }, id) => query === MINE || data.labels[id] === data.queryLabels[query];
const hits = (state, ids) =>
  state.query === MINE
    ? null
    : ids.slice(0, data.answers).filter((id) => isRight(state, id)).length;

// The class that most of some pictures have, and how many these are
function commonestOf(ids) {
  const tally = new Map(data.classes.map((name) => [name, 0]));
  for (const id of ids) tally.set(nameOf(id), tally.get(nameOf(id)) + 1);
  const [kind] = data.classes.slice().sort((a, b) => tally.get(b) - tally.get(a));
  return { kind, count: tally.get(kind) };
}

// What a search costs, and whom it found. A picture of the reader's own has no class: then it is the
// most frequent class that is counted.
function countOf(state, { candidates, distances }) {
  if (!distances) return [];
  const bold = (number) => make("b", {}, number.toLocaleString("en"));
  const cost = [bold(candidates.length), ` of ${plural(n, "picture")} compared in full, `];
  cost.push(bold(n - candidates.length), " skipped.");
  if (!candidates.length) return cost;
  if (state.query === MINE) {
    const { kind, count } = commonestOf(candidates);
    return [...cost, ` Of those compared, the commonest class is ${kind}: `, bold(count), "."];
  }
  const ofClass = (ids) => ids.filter((id) => isRight(state, id)).length;
  const kind = nameOfQuery(state.query);
  return [
    ...cost,
    ` Class ${kind}: `,
    bold(ofClass(candidates)),
    ` of its ${ofClass(everyone)} compared.`,
  ];
}

function codeOf(width, code, other = code) {
  const text = code.toString(2).padStart(width, "0");
  const second = other.toString(2).padStart(width, "0");
  const differing = [...text].flatMap((bit, i) => (bit === second[i] ? [] : [i + 1]));
  const said = differing.length ? `; differs in bit ${differing.join(", ")}` : "";
  const groups = text
    .match(/.{4}/g)
    .map((four, g) =>
      make(
        "span",
        {},
        ...[...four].map((bit, j) =>
          make(
            "i",
            { class: differing.includes(4 * g + j + 1) ? "differs" : null, "data-bit": bit },
            bit,
          ),
        ),
      ),
    );
  return make(
    "span",
    { class: "code", role: "img", "aria-label": `${text.match(/.{4}/g).join(" ")}${said}` },
    ...groups,
  );
}

// Marks in the cells of a map, all of one shape, which is drawn from a cell's upper left corner
const shapes = (ids, shape) =>
  ids.map((id) => `M${id % data.columns} ${Math.floor(id / data.columns)}${shape}`).join("");
const cells = (kind, ids, shape) => make("svg:path", { class: kind, d: shapes(ids, shape) });
const square = (inset) => `m${inset} ${inset}h${1 - 2 * inset}v${1 - 2 * inset}h${2 * inset - 1}z`;
const corner = "m1 .5v.5h-.5z";
const around = (id) => ["chosen around", "chosen"].map((kind) => cells(kind, [id], square(-0.35)));

// A line of the table: who searches, and three numbers, or a dash for what there is not
const line = (name) =>
  make("tr", {}, make("th", { scope: "row" }, name), ...[1, 2, 3].map(() => make("td")));
const fill = ({ cells: [, ...places] }, numbers) =>
  places.forEach((place, i) => {
    place.textContent = numbers[i] ?? "\u2013";
  });

// One method: its line, its nearest pictures, its map, and the chosen picture and its code beside
// the query's

class Side {
  constructor(key) {
    const tile = () => make("button", { type: "button", class: "tile" });
    Object.assign(this, {
      key,
      line: line(""),
      title: make("h2"),
      count: make("p", { class: "count" }),
      tiles: Array.from({ length: data.answers }, tile),
      codes: make("p", { class: "codes" }),
    });
    this.map = make("svg:svg", {
      class: "map",
      viewBox: `0 0 ${data.columns} ${lines}`,
      role: "slider",
      tabindex: 0,
    });
    // what is seen of the second of two sheets, of which the first is faint
    this.lit = make("svg:path");
    const sheet = (more) =>
      make("svg:image", {
        href: data.sheet,
        width: data.columns,
        height: data.sheetRows,
        preserveAspectRatio: "none",
        ...more,
      });
    if (data.sheet)
      this.map.append(
        sheet({ class: "unlit" }),
        make("svg:clipPath", { id: `l2h-lit-${key}` }, this.lit),
        sheet({ "clip-path": `url(#l2h-lit-${key})` }),
      );
    this.marks = this.map.appendChild(make("svg:g"));
    const pick = ({ clientX, clientY }) => {
      const box = this.map.getBoundingClientRect();
      const at = (to, from, length, all) =>
        Math.max(0, Math.min(all - 1, Math.floor(((to - from) / length) * all)));
      const id =
        at(clientX, box.left, box.width, data.columns) +
        data.columns * at(clientY, box.top, box.height, lines);
      if (id !== now.chosen) choose(id);
    };
    this.map.addEventListener("click", pick);
    this.map.addEventListener("pointermove", (event) => {
      if (event.buttons) pick(event);
    }); // a finger finds one by dragging
    this.map.addEventListener("keydown", (event) => {
      const by = {
        ArrowRight: 1,
        ArrowLeft: -1,
        ArrowDown: data.columns,
        ArrowUp: -data.columns,
        Home: -n,
        End: n,
      }[event.key];
      if (!by) return;
      event.preventDefault();
      choose(now.chosen + by, Math.abs(by) === n);
    });
    for (const one of this.tiles)
      one.addEventListener("click", () => choose(Number(one.dataset.id)));
    this.none = make("p", {}, "none");
    const list = make(
      "ul",
      { class: "pictures", "aria-label": `The nearest ${data.answers} of the candidates` },
      ...this.tiles.map((one) => make("li", {}, one)),
    );
    this.element = make(
      "section",
      { class: "side", "data-side": key },
      this.title,
      this.count,
      make("div", { class: "found" }, list, this.none),
      this.map,
      this.codes,
    );
  }

  show(state, method, title) {
    const found = search(state, method);
    const { chosen } = state;
    this.title.textContent = title;
    this.count.replaceChildren(...countOf(state, found));
    const [bucket, others] = [true, false].map((same) =>
      found.candidates.filter((id) => (found.distances[id] === 0) === same),
    );
    fill(
      this.line,
      found.distances
        ? [hits(state, found.candidates), found.candidates.length, bucket.length]
        : [],
    );
    this.tiles.forEach((one, rank) => {
      this.tile(one, found, rank, state);
    });
    this.none.hidden = found.candidates.length > 0;
    this.lit.setAttribute("d", shapes(found.candidates, square(0)));
    this.marks.replaceChildren(
      ...[others, bucket].flatMap((ids) =>
        [true, false].map((right) =>
          cells(
            `${ids === bucket ? "bucket" : "ring"} ${right ? "" : "wrong"}`,
            ids.filter((id) => isRight(state, id) === right),
            square(0.08),
          ),
        ),
      ),
      cells(
        "corner",
        found.candidates.filter((id) => !isRight(state, id)),
        corner,
      ),
      ...around(chosen),
    );
    this.map.setAttribute(
      "aria-label",
      `The pictures as a map, by ${method}: arrow keys choose one`,
    );
    tell(this.map, chosen, 0, n - 1, `${nameOf(chosen)}${this.where(found, chosen, state)}`);
    const asked =
      state.query === MINE
        ? make("span", { class: "picture mine" })
        : thumbnail(data, n + state.query, "");
    this.codes.replaceChildren(
      ...(found.distances
        ? [
            ...(data.sheet
              ? [make("span", { class: "pair" }, asked, thumbnail(data, chosen, ""))]
              : []),
            make("span", {}, `Query: ${nameOfQuery(state.query)}`),
            codeOf(found.width, found.code),
            make(
              "span",
              {},
              `Chosen: ${nameOf(chosen)}, ${plural(found.distances[chosen], "bit")} apart`,
            ),
            codeOf(found.width, found.pictures[chosen], found.code),
          ]
        : [
            "This method is not linear, so the page cannot hash a picture of your own by it. Choose another.",
          ]),
    );
    return { method, found };
  }

  where({ distances }, id, { radius }) {
    return distances
      ? `, ${plural(distances[id], "bit")} apart, ${distances[id] <= radius ? "inside" : "outside"} the ball`
      : "";
  }

  tile(one, found, rank, state) {
    const id = found.candidates[rank];
    const right = isRight(state, id);
    // its room stays, so that no map moves
    one.parentElement.style.visibility = id === undefined ? "hidden" : "";
    if (id === undefined) return;
    const judged = state.query === MINE ? "" : `, ${right ? "right" : "wrong"} class`;
    const label = `${rank + 1}. ${nameOf(id)}${judged}, ${plural(found.distances[id], "bit")} apart`;
    for (const [key, value] of Object.entries({
      "aria-label": label,
      title: label,
      "aria-pressed": id === state.chosen,
    }))
      one.setAttribute(key, value);
    one.dataset.id = id;
    one.classList.toggle("wrong", !right);
    one.classList.toggle("unjudged", state.query === MINE);
    one.replaceChildren(
      thumbnail(data, id, ""),
      ...(judged ? [make("span", { class: "verdict" }, right ? "\u2713" : "\u2717")] : []),
    );
    if (!data.sheet) one.firstChild.textContent = nameOf(id);
  }
}

// A picture of the reader's own: described and hashed in the page

async function hashOwn(paper) {
  const [height, width] = data.own.size;
  const { greys, address: seen } = paper.picture();
  const features = unit(
    Float64Array.from(gist(matrix(height, width, (i, j) => greys[i * width + j]))),
  );
  const { mean, vectors, normals } = await numbersFrom(data.numbers);
  mine = {};
  let from = 0;
  for (const [method, bits, scales, thresholds] of data.own.planes) {
    const scores = scales.map((scale, k) => {
      const normal = normals.subarray(from + k * features.length, from + (k + 1) * features.length);
      return scale * features.reduce((sum, x, i) => sum + x * normal[i], 0) - thresholds[k];
    });
    from += bits * features.length;
    mine[`${method} ${bits}`] = scores.reduce((code, score) => 2 * code + (score >= 0), 0);
  }
  mine.vector = unit(Float32Array.from(features, (x, i) => x - mean[i]));
  order[MINE] = vectors.nearest(mine.vector, everyone, n);
  radio.firstChild.disabled = false;
  root.style.setProperty("--mine", `url("${seen}")`);
}

// Searches for what is on the paper: by methods that can hash it, and far enough to find something
async function askForOwn() {
  try {
    await hashOwn(paper);
  } catch (error) {
    paper.say(error.message);
    return;
  }
  if (paper.isEmpty) return; // it was cleared meanwhile
  const linear = (k) => (data.own.planes.some(([method]) => method === methods[k]) ? k : learned);
  const asked = { ...now, query: MINE, first: linear(now.first), second: linear(now.second) };
  if (now.step < EVERYTHING) asked.radius = start.radius;
  const radius = wideEnough(asked);
  const changed = ["first", "second"].some((side) => asked[side] !== now[side]);
  const [nearest] = search({ ...asked, radius }, methods[methodsOf(asked, cast)[0]]).candidates;
  set({ ...asked, radius, chosen: nearest ?? now.chosen });
  const notes = [];
  if (changed && now.step === EVERYTHING)
    notes.push("Only a linear method can hash your own picture here, so a method was changed.");
  if (radius > asked.radius)
    notes.push(
      `With at most ${plural(asked.radius, "differing bit")}, a method finds fewer than ${data.answers} pictures. Now ${radius} may differ.`,
    );
  paper.say(notes.join(" "));
  noted = searchOf(now);
}

// The page

const root = part("explorer");
const sides = [new Side("first"), new Side("second")];
const start = {
  step: 1,
  query: data.start.query,
  bits: 0,
  radius: data.start.radius,
  first: 0,
  second: learned,
};
const firstMistake = (state) =>
  search(state, methods[0]).candidates.find((id) => !isRight(state, id)) ?? order[state.query][0];
start.chosen = firstMistake(start);
root.dataset.of = data.dataset;
if (data.sheet) root.style.setProperty("--sheet", `url("${data.sheet}")`);
let now = start;
let shown = [];
let noted = null; // the search that the words under the paper are about
const searchOf = ({ query, radius, bits, first, second }) =>
  [query, radius, bits, first, second].join();
const choose = (id, held = false) => {
  if (held || (id >= 0 && id < n)) set({ chosen: Math.max(0, Math.min(n - 1, id)) });
};
const radioOf = (i, name, ...parts) =>
  make(
    "label",
    {},
    make("input", { type: "radio", name: "query", value: i, "aria-label": name }),
    ...parts,
  );
const radio = radioOf(MINE, "Your own picture", make("span", { class: "picture mine" }));
radio.firstChild.disabled = true;
const queries = data.queryLabels.map((label, i) =>
  radioOf(i, `${data.classes[label]}, query ${i + 1}`, thumbnail(data, n + i, data.classes[label])),
);
for (const one of queries) one.lastChild.setAttribute("aria-hidden", "true");
const row = make(
  "fieldset",
  { class: "queries" },
  make("legend", {}, "Query"),
  make("div", { class: "pictures" }, ...queries, ...(data.own ? [radio] : [])),
);
row.addEventListener("change", ({ target }) => choosePicture(Number(target.value)));

// A photograph keeps the radius where the reader can set it, but not one that a drawing needed
function choosePicture(query) {
  const keeps = now.step > 1 && query !== MINE && now.query !== MINE;
  set(keeps ? { query } : begun({ ...now, query }));
}

const hasShoes = data.classes.includes("sneaker");
const paper =
  data.own &&
  new Paper(data.own.size, {
    hint: hasShoes ? "Draw a shoe, toe to the left" : "Draw here",
    changed: askForOwn,
    cleared: () => {
      radio.firstChild.disabled = true;
      mine = null;
      if (now.query !== MINE) return;
      const view = begun({ ...now, query: picture });
      set({ ...view, chosen: firstMistake(view) });
    },
  });
let copier = null; // the button that copies a link
let picture = start.query; // the last query that is not the reader's own
const thing = hasShoes ? "a shoe with its toe to the left" : "something";
const task = paper ? `Draw ${thing}, or choose a picture.` : "Choose a picture.";
const story = new Story((step) => set(begun({ ...now, step })), task);
const fields = [[`Race over the map\u2019s ${plural(n, "picture")}`, taskOfMap]];
if (data.database) {
  const size = `${Math.round(data.database.bytes / 1e6)} MB`;
  const all = plural(data.database.count, "picture");
  fields.push([`Race over all ${all} (${size})`, taskOfDatabase]);
}
const race = new Race(fields);

const onTheMap = `all ${plural(n, "picture")} of the map`;

// What both searches of a race are given: the pictures of the map, or the whole database
async function taskOfMap() {
  const { vectors } = await numbersFrom(data.numbers);
  const { code, pictures } = shown[0].found;
  return {
    place: onTheMap,
    vectors,
    query: now.query === MINE ? mine.vector : vectors.vector(n + now.query),
    ids: everyone,
    code,
    codes: pictures,
    radius: now.radius,
    most: data.answers,
  };
}

async function taskOfDatabase() {
  const task = await taskOfMap();
  const { file, count } = data.database;
  const { vectors, codes } = await databaseFrom(file, task.vectors.features, widths[0] / 4);
  const place = `all ${plural(count, "picture")} of the database, not only the map`;
  return { ...task, place, vectors, codes, ids: [...Array(count).keys()] };
}

const own = make(
  "details",
  { class: "own" },
  make("summary", {}, "A picture of your own"),
  ...(paper ? [paper.element] : []),
);

// Scrolls the row of queries, where it is longer than the screen is wide
function centre({ offsetLeft, offsetWidth }) {
  const strip = row.lastChild;
  strip.scrollLeft = offsetLeft - strip.offsetLeft - (strip.clientWidth - offsetWidth) / 2;
}

function draw(state) {
  now = state;
  const asked = row.querySelector(`[value="${state.query}"]`);
  const isAnew = root.dataset.step !== String(state.step);
  const mustMove = isAnew || !asked.checked;
  asked.checked = true;
  if (state.query !== MINE) picture = state.query;
  const two = methodsOf(state, cast);
  shown = sides.map((side, k) => {
    const method = methods[two[k]];
    const radius = radiusOf(state, two[k]);
    return side.show({ ...state, radius }, method, titleOf(state, k, radius) ?? method);
  });
  fill(exhaustive, [hits(state, order[state.query]), n]);
  if (isAnew) own.open = state.step === 1;
  root.dataset.step = state.step;
  if (mustMove) centre(asked.parentElement);
  if (searchOf(state) !== noted) paper?.say("");
  for (const judgement of judgements) judgement.hidden = state.query === MINE;
  story.show(state, whatLearningDoes(state, two));
  if (copier) nameCopier(copier, `Copy link${aboutOwn(state)}`);
  const [first] = shown;
  const { code, candidates } = first.found;
  race.show(JSON.stringify([state.step, state.radius, code]), candidates.length, onTheMap, n);
}

// What the learned lines of a step find, and what the others do
function whatLearningDoes(state, two) {
  const counted = ({ found: { candidates } }) => ({
    compared: candidates.length,
    right: candidates.filter((id) => isRight(state, id)).length,
    commonest: commonestOf(candidates).kind,
  });
  const place = two[0] === learned ? 0 : 1;
  return {
    kind: state.query === MINE ? null : nameOfQuery(state.query),
    learned: counted(shown[place]),
    other: counted(shown[1 - place]),
  };
}

function aboutOwn({ query }) {
  if (query !== MINE) return "";
  return paper.isLoaded ? " without my picture" : " with my drawing";
}

const count = (state, method, ids) =>
  `${method}: ${state.query === MINE ? "" : `${hits(state, ids)} of ${data.answers} right, `}${plural(ids.length, "candidate")}.`;

function sentence(state) {
  if (state.step < EVERYTHING) {
    const told = shown
      .slice(0, state.step < 3 ? 1 : 2)
      .map(({ method }, k) => `${method}: ${sides[k].count.textContent}`);
    return told.join(" ");
  }
  const searches = shown.map(({ method, found: { candidates, distances } }) =>
    distances ? count(state, method, candidates) : `${method} cannot hash it here.`,
  );
  return [...searches, count(state, "Exhaustive search", order[state.query])].join(" ");
}

const key = (...marks) =>
  make("svg:svg", { class: "map", viewBox: "-.1 -.1 1.2 1.2", "aria-hidden": "true" }, ...marks);
const badge = (kind, mark) =>
  make("span", { class: kind }, make("span", { class: "verdict" }, mark));
const frame = (kind) => cells(kind, [0], square(0.08));
const item = (...parts) => make("span", {}, ...parts);
const judgements = [
  item(badge("", "\u2713"), "the query\u2019s class"),
  item(
    key(frame("ring wrong"), cells("corner", [0], corner)),
    badge("wrong", "\u2717"),
    "another class",
  ),
];
const legend = make(
  "p",
  { class: "set legend" },
  ...judgements,
  item(key(frame("bucket")), "the same code"),
  item(key(frame("ring")), "within the radius"),
  item(key(...around(0)), "chosen"),
);
const heads = ["Method", `Right, of ${data.answers}`, `Candidates, of ${n}`, "In its bucket"].map(
  (text) => make("th", { scope: "col" }, text),
);
const exhaustive = line("Exhaustive search");
const table = make(
  "table",
  {},
  make("thead", {}, make("tr", {}, ...heads)),
  make("tbody", {}, ...sides.map((side) => side.line), exhaustive),
);

// A link to a view from before there were steps opens all that it set
function bringOlderLinkUpToDate() {
  const asked = address.read();
  const parts = ["query", "bits", "radius", "first", "second", "chosen"];
  if (parts.some((key) => asked.has(key)) && !asked.has("step"))
    address.write({ step: EVERYTHING });
}

async function showLinkedDrawing() {
  if (paper?.draw(address.read().get("drawing") ?? "")) {
    await hashOwn(paper);
    set({ query: MINE });
  }
}

bringOlderLinkUpToDate();
window.addEventListener("hashchange", bringOlderLinkUpToDate);
window.addEventListener("hashchange", showLinkedDrawing);
const set = live("explorer", {
  start,
  drawing: row,
  draw,
  sentence,
  beside: [table],
  below: [
    own,
    race.element,
    legend,
    make("div", { class: "sides" }, ...sides.map(({ element }) => element)),
  ],
  controls: [
    { key: "step", least: 1, most: EVERYTHING },
    { key: "radius", label: "Hamming radius", least: 0, most: MOST_RADIUS, step: 1 },
    { key: "bits", label: "Bits", choices: widths.map(String) },
    { key: "first", label: "First method", choices: methods, place: sides[0].line.cells[0] },
    { key: "second", label: "Second method", choices: methods, place: sides[1].line.cells[0] },
    { key: "query", most: MINE - 1 },
    { key: "chosen", most: n - 1 },
  ],
  more: ({ query }) => ({ drawing: query === MINE ? paper.text() : null }),
});
root.prepend(story.element);
copier = root.querySelector(".copy");
story.bar.append(copier);
if (!paper) own.remove();
showLinkedDrawing();
