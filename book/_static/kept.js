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

  // Kinds that a page does not ask for are "answers" and "tried", both of exercises.
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
  };

  const ask = (kind, name) => {
    asked[kind] = [...names(kind), name];
  };

  const names = (kind) => asked[kind] ?? [];

  // How many of what a page asks are done, by their kind; nothing of a page where nothing is.
  const done = (of) =>
    Object.entries(all().asked?.[of] ?? {})
      .map(([kind, names]) => [kind, names.filter((name) => kept(kind, name)).length, names.length])
      .filter(([, count]) => count);

  const holds = () => Object.keys(all()).length > 0;
  const forget = () => localStorage.removeItem(KEY);
  const nameOf = (text) => `${page} ${text.trim()}`;

  return { kept, keep, ask, names, done, holds, forget, nameOf };
})();

// "Predict" takes a guess, and shows it beside the answer where one is folded below. Of a figure to
// play with, the figure answers first.
document.addEventListener("DOMContentLoaded", () => {
  const { ask, keep, kept, nameOf } = window.bookStore;
  const starts = [...document.querySelectorAll(".bd-article p > em:first-child")];
  const questions = starts.filter((start) => start.textContent === "Predict.");
  for (const [i, { parentElement: question }] of questions.entries()) {
    const name = nameOf(question.textContent);
    const form = document.createElement("form");
    const label = document.createElement("label");
    const button = document.createElement("button");
    const said = document.createElement("span");
    const figure = question.closest(".l2h-figure");
    const field = document.createElement("input");
    const below = (figure ?? question).nextElementSibling;
    const answer = below?.matches("details.sd-dropdown") && below.lastElementChild;
    const guessed = document.createElement("p");
    const show = () => {
      guessed.textContent = `You guessed: ${field.value}`;
      guessed.hidden = !field.value;
    };
    question.id ||= `predict-${i + 1}`;
    form.className = "guess";
    button.textContent = figure ? "Keep my guess" : "Show the answer";
    said.setAttribute("role", "status");
    field.type = "text";
    field.maxLength = 200;
    field.autocomplete = "off";
    field.value = kept("guesses", name) ?? "";
    field.setAttribute("aria-describedby", question.id);
    field.addEventListener("input", () => {
      keep("guesses", name, field.value || undefined);
      said.textContent = "";
      show();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (answer && !figure) {
        below.open = true;
        below.scrollIntoView({ block: "nearest" });
        said.textContent = "The answer is below.";
      } else if (!field.value) said.textContent = "Write a guess first.";
      else if (kept("guesses", name) === field.value) said.textContent = "Kept. Now try it.";
      else said.textContent = "Now try it."; // a browser may keep nothing
    });
    guessed.className = "guessed";
    label.append("Your guess ", field);
    form.append(label, button, said);
    question.after(form);
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
  const count = (last) => {
    const right = document.querySelectorAll(".selftest-right > input:checked").length;
    const given = document.querySelectorAll(".selftest-option > input:checked").length;
    progress.textContent = `Answered: ${given} of ${questions.length}, ${right} right.`;
    if (given) last.append(progress);
  };
  progress.className = "selftest-progress";
  for (const question of questions) {
    const name = nameOf(question.querySelector("legend").textContent);
    ask("questions", name);
    for (const answer of question.querySelectorAll(".selftest-option > input")) {
      const [{ textContent: words }] = answer.labels;
      if (!slides && kept("questions", name) === words) {
        answer.checked = true;
        count(question);
      }
      answer.addEventListener("change", () => {
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

// The list of chapters says what is done, and one button forgets it.
window.addEventListener("pageshow", ({ persisted }) => persisted && window.bookStore.list());
document.addEventListener("DOMContentLoaded", () => window.bookStore.list());
window.bookStore.list = () => {
  const { done, forget, holds } = window.bookStore;
  const WORDS = { questions: "questions", guesses: "guesses", passed: "exercises" };
  const chapters = document.querySelector("#the-chapters");
  const root = new URL(document.documentElement.dataset.content_root, location.href).href;
  const clear = () => {
    for (const line of document.querySelectorAll("#the-chapters .done")) line.remove();
  };
  clear();
  if (!chapters || !holds()) return;
  for (const item of chapters.querySelectorAll("li")) {
    const { href } = item.querySelector("a");
    const parts = done(href.slice(root.length).replace(/\.html.*/, "")).map(
      ([kind, count, of]) => `${count} of ${of} ${WORDS[kind]}`,
    );
    const line = document.createElement("p");
    line.className = "done";
    line.textContent = `Done: ${parts.join(", ")}`;
    if (parts.length) item.append(line);
  }
  const box = document.createElement("p");
  const button = document.createElement("button");
  box.className = "done";
  box.tabIndex = -1;
  button.textContent = "Forget all that I did in this book";
  button.addEventListener("click", () => {
    forget();
    clear();
    chapters.append(box);
    box.textContent = "It is forgotten.";
    box.focus(); // the button that had the focus is gone
  });
  box.append("What you guessed and answered is kept in this browser, and nowhere else. ", button);
  chapters.append(box);
};
