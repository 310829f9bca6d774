// The story that the explorer tells: its steps, the two methods of each, and what it says.

const STEPS = ["Draw", "Race", "Learned lines", "Shuffled labels", "Everything"];
const EVERYTHING = STEPS.length;

// Which methods a step shows; the first two steps show the first of them only
function methodsOf({ step, first, second }, [random, learned, shuffled]) {
  if (step === EVERYTHING) return [first, second];
  return step === 4 ? [learned, shuffled] : [random, learned];
}

// Whether a step compares learned lines with others
const comparesLines = ({ step }) => step === 3 || step === 4;

// What stands above the results of a method, where a step has words for it
function titleOf(state, k, radius) {
  const random = comparesLines(state)
    ? "LSH: random lines"
    : "LSH (locality-sensitive hashing): random lines";
  const learned = "GRH: learned lines";
  const titles = { 4: [learned, "GRH: shuffled labels"] };
  if (state.step === EVERYTHING) return null;
  const title = (titles[state.step] ?? [random, learned])[k];
  return comparesLines(state) ? `${title}, radius ${radius}` : title;
}

const fair = (learned, other) =>
  `The slider sets the radius of the ${learned}, and the ${other} get the radius closest to equal work.`;

// The class of the second lines is said where it is another one
const share = ({ kind, right, compared }, said) =>
  compared
    ? `${right} of ${compared}${kind === said ? "" : ` are of class ${kind}`}.`
    : "none found.";
const result = ({ learned, other }, one, another) =>
  `${one}: ${share(learned)} ${another}: ${share(other, learned.compared && learned.kind)}`;

const DRAWN = "Your picture has no label, so the commonest class is counted.";

// What each step says. `task` is what the reader does first. `told` says whether the picture is drawn.
// For the learned lines and for the other ones it has how many pictures they compared, the class that
// is counted, which for a drawing is the commonest, and how many of these are of it.
const WORDS = {
  1: ({ radius, task }) =>
    `${task} Sixteen random lines give each picture its 16 bits. The search skips each picture whose bits differ from yours in ${radius ? `more than ${radius}` : "any"} of the 16 places. Of the others, it shows the ten nearest by cosine.`,
  2: () =>
    "Is it faster to compare the bits first? Let both searches run in your browser. The slider sets the Hamming radius: how many bits may differ. Move it, and race again.",
  3: ({ told }) => {
    const scene = "GRH (graph regularised hashing) learned its lines from labels.";
    const how = told.isDrawn ? DRAWN : fair("learned lines", "random lines");
    return `${scene} ${how} ${result(told, "Learned lines", "Random lines")}`;
  },
  4: ({ told }) => {
    const scene = "Was it the labels? Here GRH also learned its lines from shuffled labels.";
    const how = told.isDrawn ? DRAWN : fair("lines with true labels", "others");
    return `${scene} ${how} ${result(told, "True labels", "Shuffled labels")}`;
  },
  [EVERYTHING]: () => "",
};

// The row of steps, the words of the one that is shown, and the way to the next.
class Story {
  constructor(go, task) {
    this.task = task;
    this.buttons = STEPS.map((name, i) => {
      const button = make("button", { type: "button" }, `${i + 1} ${name}`);
      button.addEventListener("click", () => go(i + 1));
      return button;
    });
    this.text = make("span");
    this.words = make("p", { class: "words" }, this.text, " ");
    this.next = make("button", { type: "button", class: "next" });
    this.next.addEventListener("click", () => go(this.step + 1));
    this.bar = make(
      "div",
      { class: "set story" },
      make(
        "nav",
        { "aria-label": "Steps of the story" },
        make("ol", {}, ...this.buttons.map((button) => make("li", {}, button))),
      ),
    );
  }

  show(state, told) {
    this.step = state.step;
    this.buttons.forEach((button, i) => {
      if (i + 1 === state.step) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    this.words.hidden = state.step === EVERYTHING;
    this.next.hidden = state.step === EVERYTHING;
    this.text.textContent = WORDS[state.step]({ radius: state.radius, task: this.task, told });
    this.next.textContent = `Next: ${STEPS[state.step] ?? ""}`;
  }
}
