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

// An empty search says what to do.
document.addEventListener("DOMContentLoaded", () => {
  const out = document.getElementById("search-results");
  if (!asked().trim())
    out.textContent = "Type a word or a name of the package in the field above, and press Enter.";
});

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
    return whole(...query)
      .reverse()
      .filter(first)
      .reverse(); // the last is shown first
  };
}

// An excerpt is of the text: not of a page's title, links and contents, nor of what is said to an
// answer. It has whole words, and marks whole words. Titles are links, and marked enough.
{
  const LEFT_OUT = "h1, .notebook-link, .live-place, #jb-print-toc, .selftest-status";
  const { htmlToText, _parseQuery } = Search;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const part of page.querySelectorAll(LEFT_OUT)) part.remove();
    // the last word of a block must not run into the first of the next
    for (const block of page.querySelectorAll(":not(a, b, code, em, i, span, strong, sub, sup)"))
      block.append(" ");
    return htmlToText(page.documentElement.outerHTML, anchor);
  };
  Search._parseQuery = (query) => _parseQuery(query).with(3, new Set());
  Search.makeSearchSummary = (html, stems, anchor) => {
    const text = Search.htmlToText(html, anchor).replace(/\s+/g, " ").trim();
    const typed = splitQuery(asked()).filter((word) => !stopwords.includes(word.toLowerCase()));
    const either = [...stems, ...typed].join("|");
    const words = new RegExp(`([\\p{L}\\d_]*(?:${either})[\\p{L}\\d_]*)`, "iu");
    const phrase = text.toLowerCase().indexOf(asked().trim().toLowerCase());
    const hit = phrase < 0 ? text.search(words) : phrase;
    const from = text.lastIndexOf(" ", Math.max(0, hit - 100)) + 1;
    const to = text.indexOf(" ", from + 240);
    const excerpt = (from ? "… " : "") + (to < 0 ? text.slice(from) : `${text.slice(from, to)} …`);
    const summary = Object.assign(document.createElement("p"), { className: "context" });
    excerpt.split(words).forEach((part, i) => {
      const mark = document.createElement("mark");
      mark.textContent = part;
      summary.append(i % 2 ? mark : part);
    });
    return summary;
  };
}
