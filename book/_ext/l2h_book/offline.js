// Keeps what a reader opens, so that it can be read again without a network. The network is asked
// first, so what is kept never hides what is new.
const KEPT = "l2h-opened";
const NOT_KEPT = /\.(bin|zip|whl)$/; // Python's parts are kept by what fetches them; archives are saved
const MISSING = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Not kept</title>
<style>
  :root { color-scheme: light dark; }
  body { margin: 3rem auto; padding: 0 1rem; max-width: 34rem; font: 1.1rem / 1.5 system-ui, sans-serif; }
</style>
<h1>Not kept</h1>
<p>There is no network, and this browser has not opened this page before. These pages it has kept:</p>
<ul>LINKS</ul>`;

// Where a file is kept: without what follows its path.
function placeOf(address) {
  const { origin, pathname } = new URL(address);
  return origin + pathname;
}

function keeps(address) {
  return address.startsWith(registration.scope) && !NOT_KEPT.test(placeOf(address));
}

// Links to the pages that are kept, by their titles.
async function linksTo(kept) {
  const pages = (await kept.keys()).filter(({ url }) => url.endsWith(".html"));
  const links = pages.map(async ({ url }) => {
    const response = await kept.match(url);
    const [, title] = /<title>([\s\S]*?)<\/title>/.exec(await response.text()) ?? [];
    return `<li><a href="${url}">${title ?? url}</a></li>`;
  });
  return (await Promise.all(links)).join("");
}

async function answer(request) {
  const kept = await caches.open(KEPT);
  const place = placeOf(request.url);
  try {
    const response = await fetch(request);
    if (response.status === 200) kept.put(place, response.clone()).catch(() => {}); // the disk may be full
    return response;
  } catch (error) {
    const found = await kept.match(place);
    if (found) return found;
    if (request.mode !== "navigate") throw error;
    const links = await linksTo(kept);
    const page = MISSING.replace("LINKS", () => links);
    return new Response(page, { status: 503, headers: { "Content-Type": "text/html" } });
  }
}

async function keep(addresses) {
  const kept = await caches.open(KEPT);
  await Promise.all(addresses.filter(keeps).map((address) => kept.add(placeOf(address))));
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", (event) => event.waitUntil(keep(event.data)));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && keeps(request.url)) event.respondWith(answer(request));
});
