// What a reader opens here opens without a network too: offline.js, at the root of the site, sees to
// it. The first page came before offline.js did, so it is kept from here.
(async () => {
  if (location.protocol === "file:" || !navigator.serviceWorker) return;
  const root = document.documentElement.dataset.content_root;
  const seen = navigator.serviceWorker.controller;
  await navigator.serviceWorker.register(`${root}offline.js`);
  if (seen) return;
  const worker = (await navigator.serviceWorker.ready).active;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  worker.postMessage([location.href, ...loaded]);
})().catch(() => {}); // a private window may keep nothing
