// While one types into the search dialog, it lists the headings, terms and names that have what is
// typed. Enter searches the whole text. The index of the search comes when the dialog opens for the
// first time: its file calls Search.setIndex.
window.Search = {
  setIndex({ alltitles, indexentries, docnames, titles }) {
    const { content_root: root } = document.documentElement.dataset;
    const all = [...Object.entries(alltitles), ...Object.entries(indexentries)];
    const places = all.flatMap(([name, found]) =>
      found.map(([page, anchor]) => ({ name: name.split(" (")[0], page, anchor })),
    );
    // chapters before their sections, and the reference last
    const rank = ({ page, anchor }) => 2 * docnames[page].startsWith("book/api/") + !!anchor;
    places.sort((one, other) => rank(one) - rank(other));

    const entry = ({ name, page, anchor }) => {
      const link = document.createElement("a");
      const title = new DOMParser().parseFromString(titles[page], "text/html").body.textContent;
      link.href = `${root}${docnames[page]}.html${anchor ? `#${anchor}` : ""}`;
      link.textContent = anchor ? `${title} > ${name}` : title;
      return link;
    };
    const list = (field) => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      const has = ({ name }) => words.every((word) => name.toLowerCase().includes(word));
      const links = places.filter(has).slice(0, 7).map(entry);
      const hint = document.createElement("p");
      hint.textContent = `${links.length ? "" : "No heading has this. "}Enter searches the whole text.`;
      const shown = words.length ? [...links, hint] : [];
      document.querySelector(".ask .found").replaceChildren(...shown);
    };
    document.addEventListener(
      "input",
      ({ target }) => target.matches(".ask input") && list(target),
    );
    const asked = document.querySelector(".ask input");
    if (asked) list(asked); // what was typed while the index came
  },
};
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const stops = [...document.querySelectorAll(".ask input, .ask .found a")];
  const at = stops.indexOf(event.target);
  if (!step || at < 0 || event.isComposing) return;
  event.preventDefault(); // at the end, too, where it would scroll the page behind
  stops[at + step]?.focus();
});
document.addEventListener("click", ({ target }) => {
  target.closest(".ask .found a")?.closest("dialog").close(); // it may lead to the same page
});
