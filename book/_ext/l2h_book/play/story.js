// The story that the explorer tells: its steps, the two methods of each, and what it says.

const STEPS = ["Draw", "Race", "Learned lines", "Shuffled labels", "Everything"];
const EVERYTHING = STEPS.length;

// Which methods a step shows; the first two steps show the first of them only
function methodsOf({ step, first, second }, [random, learned, shuffled]) {
  if (step === EVERYTHING) return [first, second];
  return step === 4 ? [learned, shuffled] : [random, learned];
}

// What stands above the results of a method, where a step has words for it
function titleOf({ step }, k) {
  const random = "LSH: random lines";
  const learned = "GRH: learned lines";
  const titles = { 4: [learned, "GRH: shuffled labels"] };
  return step === EVERYTHING ? null : (titles[step] ?? [random, learned])[k];
}

// `told` says of each method how many pictures it compared, and how many of them are of the class
// that is asked for; nothing for a drawing, which has no class.
function wordsOf({ step, radius }, task, told) {
  const many = radius ? `more than ${radius}` : "any";
  const among = (k) => `${told.found[k].right} among ${told.found[k].compared}`;
  if (!told && step > 2)
    return {
      3: "The lines on the left are random. GRH learned those on the right from photographs, and may take a drawing for something else. Choose a photograph above to see what learning does.",
      4: "On the right, GRH learned again with shuffled labels. A drawing has no class to judge this by: choose a photograph above.",
    }[step];
  return {
    1: `${task} Sixteen random lines turn every picture into 16 bits. The search skips each picture whose bits differ from yours in ${many} of the 16 places.`,
    2: "Is it faster to compare the bits first? Let both searches run a thousand times in your browser. The slider sets how many bits may differ: move it, and race again.",
    3: `The lines on the left are random. GRH learned those on the right from pictures whose classes it was told. Of class ${told?.kind}, random lines find ${told && among(0)} pictures, learned lines ${told && among(1)}. Move the slider.`,
    4: `Was it the labels? On the right, GRH learned again, from shuffled labels. Of class ${told?.kind}, it finds ${told && among(1)} pictures; with true labels it found ${told && among(0)}.`,
  }[step];
}

// The row of steps, the words of the one that is shown, and the way to the next. `task` is what the
// reader does first.
class Story {
  constructor(go, task) {
    this.task = task;
    this.buttons = STEPS.map((name, i) => {
      const button = make("button", { type: "button" }, `${i + 1} `, make("span", {}, name));
      button.addEventListener("click", () => go(i + 1));
      return button;
    });
    this.words = make("p", { class: "words" });
    this.next = make("button", { type: "button", class: "next main" });
    this.next.addEventListener("click", () => go(this.step + 1));
    this.telling = make("div", { class: "telling" }, this.words, this.next);
    this.bar = make(
      "div",
      { class: "set" },
      make(
        "nav",
        { "aria-label": "Steps of the story" },
        make("ol", {}, ...this.buttons.map((button) => make("li", {}, button))),
      ),
    );
    this.element = make("div", { class: "story" }, this.bar, this.telling);
  }

  show(state, told) {
    this.step = state.step;
    this.buttons.forEach((button, i) => {
      if (i + 1 === state.step) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    this.telling.hidden = state.step === EVERYTHING;
    this.words.textContent = wordsOf(state, this.task, told) ?? "";
    this.next.textContent = `Next: ${STEPS[state.step] ?? ""}`;
  }
}
