// Who searches for a word wants the chapters that explain it, the first of them first; who searches
// for a name of the package, where it is described.
const nameOfThePackage = /[a-z][A-Z]|_|\w\.\w/.test(
  new URLSearchParams(location.search).get("q") ?? "",
);

var Scorer = {
  score: ([, title, , , score, filename]) =>
    (filename.startsWith("book/api/") && !nameOfThePackage ? score / 10 : score) -
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
  if (new URLSearchParams(location.search).get("q")?.trim()) return;
  document.getElementById("search-results").textContent =
    "Type a word or a name of the package in the field above, and press Enter.";
});

// An excerpt is of the text: not of the contents of a page, nor of what is said to an answer.
document.addEventListener("DOMContentLoaded", () => {
  const whole = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const part of page.querySelectorAll("#jb-print-toc, .selftest-status")) part.remove();
    return whole(page.documentElement.outerHTML, anchor);
  };
});
