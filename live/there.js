// Offers to run the cells of a page in the browser. `make live` puts this in place of a script
// that does nothing; the rest is fetched when a reader asks for it.
(() => {
  const live = { scripts: 0, parts: 0, megabytes: 0, images: 0 };
  const base = new URL("../live/", document.currentScript.src);
  const FILE =
    "The cells of this page can run in your browser, but not from a file. " +
    "Type make serve in the book's folder, and open the address it prints.";
  const OLD = "Your browser is too old to run this page, which reads on as before.";
  const LOST = "What runs this page could not be fetched: are you online?";
  // a program with a value of 128 bits, and one that catches an exception
  const NEEDED = [
    [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
    [1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 31, 64, 0, 11, 11],
  ].map((sections) => new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, ...sections]));

  const script = (name) => new URL(`${live.scripts}/${name}`, base);
  const able = () =>
    "DecompressionStream" in window &&
    "WebAssembly" in window &&
    NEEDED.every((program) => WebAssembly.validate(program));

  const started = async (offers, clicked) => {
    for (const { button, words } of offers) {
      button.disabled = true;
      words.textContent = "Coming…";
    }
    try {
      const { start } = await import(script("page.js"));
      await start(base, live, offers, clicked);
    } catch {
      for (const { button, words } of offers) {
        button.disabled = false;
        words.textContent = LOST;
      }
    }
  };

  // An answer that is kept stands in its cell before Python comes.
  const showAnswers = (answers) => {
    for (const code of document.querySelectorAll(".tag_exercise-stub .cell_input pre")) {
      const number = /exercises\.check\("([\d.]+)"/.exec(code.textContent)?.[1];
      if (answers.has(number)) code.textContent = answers.get(number);
    }
  };

  const offers = [];
  const offerBelow = (place) => {
    const box = document.createElement("div");
    const button = document.createElement("button");
    const costs = document.createElement("span");
    const words = document.createElement("span");
    box.className = "live-offer";
    button.textContent = "Run this page in your browser";
    costs.className = "live-costs";
    costs.id = `live-costs-${offers.length + 1}`;
    button.setAttribute("aria-describedby", costs.id);
    costs.textContent = `Fetches ${live.megabytes}\u00a0MB once, ${live.images}\u00a0MB more for images; takes up to 1\u00a0GB of memory.`;
    words.setAttribute("role", "status");
    if (location.protocol === "file:") words.textContent = FILE;
    else if (able()) box.append(button, costs);
    else words.textContent = OLD;
    box.append(words);
    place.after(box);
    const offer = { box, button, costs, words };
    button.addEventListener("click", () => started(offers, offer));
    offers.push(offer);
  };

  // before the page is shown, so that nothing moves when the offer comes
  const observer = new MutationObserver(() => {
    const place = document.querySelector(".live-place");
    if (!place) return;
    observer.disconnect();
    offerBelow(place);
  });
  observer.observe(document, { childList: true, subtree: true });

  // on the window, which hears it after the page's other scripts have asked for what is kept
  window.addEventListener("DOMContentLoaded", () => {
    observer.disconnect();
    if (!offers.length || location.protocol === "file:" || !able()) return;
    document.querySelectorAll("#exercises > h2").forEach(offerBelow);
    const { kept, names } = window.bookStore;
    const answers = names("passed").filter((number) => kept("answers", number));
    if (!answers.length || offers.length < 2) return;
    showAnswers(new Map(answers.map((number) => [number, kept("answers", number)])));
    offers[1].words.textContent = `Your answers that this browser has kept: ${answers.length}. They stand in their cells. Run the page to check them and to download them.`;
  });
})();
