// Small repairs to the theme's, pandas' and the bibliography's markup, for screen readers and
// keyboards.
document.addEventListener("DOMContentLoaded", () => {
  // pandas leaves the corner of a table as an empty header cell
  document.querySelectorAll("table.dataframe thead th").forEach((cell) => {
    if (!cell.textContent.trim()) {
      const plain = document.createElement("td");
      cell.replaceWith(plain);
    }
  });
  // the entries of a list of references are its items; the role that they come with is no longer
  // one
  for (const entry of document.querySelectorAll(".citation-list [role='doc-biblioentry']"))
    entry.setAttribute("role", "listitem");
  // lines of code, each set by itself
  document.querySelectorAll(".bd-article div.highlight pre").forEach((code) => {
    const lines = [[]];
    for (const node of code.childNodes) {
      node.textContent.split("\n").forEach((text, i) => {
        const part = node.cloneNode();
        part.textContent = text;
        if (i) lines.push([]);
        if (text === ".") lines.at(-1).push(document.createElement("wbr"));
        if (text) lines.at(-1).push(part);
      });
    }
    code.replaceChildren(
      ...lines.flatMap((parts, i) => {
        const line = document.createElement("span");
        line.className = "line";
        line.append(...parts);
        line.style.setProperty("--in", `${line.textContent.search(/\S|$/)}ch`);
        return [i ? "\n" : "", parts.length ? line : ""];
      }),
    );
  });
  // what no line breaks: a formula and the mark after it, a name with a hyphen, a time, a short sum
  const UNBROKEN =
    /\b[A-Z]\w*(?:-[A-Z\d]\w*)+|\d+ (?:min|s) [a-z]+|\(?\d[\d.,/]*(?: [+\u2212\u00d7\u00b7] \(?\u2212?[\d.,/]+\)?\S{0,4}){0,3} = \d[\d.,/]*/;
  const SIGN = /(^|\b\w) ([=+\u2212\u00d7\u00b7]) $/; // before a recorded number
  const whole = (...parts) => {
    const span = Object.assign(document.createElement("span"), { className: "whole" });
    parts[0].replaceWith(span);
    span.append(...parts);
  };
  const article = document.createTreeWalker(
    document.querySelector(".bd-article") ?? document.body,
    NodeFilter.SHOW_TEXT,
  );
  const texts = [];
  while (article.nextNode()) texts.push(article.currentNode);
  texts
    .filter((text) => !text.parentElement.closest("pre, code, script, style, svg, math"))
    .forEach((text) => {
      if (SIGN.test(text.data)) text.data = text.data.replace(SIGN, "$1\u00a0$2\u00a0");
      const formula = text.previousSibling;
      const mark = formula?.className === "math" && /^[.,;:!?)]+/.exec(text.data);
      let rest = mark ? text.splitText(mark[0].length) : text;
      if (mark) whole(formula, text);
      let found = UNBROKEN.exec(rest.data);
      while (found) {
        const name = rest.splitText(found.index);
        rest = name.splitText(found[0].length);
        whole(name);
        found = UNBROKEN.exec(rest.data);
      }
    });
  // a search is asked for in place: while its page loads, letters would be lost
  let isAsked = false;
  const search = (event) => {
    const there = "main form.bd-search input, dialog.ask input";
    const glass = document.querySelector("a.search-button-field");
    event.preventDefault();
    if (!document.querySelector(there)) {
      const ask = document.body.appendChild(document.createElement("dialog"));
      ask.className = "ask";
      ask.ariaLabel = "Search";
      ask.innerHTML =
        '<form><input class="form-control" name="q" enterkeyhint="search" autocomplete="off" placeholder="Search this book" aria-label="Search this book"><button>Search</button><button formmethod="dialog">Close</button></form><nav class="found" aria-label="Headings, terms and names"></nav>';
      ask.firstChild.action = glass.href;
      ask.addEventListener("click", ({ target }) => target === ask && ask.close());
      ask.addEventListener("close", () => ask.remove());
      ask.showModal();
      if (!isAsked) {
        isAsked = true;
        for (const file of ["_static/ask.js", "searchindex.js"]) {
          const src = document.documentElement.dataset.content_root + file;
          document.head.append(
            Object.assign(document.createElement("script"), { src, async: false }),
          );
        }
      }
    }
    document.querySelector(there).select();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a:is(.search-button-field, .search-button)");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    link.focus(); // a finger gives it none, and it should come back here
    search(event);
  });
  document.addEventListener("keydown", (event) => {
    const isAlone = !event.shiftKey && !event.altKey;
    if (event.key === "k" && (event.ctrlKey || event.metaKey) && isAlone) search(event);
  });
  // areas that scroll can be reached by keyboard, at whatever width they begin to
  const areas = document.querySelectorAll(
    "div.cell_output, div.math, .bd-article table, .bd-article pre",
  );
  const reach = () => {
    for (const area of areas) {
      if (area.scrollWidth > area.clientWidth) area.tabIndex = 0;
      else area.removeAttribute("tabindex");
      area.classList.toggle("more", area.scrollWidth - area.clientWidth - area.scrollLeft > 1);
    }
  };
  reach();
  for (const area of areas) area.addEventListener("scroll", reach, { passive: true });
  window.addEventListener("resize", reach);
  document.fonts.addEventListener("loadingdone", reach); // letters have their own width
  // a table of sentences that is a list on a phone says there what each of them is
  document.querySelectorAll("table.stack tbody td:not(:first-child)").forEach((cell) => {
    if (cell.textContent.trim())
      cell.dataset.of = cell.closest("table").tHead.rows[0].cells[cell.cellIndex].textContent;
  });
  // a drawing alone, as large as the window or larger
  document.querySelectorAll("a.drawing").forEach((link) => {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const alone = document.body.appendChild(document.createElement("dialog"));
      const close = document.createElement("button");
      alone.className = "alone";
      alone.setAttribute("aria-label", "The figure alone");
      close.textContent = "Close";
      alone.append(close, link.querySelector("img").cloneNode());
      alone.addEventListener("click", () => alone.close());
      alone.addEventListener("close", () => alone.remove());
      alone.showModal();
    });
  });
});
// Self-tests: arrow keys go through the answers, and Space gives one; a second skip link leads to
// the first question.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step || !event.target.matches(".selftest-option > input")) return;
  event.preventDefault();
  const answers = [...event.target.closest("fieldset").querySelectorAll("input")];
  answers.at((answers.indexOf(event.target) + step) % answers.length).focus();
});
document.addEventListener("DOMContentLoaded", () => {
  if (!document.getElementById("question-1")) return;
  const link = Object.assign(document.createElement("a"), {
    href: "#question-1",
    textContent: "Skip to the first question",
  });
  document.getElementById("pst-skip-link")?.append(" ", link);
});
// The page that a result of a search leads to marks its words, and no other page does.
SphinxHighlight.highlightSearchWords = () => {
  if (!new URLSearchParams(location.search).has("highlight")) return;
  const { content_root: root } = document.documentElement.dataset;
  document.head.append(
    Object.assign(document.createElement("script"), { src: `${root}_static/marks.js` }),
  );
};
// The contents beside a page mark the section that is read. The theme sees only headings that come
// into view: a jump passes them by, and so does the way back up.
document.addEventListener("DOMContentLoaded", () => {
  const links = [...document.querySelectorAll("#pst-page-toc-nav a")];
  const sections = links.map((link) => document.getElementById(link.hash.slice(1)));
  const mark = () => {
    const below = document.documentElement.scrollHeight - innerHeight - scrollY;
    const begun = (section) => section?.getBoundingClientRect().top < 0.3 * innerHeight;
    const read = below < 2 ? sections.length - 1 : sections.findLastIndex(begun);
    links.forEach((link, i) => {
      link.classList.toggle("active", i === read);
      if (i === read) link.ariaCurrent = "true";
      else link.ariaCurrent = null;
    });
    for (const entry of document.querySelectorAll("#pst-page-toc-nav .toc-entry"))
      entry.classList.toggle("active", entry.contains(links[read] ?? null));
  };
  if (links.length) window.addEventListener("scroll", mark, { passive: true });
});
// Whoever picks a section from the contents on a phone wants to see it.
document.addEventListener("click", ({ target }) => {
  target.closest("dialog a[href^='#']")?.closest("dialog").close();
});
// Whoever opens the list of pages on a phone begins at the page that is open. The theme lets no click
// through, so this one is seen on its way in.
document.addEventListener(
  "click",
  ({ target }) => {
    const show = () =>
      document.querySelector("dialog[open] a.current")?.scrollIntoView({ block: "center" });
    if (target.closest(".primary-toggle")) setTimeout(show);
  },
  true,
);
document.addEventListener("DOMContentLoaded", () => {
  const whole = document.querySelector("article.bd-article > section");
  // a page that is a figure needs the room
  if (document.querySelector("#l2h-cover, #l2h-explorer, #l2h-playground")) return;
  if (!whole?.querySelector(":scope > section")) return;
  const link = Object.assign(document.createElement("a"), { href: "?present" });
  const line = document.querySelector(".notebook-link");
  const alone = Object.assign(document.createElement("p"), { className: "notebook-link" });
  link.textContent = "View as slides";
  if (line) line.append(". ", link);
  else {
    alone.append(link);
    whole.querySelector("h1")?.after(alone);
  }
});

// Paper is white, whatever the theme
window.addEventListener("beforeprint", () => {
  const { dataset } = document.documentElement;
  const { theme } = dataset;
  dataset.theme = "light";
  const back = () => {
    dataset.theme = theme;
  };
  window.addEventListener("afterprint", back, { once: true });
});
// On paper nobody can press: a figure to play with says where it is.
document.addEventListener("DOMContentLoaded", () => {
  for (const figure of document.querySelectorAll(".l2h-figure")) {
    const line = Object.assign(document.createElement("p"), { className: "at" });
    line.textContent = `Play with it at ${new URL(`#${figure.id}`, location)}`;
    figure.append(line);
  }
});
// On paper solutions and answers stand after all else, where nobody reads them by the way.
window.addEventListener("beforeprint", () => {
  const move = (one, to) => {
    const place = new Comment();
    const back = () => place.replaceWith(one);
    one.replaceWith(place);
    to.append(one);
    window.addEventListener("afterprint", back, { once: true });
  };
  const atTheEnd = (title, things) => {
    const section = document.createElement("section");
    const heading = section.appendChild(document.createElement("h2"));
    heading.textContent = title;
    section.className = "answers";
    if (things.length) document.querySelector(".bd-article > section").append(section);
    window.addEventListener("afterprint", () => section.remove(), { once: true });
    return section;
  };
  const folds = [...document.querySelectorAll(".bd-article details.sd-dropdown")];
  const solved = folds.filter((fold) => fold.textContent.trim().startsWith("Solution "));
  const solutions = atTheEnd("Solutions", solved);
  for (const fold of solved) move(fold, solutions);

  const add = (name, words) => {
    const line = answers.appendChild(document.createElement(name));
    line.textContent = words;
  };
  const told = document.querySelectorAll(
    ".guess + details, .l2h-figure + details, .selftest-right .selftest-reply",
  );
  const answers = atTheEnd("Answers", told);
  for (const one of told) {
    const question = one.closest("fieldset");
    const { textContent: words } = (question ?? one.closest("section")).querySelector(
      "legend, h1, h2, h3",
    );
    const right = question?.querySelector(".selftest-right label").textContent;
    add("h3", right ? `${words.split(".")[0]}: ${right}` : words.replace("#", ""));
    move(one, answers);
  }
});
// The list of pages begins with this page in view.
document.addEventListener("DOMContentLoaded", () => {
  const here = [...document.querySelectorAll(".bd-sidebar-primary .bd-links .active")].at(-1);
  here?.scrollIntoView({ block: "nearest" });
});
