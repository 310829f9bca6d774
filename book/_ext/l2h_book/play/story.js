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

// What each step says. `task` is what the reader does first. `told` has the class that is asked for,
// and how many pictures the learned lines compared and how many of these are of the class; the same
// of other lines that compare about as many. It is nothing for a drawing, which has no class.
const WORDS = {
  1: ({ radius, task }) =>
    `${task} Sixteen random lines turn every picture into 16 bits. The search skips each picture whose bits differ from yours in ${radius ? `more than ${radius}` : "any"} of the 16 places.`,
  2: () =>
    "Is it faster to compare the bits first? Let both searches run a thousand times in your browser. The slider sets how many bits may differ: move it, and race again.",
  3: ({ told }) =>
    told
      ? `The lines on the left are random. GRH learned those on the right from labels. Of the ${told.learned.compared} pictures that it compares, ${told.learned.right} are of class ${told.kind}. Random lines that compare about as many (${told.other.compared}) find ${told.other.right}.`
      : "The lines on the left are random. GRH learned those on the right from photographs, and may take a drawing for something else. Go back to step 1 and choose a photograph to see what learning does.",
  4: ({ told }) =>
    told
      ? `Was it the labels? On the right, GRH learned from shuffled labels. With true ones, ${told.learned.right} of ${told.learned.compared} compared are of class ${told.kind}. With shuffled ones, of about as many (${told.other.compared}), ${told.other.right} are.`
      : "On the right, GRH learned again with shuffled labels. A drawing has no class to judge this by: go back to step 1 and choose a photograph.",
  [EVERYTHING]: () => "",
};

// The row of steps, the words of the one that is shown, and the way to the next.
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
    this.words.textContent = WORDS[state.step]({ radius: state.radius, task: this.task, told });
    this.next.textContent = `Next: ${STEPS[state.step] ?? ""}`;
  }
}
