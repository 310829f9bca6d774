// The hash explorer: a query, two methods, and one map of the pictures for both. It searches by XOR
// and a count of bits.

const data = read("explorer");
const methods = Object.keys(data.codes);
const widths = Object.keys(data.codes[methods[0]]).map(Number);
const n = data.labels.length;
const MOST_RADIUS = 16;
const FINGER = 12; // pixels by which a finger may miss a picture
const lines = Math.ceil(n / data.columns);
const order = data.order.map((digits) => split(digits, 3));
const codes = {};
const everyone = data.labels.map((_, id) => id);
const { learned } = data;
const cast = [0, learned, methods.length - 1]; // of the story: random, learned, from shuffled labels
const MINE = data.queryLabels.length; // the reader's own, after all others
let mine = null; // its codes, by method and bits, and its vector

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
  const cost = [bold(candidates.length), ` of ${plural(n, "picture")} looked at, `];
  cost.push(bold(n - candidates.length), " skipped.");
  if (!candidates.length) return cost;
  if (state.query === MINE) {
    const { kind, count } = commonestOf(candidates);
    return [...cost, ` Their commonest class is ${kind}: `, bold(count), "."];
  }
  const ofClass = (ids) => ids.filter((id) => isRight(state, id)).length;
  const kind = nameOfQuery(state.query);
  return [...cost, ` Class ${kind}: `, bold(ofClass(candidates)), ` of ${ofClass(everyone)}.`];
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
const looked = (ids) => cells("looked", ids, square(0.03));
const ten = (ids) => cells("ten", ids, square(0.06));
const around = (id) => ["chosen around", "chosen"].map((kind) => cells(kind, [id], square(-0.2)));

// A line of the table: who searches, and three numbers, or a dash for what there is not
const line = (name) =>
  make("tr", {}, make("th", { scope: "row" }, name), ...[1, 2, 3].map(() => make("td")));
const fill = ({ cells: [, ...places] }, numbers) =>
  places.forEach((place, i) => {
    place.textContent = numbers[i] ?? "\u2013";
  });

// One method: its line, its nearest pictures, its map, and the chosen picture and its code beside
// the query's. Where there are two methods, the button in a title shows this one's map.

class Side {
  constructor(key) {
    const tile = () => make("button", { type: "button", class: "tile" });
    Object.assign(this, {
      key,
      line: line(""),
      title: make("span"),
      tab: make("button", { type: "button" }),
      count: make("p", { class: "count" }),
      tiles: Array.from({ length: data.answers }, tile),
      codes: make("p", { class: "codes", "data-of": key }),
    });
    this.tab.addEventListener("click", () => set({ seen: sides.indexOf(this) }));
    this.map = make("svg:svg", {
      class: "map",
      viewBox: `0 0 ${data.columns} ${lines}`,
      "aria-hidden": "true",
    });
    // a slider is an element of the page here, as screen readers know it, and not a drawing
    this.finder = make("div", { class: "finder", role: "slider", tabindex: 0 }, this.map);
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
        sheet({ class: "lit", "clip-path": `url(#l2h-lit-${key})` }),
      );
    this.marks = this.map.appendChild(make("svg:g"));
    this.map.addEventListener("click", (event) => {
      choose(this.pictureAt(event, event.pointerType === "touch" ? FINGER : 0));
    });
    this.map.addEventListener("pointermove", (event) => {
      if (!event.buttons) return; // a finger finds one by dragging
      const id = this.pictureAt(event, 0);
      if (id !== now.chosen) choose(id);
    });
    this.finder.addEventListener("keydown", (event) => {
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
      "div",
      { class: "side", "data-side": key },
      make("h2", {}, this.title, this.tab),
      make("div", { class: "head" }, this.count, make("div", { class: "found" }, list, this.none)),
      this.finder,
    );
  }

  // The picture at a point of the map. Up to `reach` pixels away, the nearest that was looked at
  // comes first.
  pictureAt({ clientX, clientY }, reach) {
    const { left, top, width } = this.map.getBoundingClientRect();
    const size = width / data.columns;
    const x = (clientX - left) / size;
    const y = (clientY - top) / size;
    const away = (id) =>
      Math.hypot((id % data.columns) + 0.5 - x, Math.floor(id / data.columns) + 0.5 - y);
    const near = this.candidates.filter((id) => away(id) * size <= reach);
    return (near.length ? near : everyone).reduce((a, b) => (away(b) < away(a) ? b : a));
  }

  show(state, method, title) {
    const found = search(state, method);
    const { chosen } = state;
    this.candidates = found.candidates;
    this.title.textContent = title;
    this.tab.textContent = title;
    this.count.replaceChildren(...countOf(state, found));
    const bucket = found.candidates.filter((id) => found.distances[id] === 0);
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
      looked(found.candidates),
      ten(found.candidates.slice(0, data.answers)),
      ...around(chosen),
    );
    this.finder.setAttribute(
      "aria-label",
      `The pictures as a map, by ${method}: arrow keys choose one`,
    );
    tell(this.finder, chosen, 0, n - 1, `${nameOf(chosen)}${this.where(found, chosen, state)}`);
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

  // Shows its map, or leaves the room to the other one
  see(isSeen, isOneOfTwo) {
    this.element.classList.toggle("seen", isSeen);
    this.finder.hidden = !isSeen;
    this.codes.hidden = !isSeen;
    this.title.hidden = isOneOfTwo;
    this.tab.hidden = !isOneOfTwo;
    this.tab.setAttribute("aria-pressed", isSeen);
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
  for (const [method, bits, thresholds] of data.own.planes) {
    mine[`${method} ${bits}`] = thresholds.reduce((code, threshold) => {
      const normal = normals.subarray(from, from + features.length);
      from += features.length;
      return 2 * code + (features.reduce((sum, x, i) => sum + x * normal[i], 0) >= threshold);
    }, 0);
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
  seen: 0,
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
    hint: hasShoes ? "Or draw your own: a shoe, toe to the left" : "Or draw here",
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
let ends = null; // the row in which it stands where there are no words
let picture = start.query; // the last query that is not the reader's own
const thing = hasShoes ? "a shoe with its toe to the left" : "something";
const task = paper ? `Choose a picture, or draw ${thing}.` : "Choose a picture.";
const story = new Story((step) => {
  const seen = comparesLines({ step }) ? 1 : 0; // what is new in the step
  set(begun({ ...now, step, seen }));
}, task);
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
    const seen = state.step < 3 ? 0 : state.seen;
    side.see(k === seen, state.step >= 3);
    return side.show({ ...state, radius }, method, titleOf(state, k, radius) ?? method);
  });
  fill(exhaustive, [hits(state, order[state.query]), n]);
  if (isAnew) {
    own.open = state.step === 1;
    placeCopier(state);
  }
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

// The button that copies a link stands at the end of the story's words, where there are some
function placeCopier({ step }) {
  if (copier) (step === EVERYTHING ? ends : story.words).append(copier);
}

// What the learned lines of a step find, and what the others do
function whatLearningDoes(state, two) {
  const isDrawn = state.query === MINE;
  const counted = ({ found: { candidates } }) => {
    const kind = isDrawn ? commonestOf(candidates).kind : nameOfQuery(state.query);
    const right = candidates.filter((id) => nameOf(id) === kind).length;
    return { compared: candidates.length, kind, right };
  };
  const place = two[0] === learned ? 0 : 1;
  return {
    isDrawn,
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
const item = (...parts) => make("span", {}, ...parts);
const judgements = [
  item(badge("", "\u2713"), "the query\u2019s class"),
  item(badge("wrong", "\u2717"), "another class"),
];
const legend = make(
  "p",
  { class: "set legend" },
  ...judgements,
  item(key(looked([0])), "looked at"),
  item(key(ten([0])), "the ten nearest"),
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

async function showLinkedDrawing() {
  if (paper?.draw(address.read("explorer").get("drawing") ?? "")) {
    await hashOwn(paper);
    set({ query: MINE });
  }
}

window.addEventListener("hashchange", showLinkedDrawing);
const set = live("explorer", {
  start,
  drawing: row,
  draw,
  sentence,
  below: [
    make(
      "div",
      { class: "results" },
      story.words,
      make(
        "div",
        { class: "panel" },
        own,
        race.element,
        table,
        ...sides.map(({ codes }) => codes),
        story.next,
      ),
      legend,
      ...sides.map(({ element }) => element),
    ),
  ],
  controls: [
    { key: "step", least: 1, most: EVERYTHING },
    { key: "radius", label: "Hamming radius", least: 0, most: MOST_RADIUS, step: 1 },
    { key: "bits", label: "Bits", choices: widths.map(String) },
    { key: "first", label: "First method", choices: methods, place: sides[0].line.cells[0] },
    { key: "second", label: "Second method", choices: methods, place: sides[1].line.cells[0] },
    { key: "query", most: MINE - 1 },
    { key: "chosen", most: n - 1 },
    { key: "seen", most: 1 },
  ],
  more: ({ query }) => ({ drawing: query === MINE ? paper.text() : null }),
});
root.prepend(story.bar);
copier = root.querySelector(".copy");
ends = copier.parentElement;
placeCopier(now);
if (!paper) own.remove();
showLinkedDrawing();
