// A race of two searches for the same query. Both compare vectors by the same function. The first
// compares all of them. The second compares all codes, and then the vectors within the radius.

const ROUNDS = 1000;
const AT_ONCE = 20; // searches of a kind in turn, before the page may draw

const searchEverything = ({ vectors, query, ids, most }) => vectors.nearest(query, ids, most);

function searchBall({ vectors, query, ids, code, codes, radius, most }) {
  const inside = [];
  for (const id of ids) if (bitsApart(code, codes[id]) <= radius) inside.push(id);
  return vectors.nearest(query, inside, most);
}

const milliseconds = (time) => `${time.toFixed(time < 10 ? 1 : 0)} ms`;

// Runs both, and shows the milliseconds that each has taken, until `show` says no
async function timeBoth(task, show) {
  const searches = [searchEverything, searchBall];
  const took = [0, 0];
  // a browser compiles what it has run for a while: that is not timed
  for (let i = 0; i < AT_ONCE; i += 1) for (const search of searches) search(task);
  for (let done = AT_ONCE; done <= ROUNDS; done += AT_ONCE) {
    searches.forEach((search, k) => {
      const began = performance.now();
      for (let i = 0; i < AT_ONCE; i += 1) search(task);
      took[k] += performance.now() - began;
    });
    if (!show(done, took)) return;
    await new Promise((then) => setTimeout(then));
  }
}

// The button, two bars and what they say. `taskOf` gives what to search for.
class Race {
  constructor(taskOf) {
    this.taskOf = taskOf;
    this.running = null;
    this.button = make("button", { type: "button", class: "main" }, "Race");
    this.button.addEventListener("click", () => this.run());
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
      this.button,
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
  show(view, candidates, all) {
    this.timed.textContent = `Timed: the search for this one query, ${ROUNDS.toLocaleString("en")} times each way, in turns of ${AT_ONCE}. One way compares the vectors of all ${plural(all, "picture")}. The other compares all ${plural(all, "code")} bit by bit, then the vectors of the ${plural(candidates, "picture")} within the radius. Both keep the ten largest cosines.`;
    if (view === this.view) return;
    this.view = view;
    this.running = null;
    this.said.textContent = "It takes a few seconds.";
    for (const { bar, time } of this.bars) {
      bar.style.width = 0;
      time.textContent = "";
    }
  }

  async run() {
    const running = {};
    this.running = running;
    let task = null;
    try {
      task = await this.taskOf();
    } catch (error) {
      this.said.textContent = error.message;
      return;
    }
    if (this.running !== running) return;
    this.said.textContent = "Both are running.";
    await timeBoth(task, (done, took) => {
      if (this.running !== running) return false;
      this.bars.forEach(({ bar, time }, k) => {
        bar.style.width = `${((100 * took[k]) / Math.max(...took)) * (done / ROUNDS)}%`;
        time.textContent = milliseconds(took[k]);
      });
      if (done === ROUNDS) this.finish(task, took);
      return true;
    });
  }

  finish(task, [all, few]) {
    const exact = searchEverything(task);
    const found = new Set(searchBall(task));
    const both = exact.filter((id) => found.has(id)).length;
    const factor = Math.max(all, few) / Math.min(all, few);
    const times = factor.toFixed(factor < 10 ? 1 : 0);
    const verdict = few < all ? `was ${times} times as fast` : `took ${times} times as long`;
    this.said.textContent = `Comparing all took ${milliseconds(all)}, codes first ${milliseconds(few)}. So codes first ${verdict}, in your browser just now. It finds ${both} of the ${plural(exact.length, "nearest picture", "nearest pictures")}.`;
  }
}
