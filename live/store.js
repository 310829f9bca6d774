// What a reader did in this book. It is kept in this browser, under one key, and goes nowhere.

const KEY = "learning-to-hash";

function all() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // the browser keeps nothing, or something else
  }
}

// `kind` is what is kept: "answers", "tried", "passed", "selftests".
export function kept(kind, name) {
  return all()[kind]?.[name];
}

export function keep(kind, name, value) {
  const everything = all();
  everything[kind] = { ...everything[kind], [name]: value };
  try {
    localStorage.setItem(KEY, JSON.stringify(everything));
  } catch {
    // it is not kept then
  }
}

export function forget() {
  localStorage.removeItem(KEY);
}
