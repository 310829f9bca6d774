// A race of two searches for the same query. Both compare vectors by the same function. The first
// compares all of them. The second compares all codes, and then the vectors within the radius.

const TURNS = 15;
const TURN = 25; // milliseconds that a turn takes at least: a browser's clock is coarse

const searchEverything = ({ vectors, query, ids, most }) => vectors.nearest(query, ids, most);

function candidatesOf({ ids, code, codes, radius }) {
  const inside = [];
  for (const id of ids) if (bitsApart(code, codes[id]) <= radius) inside.push(id);
  return inside;
}

const searchBall = (task) => task.vectors.nearest(task.query, candidatesOf(task), task.most);

// Two digits count: the rest changes from race to race
const milliseconds = (time) => `${time.toLocaleString("en", { maximumSignificantDigits: 2 })} ms`;

function timeOf(search, task, count) {
  const began = performance.now();
  for (let i = 0; i < count; i += 1) search(task);
  return performance.now() - began;
}

// How many searches take a turn. To find it warms the browser up, which compiles what it has run
// for a while.
function countForTurn(search, task) {
  let count = 1;
  while (timeOf(search, task, count) < TURN) count *= 2;
  return count;
}

const lasts = (time) => `That takes about ${plural(Math.ceil(time / 1000), "second")} here.`;

function median(numbers) {
  const sorted = numbers.slice().sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

// Runs both in turns, and shows how many turns are done and the median milliseconds of one search,
// until `show` says no
async function timeBoth(task, show) {
  const races = [searchEverything, searchBall].map((search) => ({
    search,
    count: countForTurn(search, task),
    times: [],
  }));
  for (let done = 1; done <= TURNS; done += 1) {
    const began = performance.now();
    for (const { search, count, times } of races) times.push(timeOf(search, task, count) / count);
    const turn = performance.now() - began;
    const medians = races.map(({ times }) => median(times));
    if (!show(done, medians, turn)) return;
    await new Promise((then) => setTimeout(then));
  }
}

// The buttons, two bars and what they say. `fields` has for each button its name and a function that
// gives what to search for, and among which pictures, in words.
class Race {
  constructor(fields) {
    this.running = null;
    const buttons = fields.map(([name, taskOf], i) => {
      const button = make("button", { type: "button", class: i ? null : "main" }, name);
      button.addEventListener("click", () => this.run(taskOf));
      return button;
    });
    this.bars = ["Comparing all", "Codes first"].map((name) => ({
      bar: make("span", { class: "bar" }),
      time: make("span", { class: "value" }),
      name,
    }));
    this.said = make("p", { role: "status" });
    this.timed = make("p", { class: "small" });
    this.element = make(
      "div",
      { class: "race" },
      make("div", { class: "fields" }, ...buttons),
      make(
        "div",
        { class: "lanes", "aria-hidden": "true" },
        ...this.bars.map(({ name, bar, time }) =>
          make("div", {}, make("span", {}, name), make("span", { class: "lane" }, bar), time),
        ),
      ),
      this.said,
      this.timed,
    );
  }

  // What was measured holds for one view: another one begins anew
  show(view, candidates, place, all) {
    if (view === this.view) return;
    this.view = view;
    this.running = null;
    this.explain(candidates, place, all);
    this.said.textContent = "";
    this.empty();
  }

  explain(candidates, place, all) {
    this.timed.textContent = `Timed: one search for this query, as the median of ${TURNS} turns. In each turn both ways search many times. One way compares the vectors of ${place}. The other compares all ${plural(all, "code")} bit by bit, then the vectors of the ${plural(candidates, "picture")} within the radius. Both keep the ten pictures with the largest cosines, of whatever class.`;
  }

  empty() {
    for (const { bar, time } of this.bars) {
      bar.style.width = 0;
      time.textContent = "";
    }
  }

  async run(taskOf) {
    const running = {};
    this.running = running;
    this.empty();
    this.said.textContent = "Fetching the vectors.";
    this.said.scrollIntoView({ block: "nearest" }); // it has the room of the result
    let task = null;
    try {
      task = await taskOf();
    } catch (error) {
      if (this.running === running) this.said.textContent = error.message;
      return;
    }
    if (this.running !== running) return;
    this.explain(candidatesOf(task).length, task.place, task.ids.length);
    this.said.textContent = "Both are running.";
    await timeBoth(task, (done, took, turn) => {
      if (this.running !== running) return false;
      if (done === 1) this.said.textContent = `Both are running. ${lasts(turn * TURNS)}`;
      this.bars.forEach(({ bar, time }, k) => {
        bar.style.width = `${((100 * took[k]) / Math.max(...took)) * (done / TURNS)}%`;
        time.textContent = milliseconds(took[k]);
      });
      if (done === TURNS) this.finish(task, took);
      return true;
    });
  }

  finish(task, [all, few]) {
    const exact = searchEverything(task);
    const found = new Set(searchBall(task));
    const both = exact.filter((id) => found.has(id)).length;
    const compared = candidatesOf(task).length;
    const skipped = task.ids.length - compared;
    const factor = Math.max(all, few) / Math.min(all, few);
    const times = factor.toFixed(factor < 10 ? 1 : 0);
    const verdict = few < all ? `is ${times} times as fast` : `takes ${times} times as long`;
    this.said.textContent = `Among ${task.place}, comparing all takes ${milliseconds(all)} a search, codes first ${milliseconds(few)}. So codes first ${verdict}, in your browser just now. Codes first compared ${plural(compared, "picture")} in full and skipped ${skipped.toLocaleString("en")}. It found ${both} of the ${exact.length} nearest by cosine.`;
  }
}
