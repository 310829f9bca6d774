// Who searches for a word wants the chapters that explain it, the first of them first; who searches
// for a name of the package, where it is described.
const asked = () => new URLSearchParams(location.search).get("q") ?? "";
const nameOfThePackage = () => /[a-z][A-Z]|_|\w\.\w/.test(asked());

var Scorer = {
  score: ([, title, , , score, filename]) =>
    (filename.startsWith("book/api/") && !nameOfThePackage() ? score / 10 : score) -
    (/>(\d+)\. </.exec(title)?.[1] ?? 20) / 100,
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

// Results come while one types. Enter opens the first, and arrow keys go through them. An empty
// search says what to do.
let found = []; // what is still to be shown
document.addEventListener("DOMContentLoaded", () => {
  const out = document.getElementById("search-results");
  const field = document.querySelector("main form.bd-search input");
  const say = () => {
    if (!asked().trim())
      out.textContent = "Type a word or a name of the package in the field above.";
  };
  let pause;
  const again = () => {
    found.length = 0;
    history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
    out.replaceChildren();
    say();
    if (asked().trim()) Search.performSearch(asked());
  };
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(again, 300);
  });
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    if (field.value !== asked()) again();
    out.querySelector("a")?.click();
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [field, ...out.querySelectorAll("a")];
    const next = stops.includes(event.target) && stops[stops.indexOf(event.target) + step];
    if (!next || event.isComposing) return;
    event.preventDefault();
    next.focus();
  });
  say();
});

// What a search says, in words of this book; the keys are those of Sphinx.
Documentation.TRANSLATIONS[
  "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories."
] = "Nothing found. Check the spelling, or try fewer words.";
const COUNT = `\${resultCount}`;
Documentation.TRANSLATIONS[`Search finished, found ${COUNT} page(s) matching the search query.`] =
  `Search finished. Pages found: ${COUNT}.`;

// How many letters have to be put in, left out or changed to get from one word to the other.
const distanceOf = (word, other) => {
  let row = [...other, ""].map((_, i) => i);
  [...word].forEach((letter, i) => {
    const next = [i + 1];
    [...other].forEach((its, j) => {
      next.push(Math.min(row[j] + (letter !== its), row[j + 1] + 1, next[j] + 1));
    });
    row = next;
  });
  return row.at(-1);
};

// Nothing found: each word that is nowhere gives way to the one most like it, if one is. Words of
// titles come first, for of all others the index has stems.
const suggest = () => {
  const { alltitles, terms } = Search._index;
  const titles = Object.keys(alltitles).join(" ").toLowerCase();
  const known = [...(titles.match(/\p{L}{4,}/gu) ?? []), ...Object.keys(terms)];
  const stemmer = new Stemmer();
  const nearest = (typed) => {
    if (typed.length < 4 || Object.hasOwn(terms, stemmer.stemWord(typed))) return typed;
    let most = Math.floor(typed.length / 3) + 1;
    let like = typed;
    for (const word of known) {
      const distance = distanceOf(typed, word);
      if (distance >= most) continue;
      most = distance;
      like = word;
    }
    return like;
  };
  const typed = asked().trim().toLowerCase();
  const better = typed.split(/\s+/).map(nearest).join(" ");
  const line = document.createElement("p");
  const linkTo = (href, textContent) =>
    Object.assign(document.createElement("a"), { href, textContent });
  if (better === typed)
    line.append("The book's words are in its ", linkTo("book/glossary.html", "glossary"), ".");
  else line.append("Did you mean ", linkTo(`?q=${encodeURIComponent(better)}`, better), "?");
  document.getElementById("search-results").append(line);
};

// Of each page the best hit is shown, and of the reference each name. Sphinx searches as soon as the
// page is there, so this must not wait for it.
{
  const whole = Search._performSearch;
  Search._performSearch = (...query) => {
    const seen = new Set();
    const first = ([page, , anchor, about]) => {
      const hit = about ? page + anchor : page;
      return !seen.has(hit) && seen.add(hit);
    };
    found = whole(...query)
      .reverse()
      .filter(first)
      .reverse(); // the last is shown first
    if (!found.length) queueMicrotask(suggest);
    return found;
  };
}

// An excerpt is of the text: not of links, code or what a cell prints, and not of what is said to an
// answer. It has whole words, and marks whole words. Titles are links, and marked enough.
{
  const LEFT_OUT =
    "h1, script, style, .hide > summary, .headerlink, .notebook-link, .live-place, " +
    ".selftest-status, .output:is(.stream, .text_plain, .text_html)";
  const { _parseQuery } = Search;
  Search._parseQuery = (query) => {
    const parsed = _parseQuery(query).with(3, new Set());
    localStorage.removeItem("sphinx_highlight_terms"); // for any page that is opened next
    return parsed;
  };

  const textOf = (...parts) => {
    const words = parts.map((part) => part?.textContent ?? "").join(" ");
    return words.replace(/\s+/g, " ").trim();
  };

  // The parts of an article that an address can lead to: sections, without those in them, and terms.
  // Their code is apart: it leads to a part that no word leads to, but is no excerpt.
  const partsOf = (article) =>
    [...article.querySelectorAll("section[id], dl.glossary > dt[id]")].map((part) => {
      const isTerm = part.matches("dt");
      const own = [...part.children].filter((one) => !one.matches("section, h2, h3, .glossary"));
      const heading = isTerm ? part : part.querySelector(":scope > :is(h2, h3)");
      const codes = own.flatMap((one) => [...one.querySelectorAll("pre")]);
      const code = textOf(...codes);
      for (const one of codes) one.remove();
      const text = isTerm ? textOf(part.nextElementSibling) : textOf(...own);
      return { id: part.id, isTerm, heading: textOf(heading), text, code };
    });

  // The part that has the phrase or most of its words, the first of several.
  const best = (parts, stems, phrase) => {
    const count = ({ heading, text, code }) => {
      const title = heading.toLowerCase();
      const all = `${title} ${text.toLowerCase()}`;
      return (
        [...stems, phrase].filter((word) => all.includes(word)).length +
        title.includes(phrase) +
        code.toLowerCase().includes(phrase) / 2
      );
    };
    return parts.reduce((most, part) => (count(part) > count(most) ? part : most));
  };

  // A result leads to the part, whose page marks the words. A term comes first, and last what only
  // an explanation has.
  const lead = (item, part, typed, isSaid) => {
    const link = item.querySelector("a");
    const address = new URL(link.href);
    address.searchParams.set("highlight", typed.join(" "));
    if (part.heading && (!address.hash || part.isTerm)) {
      address.hash = part.id;
      link.append(` > ${part.heading}`);
    }
    link.href = address;
    const term = part.heading.toLowerCase();
    const last = () => {
      if (found.length) setTimeout(last, 20);
      else item.parentElement?.append(item);
    };
    if (isSaid) last();
    if (part.isTerm && [term, `${term}s`].includes(asked().trim().toLowerCase()))
      item.parentElement.prepend(item);
  };

  Search.makeSearchSummary = (html, stems, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const article = page.querySelector("article.bd-article");
    const said = textOf(...article.querySelectorAll(".selftest-status"));
    for (const part of article.querySelectorAll(LEFT_OUT)) part.remove();
    // the last word of a block must not run into the first of the next
    for (const block of article.querySelectorAll(":not(a, b, code, em, i, span, strong, sub, sup)"))
      block.append(" ");
    const typed = splitQuery(asked()).filter((word) => !stopwords.includes(word.toLowerCase()));
    const either = [...stems, ...typed].join("|");
    const words = new RegExp(`([\\p{L}\\d_]*(?:${either})[\\p{L}\\d_]*)`, "iu");
    const phrase = asked().trim().toLowerCase();
    const parts = partsOf(article);
    const part = parts.find(({ id }) => `#${id}` === anchor) ?? best(parts, stems, phrase);
    const { text } = part;
    const whole = text.toLowerCase().indexOf(phrase);
    const hit = whole < 0 ? text.search(words) : whole;
    const isSaid = hit < 0 && !words.test(part.heading + part.code) && words.test(said);
    const from = text.lastIndexOf(" ", Math.max(0, hit - 100)) + 1;
    const to = text.indexOf(" ", from + 240);
    const shown = (from ? "… " : "") + (to < 0 ? text.slice(from) : `${text.slice(from, to)} …`);
    const excerpt = isSaid ? "In an explanation of its self-test." : shown;
    const summary = Object.assign(document.createElement("p"), { className: "context" });
    excerpt.split(words).forEach((piece, i) => {
      const mark = document.createElement("mark");
      mark.textContent = piece;
      summary.append(i % 2 ? mark : piece);
    });
    queueMicrotask(() => lead(summary.parentElement, part, typed, isSaid));
    return summary;
  };
}
