// Opens the phone's pages without a network. Knows nothing of what is in the outbox, and touches
// none of it. The server puts `const SHELL = {version, assets, languages}` before this text.
/* global SHELL */

const NAME = `phone-${SHELL.version}`;
const ASSETS = new Set(SHELL.assets);
const PAGE = /^\/report\/phone\/([a-z]{2})\/$/;
const PATIENCE = 2000; // a page that does not answer may be frozen with a form in it
const ANY = { ignoreSearch: true, ignoreVary: true };

const languageOf = (url) => PAGE.exec(new URL(url).pathname)?.[1];

// Those that are open now, or that an earlier version kept; without any, the first one.
async function languages() {
  const found = new Set();
  for (const { url } of await clients.matchAll({ type: "window", includeUncontrolled: true })) found.add(languageOf(url));
  for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) found.add(languageOf(url));
  const known = SHELL.languages.filter((language) => found.has(language));
  return known.length ? known : SHELL.languages.slice(0, 1);
}

async function fetched(path) {
  const answer = await fetch(path, { cache: "no-cache", credentials: "omit", redirect: "error" });
  if (!answer.ok) throw new Error(answer.status);
  return answer;
}

async function fill() {
  const kept = await caches.open(NAME);
  const pages = (await languages()).map((language) => `/report/phone/${language}/`);
  await Promise.all([...SHELL.assets, ...pages].map(async (path) => kept.put(path, await fetched(path))));
}

const busy = (client) => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => resolve(data !== false);
  client.postMessage("busy?", [port2]);
  setTimeout(() => resolve(true), PATIENCE);
});

// Only pages of the phone ask for versions; a page of the plain form holds what it holds in any case.
async function takeOver() {
  const open = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const asked = await Promise.all(open.filter(({ url }) => languageOf(url)).map(busy));
  if (!asked.includes(true)) await skipWaiting();
}

addEventListener("install", (event) => event.waitUntil(fill().then(takeOver)));

addEventListener("message", (event) => { if (event.data === "update") event.waitUntil(takeOver()); });

addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
  await clients.claim();
})()));

// A page in another language is kept when it is first read.
async function page(request) {
  const kept = await caches.open(NAME);
  const path = new URL(request.url).pathname;
  const found = await kept.match(path, ANY);
  if (found) return found;
  try {
    const answer = await fetched(path);
    await kept.put(path, answer.clone());
    return answer;
  } catch {
    const other = (await kept.keys()).find(({ url }) => languageOf(url));
    return (other && (await kept.match(other, ANY))) || Response.error();
  }
}

async function asset(request) {
  const found = await (await caches.open(NAME)).match(request, ANY);
  return found ?? fetch(request);
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (PAGE.test(url.pathname)) event.respondWith(page(request));
  } else if (ASSETS.has(url.pathname)) event.respondWith(asset(request));
});
