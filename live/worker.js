// Python in a worker: the only file that knows which Python runs in the browser, and how.
//
// The page sends      {kind: "start", parts, base, module}: what to fetch, from where, and the
//                         compiled Python if an earlier worker gave it;
//                     {kind: "load", names}: files that some cells need;
//                     {kind: "file", path, content}: a file for Python to read;
//                     {kind: "run", id, code, name}.
// The worker answers  {kind: "progress", done}, {kind: "module", module}, {kind: "ready"},
//                     {kind: "loaded", names}, {kind: "failed", why, text};
//                     {id, kind: "stdout" | "stderr" | "error", text},
//                     {id, kind: "display", text | html | markdown | svg and phone},
//                     {id, kind: "done", ok, seconds, memory}, {id, kind: "dead", text}.
import {
  ConsoleStdout,
  Directory,
  wasi as definitions,
  Fd,
  File,
  OpenDirectory,
  PreopenDirectory,
  WASI,
} from "./shim/index.js";

const LIBRARY = "usr/local/lib/python315.zip";
const FONTS = `/${LIBRARY}/matplotlib/mpl-data`; // Matplotlib looks for its data below the zip file
const STORE = "learning-to-hash-python";
const MOST = 100_000; // letters that a run may print: a loop without an end would fill the page
const CUT = "\nMore is not shown: a cell may print 100,000 letters.\n";
const ENVIRONMENT = [
  "TMPDIR=/tmp",
  "HOME=/tmp",
  "PYTHONTZPATH=",
  "MPLBACKEND=agg",
  "MPLCONFIGDIR=/tmp",
  "L2H_DATA_HOME=/cache",
];

let python;
let parts;
let base;
let cell; // the number of the run whose outputs come
let printed; // how many letters it has printed

const tell = (message) => postMessage({ id: cell, ...message });
const folder = () => new Directory(new Map());

// The files that Python sees

const root = folder();
const fonts = folder();

// A file whose every write is a message to the page
class Display extends File {
  constructor() {
    super(new ArrayBuffer(0));
  }

  path_open() {
    const { FILETYPE_CHARACTER_DEVICE: device, Filestat, Fdstat } = definitions;
    const fd = new Fd();
    fd.fd_fdstat_get = () => ({ ret: 0, fdstat: new Fdstat(device, 0) });
    fd.fd_filestat_get = () => ({ ret: 0, filestat: new Filestat(this.ino, device, 0n) });
    fd.fd_write = (data) => {
      tell(JSON.parse(new TextDecoder().decode(data)));
      return { ret: 0, nwritten: data.length };
    };
    return { ret: 0, fd_obj: fd };
  }
}

// The shim says that a folder gives no rights, and then Matplotlib finds no place to write.
OpenDirectory.prototype.fd_fdstat_get = () => {
  const fdstat = new definitions.Fdstat(definitions.FILETYPE_DIRECTORY, 0);
  const all = (1n << 30n) - 1n;
  fdstat.fs_rights_base = all;
  fdstat.fs_rights_inherited = all;
  return { ret: 0, fdstat };
};

function place(top, path, file) {
  const folders = path.split("/");
  const name = folders.pop();
  let at = top;
  for (const part of folders) {
    if (!at.contents.has(part)) at.contents.set(part, folder());
    at = at.contents.get(part);
  }
  at.contents.set(name, file);
}

// A bundle begins with the length of its index; the index has the path and length of each file.
function unpack(bundle) {
  const length = new DataView(bundle).getUint32(0, true);
  let at = 4 + length;
  for (const [path, size] of JSON.parse(
    new TextDecoder().decode(new Uint8Array(bundle, 4, length)),
  )) {
    const file = new File(bundle.slice(at, at + size), { readonly: true });
    if (path.startsWith("mpl-data/")) place(fonts, path.slice(9), file);
    else place(root, path, file);
    at += size;
  }
}

// Numbers were stored with all first bytes, then all second ones, and so on.
function inOrder(stored, length) {
  const from = new Uint8Array(stored);
  const to = new Uint8Array(length);
  const count = from.length / 4;
  for (let byte = 0; byte < 4; byte++) {
    for (let i = 0; i < count; i++) to[4 * i + byte] = from[byte * count + i];
  }
  return to.buffer;
}

// Fetching

async function store() {
  try {
    return await caches.open(STORE);
  } catch {
    return null; // not at this address, or not in this window
  }
}

async function forgetOldPieces(kept) {
  const wanted = new Set(Object.values(parts.files).flatMap((file) => file.pieces));
  for (const request of (await kept?.keys()) ?? []) {
    if (!wanted.has(request.url.split("/").at(-1))) await kept.delete(request);
  }
}

// One piece of a file; those that came whole are kept by the browser.
async function piece(name, size, progress) {
  const kept = await store();
  const address = base + name;
  const found = await kept?.match(address);
  if (found) {
    progress(size);
    return found.arrayBuffer();
  }
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${name}: the server answers ${response.status}`);
  const chunks = [];
  let length = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
    progress(value.length);
  }
  if (length !== size) throw new Error(`${name}: ${length} bytes came, of ${size}`);
  const whole = new Blob(chunks);
  await kept?.put(address, new Response(whole)).catch(() => {}); // the disk may be full
  return whole.arrayBuffer();
}

async function twice(attempt) {
  try {
    return await attempt();
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return attempt();
  }
}

// The unpacked bytes of a file, as they come.
function unpacked(file, progress) {
  let next = 0;
  const packed = new ReadableStream({
    async pull(controller) {
      if (next === file.pieces.length) {
        controller.close();
        return;
      }
      const name = file.pieces[next];
      const size = file.sizes[next];
      next += 1;
      let came = 0;
      const count = (bytes) => {
        came += bytes;
        progress(bytes);
      };
      const bytes = await twice(() => {
        progress(-came);
        came = 0;
        return piece(name, size, count);
      });
      controller.enqueue(new Uint8Array(bytes));
    },
  });
  return packed.pipeThrough(new DecompressionStream("gzip"));
}

const whole = (stream) => new Response(stream).arrayBuffer();

function counter() {
  let done = 0;
  return (bytes) => {
    done += bytes;
    tell({ kind: "progress", done });
  };
}

async function load(names) {
  const progress = counter();
  for (const name of names) {
    const file = parts.files[name];
    const bytes = await whole(unpacked(file, progress));
    if (file.path)
      place(root, file.path, new File(inOrder(bytes, file.length), { readonly: true }));
    else unpack(bytes);
  }
  tell({ kind: "loaded", names });
}

async function start(message) {
  parts = message.parts;
  base = message.base;
  const { files } = parts;
  const progress = counter();
  let compiling = message.module;
  if (!compiling) {
    const headers = { "Content-Type": "application/wasm" };
    const stream = unpacked(files.python, progress);
    compiling = WebAssembly.compileStreaming(new Response(stream, { headers }));
  }
  const [module, library, package_] = await Promise.all([
    compiling,
    whole(unpacked(files.library, progress)),
    whole(unpacked(files.package, progress)),
  ]);
  if (!message.module) tell({ kind: "module", module });
  place(root, LIBRARY, new File(library, { readonly: true }));
  unpack(package_);
  place(root, "dev/display", new Display());
  for (const name of ["tmp", "cache"]) {
    if (!root.contents.has(name)) root.contents.set(name, folder());
  }
  python = await WebAssembly.instantiate(module, imports());
  python.exports._initialize?.();
  if (turn("import session")) throw new Error("Python started, and its first line failed");
  tell({ kind: "ready" });
  await forgetOldPieces(await store());
}

// Python

function imports() {
  const output = (kind) => {
    const decoder = new TextDecoder();
    return new ConsoleStdout((data) => print(kind, decoder.decode(data, { stream: true })));
  };
  const mount = (path, top) => Object.assign(new PreopenDirectory(path, []), { dir: top });
  const open = [
    new ConsoleStdout(() => {}),
    output("stdout"),
    output("stderr"),
    mount("/", root),
    mount(FONTS, fonts),
  ];
  // what follows the program is where Python looks for modules
  const system = new WASI(["/usr/local/bin/python.wasm", "/site"], ENVIRONMENT, open, {
    debug: false,
  });
  system.inst = {
    get exports() {
      return python.exports;
    },
  };
  system.wasiImport.sched_yield = () => 0;
  system.wasiImport.poll_oneoff = sleep;
  return { wasi_snapshot_preview1: system.wasiImport, host: { call: () => -1 } };
}

function print(kind, text) {
  if (printed > MOST) return;
  tell({ kind, text: text.slice(0, MOST - printed) });
  printed += text.length;
  if (printed > MOST) tell({ kind: "stderr", text: CUT });
}

// Wait for a clock. The shim reads the flags at a wrong place, and does not count what happened.
function sleep(from, to, events, count) {
  const view = new DataView(python.exports.memory.buffer);
  if (events !== 1 || view.getUint8(from + 8) !== definitions.EVENTTYPE_CLOCK) {
    return definitions.ERRNO_NOTSUP;
  }
  const real = view.getUint32(from + 16, true) === definitions.CLOCKID_REALTIME;
  const now = () => 1e6 * (real ? Date.now() : performance.now());
  const absolute = view.getUint16(from + 40, true) & 1;
  const until = Number(view.getBigUint64(from + 24, true)) + (absolute ? 0 : now());
  // a worker can wait only like this, without headers that not every server sends
  while (now() < until);
  view.setBigUint64(to, view.getBigUint64(from, true), true);
  view.setUint32(to + 8, 0, true);
  view.setUint32(count, 1, true);
  return 0;
}

// Run source, and return its exit status
function turn(source) {
  const data = new TextEncoder().encode(source);
  const at = python.exports.host_alloc(data.length) >>> 0;
  new Uint8Array(python.exports.memory.buffer).set(data, at);
  return python.exports.turn(at, data.length);
}

function run({ id, code, name }) {
  cell = id;
  printed = 0;
  const began = performance.now();
  try {
    const told = [code, name].map((text) => JSON.stringify(text)).join(", ");
    const status = turn(`raise SystemExit(not session.run(${told}))`);
    const memory = python.exports.memory.buffer.byteLength;
    const seconds = (performance.now() - began) / 1000;
    tell({ kind: "done", ok: status === 0, seconds, memory });
  } catch (error) {
    tell({ kind: "dead", text: `Python ended: ${error.message}` });
  }
  cell = undefined;
}

const DO = {
  start,
  run,
  load: ({ names }) => load(names),
  file: ({ path, content }) => place(root, path, new File(content, { readonly: true })),
};

self.addEventListener("message", async ({ data }) => {
  try {
    await DO[data.kind](data);
  } catch (error) {
    const why = error instanceof RangeError ? "memory" : "fetch";
    tell({ kind: "failed", why, text: String(error.message) });
  }
});
