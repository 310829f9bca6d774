// A cell's code to edit: a text area over the same text in colours.

const TOKENS = new RegExp(
  [
    /(?<c1>#.*)/,
    /(?<s2>[fbr]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))/,
    /(?<k>\b(?:as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|lambda|nonlocal|pass|raise|return|try|while|with|yield)\b)/,
    /(?<ow>\b(?:and|in|is|not|or)\b)/,
    /(?<kc>\b(?:True|False|None)\b)/,
    /(?<mi>\b\d[\w.]*)/,
    /(?<n>\w+)/,
  ]
    .map((pattern) => pattern.source)
    .join("|"),
  "g",
);

function coloured(code) {
  const pieces = [];
  let end = 0;
  for (const found of code.matchAll(TOKENS)) {
    const [kind] = Object.entries(found.groups).find(([, text]) => text !== undefined);
    if (kind !== "n") {
      const span = document.createElement("span");
      span.className = kind;
      span.textContent = found[0];
      pieces.push(code.slice(end, found.index), span);
      end = found.index + found[0].length;
    }
  }
  return [...pieces, code.slice(end), "\n"];
}

// A new line begins below the one before, and further in after a colon.
function breakLine(area) {
  const line = area.value.slice(0, area.selectionStart).split("\n").at(-1);
  const more = line.trimEnd().endsWith(":") ? "    " : "";
  document.execCommand("insertText", false, `\n${/^\s*/.exec(line)[0]}${more}`);
}

export class Editor {
  constructor(input, code, label) {
    this.area = document.createElement("textarea");
    this.shown = document.createElement("pre");
    const box = document.createElement("div");
    const colours = document.createElement("div");
    Object.assign(this.area, { spellcheck: false, autocapitalize: "off", autocomplete: "off" });
    this.area.setAttribute("aria-label", label);
    this.shown.setAttribute("aria-hidden", "true");
    colours.className = "highlight";
    box.className = "live-editor";
    colours.append(this.shown);
    box.append(colours, this.area);
    input.replaceChildren(box);
    this.code = code;
    this.area.addEventListener("input", () => this.#colour());
    this.area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      breakLine(this.area);
    });
  }

  get code() {
    return this.area.value;
  }

  set code(code) {
    this.area.value = code;
    this.#colour();
  }

  // Write other code in place of what is there, so that the browser can take it back.
  replace(code) {
    this.area.focus({ preventScroll: true });
    this.area.select();
    document.execCommand("insertText", false, code);
  }

  #colour() {
    this.shown.replaceChildren(...coloured(this.area.value));
  }
}
