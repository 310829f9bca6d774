// A page's self-tests show what the reader chose before.
import { keep, kept } from "./store.js";

const page = DOCUMENTATION_OPTIONS.pagename;

for (const answer of document.querySelectorAll(".selftest-option > input")) {
  const name = `${page} ${answer.name}`;
  if (kept("selftests", name) === answer.id) answer.checked = true;
  answer.addEventListener("change", () => keep("selftests", name, answer.id));
}
