// What a reader did in this book: guesses, and answers to questions and exercises. It is kept in
// this browser, under one key, and goes nowhere. Parts of a page say so by `bookStore`.
window.bookStore = (() => {
  const KEY = "learning-to-hash";
  const page = DOCUMENTATION_OPTIONS.pagename;
  // by its kind, the names of what this page asks: "guesses", "questions", "passed"
  const asked = {};

  const all = () => {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return {}; // the browser keeps nothing, or something else
    }
  };

  // Kinds that a page does not ask for are "answers" and "tried", both of exercises, and "first":
  // whether the first answer to a question was right.
  const kept = (kind, name) => all()[kind]?.[name];

  const keep = (kind, name, value) => {
    const everything = all();
    everything[kind] = { ...everything[kind], [name]: value };
    everything.asked = { ...everything.asked, [page]: asked };
    try {
      localStorage.setItem(KEY, JSON.stringify(everything));
    } catch {
      // it is not kept then
    }
    window.bookStore.list();
  };

  const ask = (kind, name) => {
    asked[kind] = [...names(kind), name];
  };

  const names = (kind) => asked[kind] ?? [];

  // How many of what a page asks are done, by their kind.
  const done = (of) =>
    Object.entries(all().asked?.[of] ?? {}).map(([kind, names]) => [
      kind,
      names.filter((name) => kept(kind, name)).length,
      names.length,
    ]);

  const holds = () => Object.keys(all()).length > 0;
  const forget = () => localStorage.removeItem(KEY);
  const nameOf = (text) => `${page} ${text.trim()}`;

  return { kept, keep, ask, names, done, holds, forget, nameOf };
})();

// "Predict" takes a guess, opens the answer that is folded below, and shows the guess there. Of a
// figure to play with, the figure answers first, so the answer stays folded; on a phone, where the
// figure needs the screen, its question is one line once there is a guess, or a link has set it.
document.addEventListener("DOMContentLoaded", () => {
  const { ask, keep, kept, nameOf } = window.bookStore;
  const phone = window.matchMedia("(max-width: 576px)");
  const foldOf = (...parts) => {
    const fold = document.createElement("details");
    const line = document.createElement("summary");
    fold.className = "predict";
    parts[0].before(fold);
    fold.append(line, ...parts);
    return fold;
  };
  const starts = [...document.querySelectorAll(".bd-article p > em:first-child")];
  const questions = starts.filter((start) => start.textContent === "Predict.");
  for (const [i, { parentElement: question }] of questions.entries()) {
    const name = nameOf(question.textContent);
    const form = document.createElement("form");
    const label = document.createElement("label");
    const button = document.createElement("button");
    const said = document.createElement("span");
    const figure = question.closest(".l2h-figure");
    const field = document.createElement("textarea");
    const below = (figure ?? question).nextElementSibling;
    const answer = below?.matches("details.sd-dropdown") && below.lastElementChild;
    const guessed = document.createElement("p");
    const toAnswer = figure ? "Now try it, then open the answer below." : "The answer is below.";
    const next = answer ? toAnswer : figure && "Now try it.";
    const isKept = () => Boolean(field.value) && kept("guesses", name) === field.value;
    const mark = (now) => {
      button.textContent = now ? "✓ Kept" : "Keep my guess";
    };
    const show = () => {
      guessed.textContent = `You guessed: ${field.value}`;
      guessed.hidden = !field.value;
      if (fold) fold.firstChild.textContent = field.value ? guessed.textContent : "Guess first";
    };
    question.id ||= `predict-${i + 1}`;
    form.className = "guess";
    said.setAttribute("role", "status");
    field.id = `guess-${i + 1}`;
    field.rows = 1;
    field.maxLength = 200;
    field.autocomplete = "off";
    field.value = kept("guesses", name) ?? "";
    mark(isKept());
    field.setAttribute("aria-describedby", question.id);
    field.addEventListener("input", () => {
      keep("guesses", name, field.value || undefined);
      said.textContent = "";
      mark(false);
      show();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!field.value) {
        said.textContent = "Write a guess first.";
        return;
      }
      mark(isKept());
      said.textContent = [isKept() && "Kept.", next].filter(Boolean).join(" ");
      if (answer && !figure) {
        below.open = true;
        below.scrollIntoView({ block: "nearest" });
      }
      if (fold && phone.matches) {
        fold.open = false;
        fold.firstChild.focus(); // what had the focus is folded away
      }
    });
    guessed.className = "guessed";
    label.htmlFor = field.id;
    label.append("Your guess");
    form.append(label, said, field, button);
    question.after(form);
    const fold = figure && foldOf(question, form);
    const isSet = figure && location.hash.startsWith(`#${figure.id}?`);
    if (fold) fold.open = !(phone.matches && (field.value || isSet));
    if (answer) answer.prepend(guessed);
    ask("guesses", name);
    show();
  }
});

// Self-tests show what was chosen before, except on slides.
document.addEventListener("DOMContentLoaded", () => {
  const { ask, keep, kept, nameOf } = window.bookStore;
  const slides = new URLSearchParams(location.search).has("present");
  const questions = document.querySelectorAll("fieldset.selftest");
  const progress = document.createElement("p");
  const isOpen = (question) => !question.querySelector("input:checked");
  const isWrong = (question) =>
    !isOpen(question) && !question.querySelector(".selftest-right > input:checked");
  const linksTo = (words, which) => {
    const found = [...questions].filter(which);
    return found.flatMap((question, i) => {
      const link = document.createElement("a");
      link.href = `#${question.id}`;
      link.textContent = `question ${question.id.replace("question-", "")}`;
      return [i ? "" : ` ${words}: `, link, question === found.at(-1) ? "." : ", "];
    });
  };
  const count = (last) => {
    const right = document.querySelectorAll('fieldset[data-first="right"]').length;
    const given = document.querySelectorAll(".selftest-option > input:checked").length;
    progress.textContent = `Answered: ${given} of ${questions.length}, ${right} right at the first try.`;
    if (!slides)
      progress.append(...linksTo("Not right yet", isWrong), ...linksTo("Not answered", isOpen));
    if (given) last.append(progress);
  };
  progress.className = "selftest-progress";
  for (const question of questions) {
    const name = nameOf(question.querySelector("legend").textContent);
    const first = slides ? undefined : kept("first", name);
    if (first) question.dataset.first = first;
    ask("questions", name);
    for (const answer of question.querySelectorAll(".selftest-option > input")) {
      const [{ textContent: words }] = answer.labels;
      if (!slides && kept("questions", name) === words) {
        answer.checked = true;
        count(question);
      }
      answer.addEventListener("change", () => {
        question.dataset.first ??= answer.closest(".selftest-right") ? "right" : "wrong";
        keep("first", name, kept("first", name) ?? question.dataset.first); // slides do not show it
        keep("questions", name, words);
        count(question);
      });
    }
  }
  for (const code of document.querySelectorAll(".tag_exercise-stub pre")) {
    const check = /exercises\.check\("([\d.]+)"/.exec(code.textContent);
    if (check) ask("passed", check[1]);
  }
});

// The list of chapters says what is done, and one button forgets it. The list of pages has a tick.
window.addEventListener("pageshow", ({ persisted }) => persisted && window.bookStore.list());
document.addEventListener("DOMContentLoaded", () => window.bookStore.list());
window.bookStore.list = () => {
  const { done, forget, holds } = window.bookStore;
  const WORDS = { questions: "questions", guesses: "guesses", passed: "exercises" };
  const chapters = document.querySelector("#the-chapters");
  const root = new URL(document.documentElement.dataset.content_root, location.href).href;
  const clear = () => {
    for (const one of document.querySelectorAll(".done")) one.remove();
  };
  const add = (to, { href }, name) => {
    const kinds = done(href.slice(root.length).replace(/\.html.*/, ""));
    const parts = kinds.filter(([, count]) => count);
    const line = document.createElement(name);
    line.className = "done";
    line.textContent = `Done: ${parts.map(([kind, count, of]) => `${count} of ${of} ${WORDS[kind]}`).join(", ")}`;
    if (parts.length) to.append(line);
    return [line, kinds.every(([, count, of]) => count === of)];
  };
  clear();
  if (!holds()) return;
  for (const link of document.querySelectorAll(".bd-links li > a")) {
    const [tick, whole] = add(link, link, "span");
    tick.role = "img";
    tick.title = tick.ariaLabel = tick.textContent;
    tick.textContent = whole ? "\u2713" : "\u25d0";
  }
  for (const item of chapters?.querySelectorAll("li") ?? [])
    add(item, item.querySelector("a"), "p");
  if (!chapters) return;
  const box = document.createElement("p");
  const button = document.createElement("button");
  box.className = "done";
  box.tabIndex = -1;
  button.textContent = "Forget all that I did in this book";
  button.addEventListener("click", () => {
    if (!confirm("Forget all guesses, answers to questions and exercises, in all chapters?"))
      return;
    forget();
    clear();
    chapters.append(box);
    box.textContent = "It is forgotten.";
    box.focus(); // the button that had the focus is gone
  });
  box.append("What you guessed and answered is kept in this browser, and nowhere else. ", button);
  chapters.append(box);
};
