// What a reader opens can be read again without a network: offline.js, at the root of the site, keeps
// it. The first page came before offline.js did, so this script tells what to keep of it.
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
