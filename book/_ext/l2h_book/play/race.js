// A race of two searches for the same query. Both compare vectors by the same function. The first
// compares all of them. The second compares all codes, and then the vectors within the radius.

const ROUNDS = 1000;
const AT_ONCE = 20; // searches of a kind in turn, before the page may draw

const searchEverything = ({ vectors, query, ids, most }) => vectors.nearest(query, ids, most);

function candidatesOf({ ids, code, codes, radius }) {
  const inside = [];
  for (const id of ids) if (bitsApart(code, codes[id]) <= radius) inside.push(id);
  return inside;
}

const searchBall = (task) => task.vectors.nearest(task.query, candidatesOf(task), task.most);

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

// The buttons, two bars and what they say. `fields` has for each button its name and a function that
// gives what to search for.
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
  show(view, candidates, all) {
    if (view === this.view) return;
    this.view = view;
    this.running = null;
    this.explain(candidates, all);
    this.said.textContent = "It takes a few seconds.";
    this.empty();
  }

  explain(candidates, all) {
    this.timed.textContent = `Timed: the search for this one query, ${ROUNDS.toLocaleString("en")} times each way, in turns of ${AT_ONCE}. One way compares the vectors of all ${plural(all, "picture")}. The other compares all ${plural(all, "code")} bit by bit, then the vectors of the ${plural(candidates, "picture")} within the radius. Both keep the ten largest cosines.`;
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
    let task = null;
    try {
      task = await taskOf();
    } catch (error) {
      if (this.running === running) this.said.textContent = error.message;
      return;
    }
    if (this.running !== running) return;
    this.explain(candidatesOf(task).length, task.ids.length);
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
    const compared = candidatesOf(task).length;
    const skipped = task.ids.length - compared;
    const factor = Math.max(all, few) / Math.min(all, few);
    const times = factor.toFixed(factor < 10 ? 1 : 0);
    const verdict = few < all ? `was ${times} times as fast` : `took ${times} times as long`;
    this.said.textContent = `Comparing all took ${milliseconds(all)}, codes first ${milliseconds(few)}. So codes first ${verdict}, in your browser just now. Codes first compared ${plural(compared, "picture")} in full and skipped ${skipped.toLocaleString("en")}. It found ${both} of the ${plural(exact.length, "nearest picture", "nearest pictures")}.`;
  }
}
