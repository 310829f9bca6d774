// The words that were searched for are marked in the text of the page that a result leads to, for one
// visit. A button in the line at the top takes the marks away.
(() => {
  const address = new URL(location);
  const asked = address.searchParams.get("highlight") ?? "";
  const words = asked.split(/[^\p{L}\d_]+/u).filter(Boolean);
  if (!words.length || !CSS.highlights) return;
  address.searchParams.delete("highlight");
  history.replaceState(null, "", address);
  const pattern = new RegExp(`(?<![\\p{L}\\d_])(?:${words.join("|")})[\\p{L}\\d_]*`, "giu");
  const ranges = [];
  const mark = () => {
    const texts = document.createTreeWalker(
      document.querySelector("article.bd-article"),
      NodeFilter.SHOW_TEXT,
    );
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (text.parentElement.closest("h1, script, style")) continue;
      for (const { index, 0: found } of text.data.matchAll(pattern)) {
        const range = new Range();
        range.setStart(text, index);
        range.setEnd(text, index + found.length);
        ranges.push(range);
      }
    }
    if (!ranges.length) return;
    CSS.highlights.set("searched", new Highlight(...ranges));
    // an address without a place leads to the first of them
    if (!location.hash) ranges[0].startContainer.parentElement.scrollIntoView({ block: "center" });
    document.querySelector(".article-header-buttons")?.append(hide);
  };
  const hide = Object.assign(document.createElement("button"), {
    className: "hide-marks btn btn-sm",
    textContent: "Hide marks",
  });
  hide.addEventListener("click", () => {
    CSS.highlights.delete("searched");
    hide.remove();
  });
  setTimeout(mark); // when the texts are as they stay
})();
