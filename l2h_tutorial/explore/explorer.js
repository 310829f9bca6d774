// The hash explorer: searches the sample by XOR and a count of bits, as the package does.

const root = part("explorer"), data = read("explorer");
const form = root.querySelector("form"), radius = form.elements.radius;
const methods = Object.keys(data.codes), order = data.order.map((digits) => split(digits, 3));
const say = announcer(root.querySelector(".status"));
const n = data.labels.length, TILE = 48, SHOWN = 30;
const codes = {};  // by method and bits: [of queries, of pictures]
const state = {};

function split(digits, width) {
  const numbers = [];
  for (let i = 0; i < digits.length; i += width) numbers.push(Number.parseInt(digits.slice(i, i + width), 16));
  return numbers;
}

function codesOf(method, bits) {
  const key = `${method} ${bits}`;
  codes[key] ??= data.codes[method][bits].map((digits) => split(digits, bits / 4));
  return codes[key];
}

// The search: who is within the radius, the nearest by cosine first.
function search(method) {
  const [queries, pictures] = codesOf(method, state.bits), code = queries[state.query];
  const distances = pictures.map((other) => bitsApart(code, other));
  const right = (id) => data.labels[id] === data.queryLabels[state.query];
  const candidates = order[state.query].filter((id) => distances[id] <= state.radius);
  const answers = candidates.slice(0, data.answers);
  return {
    code, pictures, distances, right, candidates, answers,
    bucket: candidates.filter((id) => distances[id] === 0),
    hits: answers.filter(right).length,
  };
}

function ballSize(bits, r) {
  let size = 0, ways = 1;
  for (let i = 0; i <= r; i += 1) { size += ways; ways = Math.round((ways * (bits - i)) / (i + 1)); }
  return size;
}

// Pictures, codes, tiles

function picture(tile, label) {
  const name = data.classes[label];
  if (!data.sheet) return make("span", { class: "picture named" }, name);
  const x = (tile % data.columns) * TILE, y = Math.floor(tile / data.columns) * TILE;
  const size = `${data.columns * TILE}px ${data.sheetRows * TILE}px`;
  return make("span", {
    class: "picture", role: "img", "aria-label": name,
    style: `background-position: -${x}px -${y}px; background-size: ${size}; background-image: var(--sheet)`,
  });
}

function codeOf(code, other = code) {
  const text = code.toString(2).padStart(state.bits, "0"), second = other.toString(2).padStart(state.bits, "0");
  const differing = [...text].flatMap((bit, i) => (bit === second[i] ? [] : [i + 1]));
  const said = differing.length ? `; differs in bit ${differing.join(", ")}` : "";
  const shown = make("span", { class: "code", role: "img", "aria-label": `${text.match(/.{4}/g).join(" ")}${said}` });
  for (let i = 0; i < text.length; i += 4) {
    shown.append(make("span", {}, ...[...text.slice(i, i + 4)].map((bit, j) => (
      make("i", { class: differing.includes(i + j + 1) ? "differs" : null }, bit)))));
  }
  return shown;
}

function tile(found, id, rank) {
  const right = found.right(id), name = data.classes[data.labels[id]];
  const label = `${rank}. ${name}, ${right ? "right" : "wrong"} class, ${plural(found.distances[id], "bit")} apart`;
  const button = make("button", {
    type: "button", class: `tile ${right ? "right" : "wrong"}`, "aria-label": label, title: label, "aria-pressed": "false",
    tabindex: "-1", "data-row": data.rows[id], "data-id": id,
  }, picture(id, data.labels[id]), make("span", { class: "verdict" }, right ? "\u2713" : "\u2717"));
  button.firstChild.removeAttribute("role");  // the button has the name
  button.firstChild.removeAttribute("aria-label");
  return make("li", {}, button);
}

function tiles(found, ids, first, label) {
  const list = make("ul", { class: "pictures", "aria-label": label });
  list.append(...ids.map((id, i) => tile(found, id, first + i)));
  if (ids.length) list.querySelector("button").tabIndex = 0;
  return list;
}

// One of the two methods

function makeSide(side, title) {
  const select = make("select", { name: side }, ...methods.map((method) => make("option", {}, method)));
  const body = make("div");
  const element = make("section", { class: "side", "data-side": side, "aria-label": title },
    make("h3", {}, title), make("label", {}, "Method ", select), body);
  select.addEventListener("change", () => set({ [side]: select.value }));
  body.addEventListener("click", (event) => choose(body, event.target.closest(".tile")));
  body.addEventListener("focusin", (event) => choose(body, event.target.closest(".tile")));
  body.addEventListener("keydown", move);
  return { element, select, body };
}

// Arrow keys go from picture to picture: one stop of the tab key for each list
function move(event) {
  const from = event.target.closest(".tile");
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!from || (!by && event.key !== "Home" && event.key !== "End")) return;
  const all = [...from.closest("ul").querySelectorAll(".tile")], here = all.indexOf(from);
  const to = { Home: 0, End: all.length - 1 }[event.key] ?? Math.max(0, Math.min(all.length - 1, here + by));
  event.preventDefault();
  from.tabIndex = -1;
  all[to].tabIndex = 0;
  all[to].focus();
}

function choose(body, button) {
  if (!button) return;
  body.querySelectorAll(".tile").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  const found = body.found, id = Number(button.dataset.id);
  body.querySelector(".compare").replaceChildren(
    `${data.classes[data.labels[id]]}: ${plural(found.distances[id], "bit")} apart`, make("br"),
    codeOf(found.pictures[id], found.code));
}

function fill(side, method) {
  const found = search(method), { body, select } = side;
  const rest = found.candidates.slice(data.answers), rightOnes = found.candidates.filter(found.right).length;
  const exhaustive = order[state.query].slice(0, data.answers).filter(found.right).length;
  const share = (100 * found.candidates.length) / n;
  const facts = {
    bucket: ["In its bucket", plural(found.bucket.length, "picture")],
    ball: ["Codes in the ball", ballSize(state.bits, state.radius).toLocaleString("en")],
    candidates: ["Candidates", `${found.candidates.length.toLocaleString("en")} of ${n.toLocaleString("en")} (${share.toFixed(1)}%)`],
    right: ["of the right class", rightOnes.toLocaleString("en")],
    precision: [`Precision at ${data.answers}`, (found.hits / data.answers).toFixed(1)],
    exhaustive: ["Exhaustive search", (exhaustive / data.answers).toFixed(1)],
  };
  body.found = found;
  select.value = method;
  body.replaceChildren(
    make("p", { class: "codes", "data-fact": "code" }, "Query's code", make("br"), codeOf(found.code)),
    make("p", { class: "codes compare" }, "Choose a picture to see its code here."),
    make("dl", {}, ...Object.entries(facts).flatMap(([key, [name, value]]) => (
      [make("dt", { class: key === "right" && "inner" }, name), make("dd", { "data-fact": key }, value)]))),
    make("h4", {}, `The nearest ${data.answers} of the candidates`),
    found.answers.length
      ? tiles(found, found.answers, 1, `Nearest candidates by ${method}`)
      : make("p", {}, "Nothing in the sample is within this radius."));
  if (rest.length) {
    const more = rest.length > SHOWN ? `, ${SHOWN} of them shown` : "";
    body.append(make("details", { open: body.opened },
      make("summary", {}, `${plural(rest.length, "other candidate")}${more}`),
      tiles(found, rest.slice(0, SHOWN), data.answers + 1, `Other candidates by ${method}`)));
    body.lastChild.addEventListener("toggle", (event) => { body.opened = event.target.open; });
  }
  const outcome = found.answers.length ? `${found.hits} of the nearest ${found.answers.length} right` : "none found";
  return `${method}: ${plural(found.candidates.length, "candidate")}, ${outcome}.`;
}

// State

function set(changes) {
  Object.assign(state, changes);
  state.radius = Math.min(state.radius, state.bits);
  show();
  address.write(root, state);
}

function show() {
  form.elements.query.value = state.query;
  form.elements.bits.value = state.bits;
  radius.max = state.bits;
  radius.value = state.radius;
  form.querySelector(".value").textContent = state.radius;
  root.querySelector(".query-name").textContent = data.classes[data.queryLabels[state.query]];
  const said = Object.entries(sides).map(([name, side]) => fill(side, state[name]));
  say(`${state.bits} bits, radius ${state.radius}. ${said.join(" ")}`);
}

function fromAddress() {
  const given = address.read(), bits = Number(given.get("bits"));
  state.bits = data.bits.includes(bits) ? bits : data.bits[0];
  state.query = whole(given.get("query"), 0, data.queryLabels.length - 1, data.start.query);
  state.radius = whole(given.get("radius"), 0, state.bits, data.start.radius);
  state.first = methods.includes(given.get("first")) ? given.get("first") : methods[0];
  state.second = methods.includes(given.get("second")) ? given.get("second") : methods.at(-1);
  show();
}

if (data.sheet) {  // once, as a file in memory: styles would carry the whole text about
  const [head, body] = data.sheet.split(","), bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  const file = URL.createObjectURL(new Blob([bytes], { type: head.slice(5).split(";")[0] }));
  root.style.setProperty("--sheet", `url("${file}")`);
}
root.querySelector(".queries .pictures").append(...data.queryLabels.map((label, i) => make("label", {},
  make("input", { type: "radio", name: "query", value: i, "aria-label": `${data.classes[label]}, query ${i + 1}` }),
  picture(n + i, label))));
root.querySelectorAll(".queries .picture").forEach((image) => image.setAttribute("aria-hidden", "true"));
root.querySelector(".bits .set").append(...data.bits.map((bits) => (
  make("label", {}, make("input", { type: "radio", name: "bits", value: bits }), String(bits)))));
const sides = { first: makeSide("first", "First method"), second: makeSide("second", "Second method") };
root.querySelector(".sides").append(sides.first.element, sides.second.element);
form.addEventListener("input", (event) => set({ [event.target.name]: Number(event.target.value) }));
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", () => { if (location.hash.includes("=")) fromAddress(); });
fromAddress();
part("explorer-without-script").hidden = true;
root.hidden = false;
