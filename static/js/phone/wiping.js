// Everything of it, from the phone, in one go and without a question. Works without a network.

import { warn } from "./outbox.js";
import * as vault from "./vault.js";

const PATIENCE = 3000; // for the server; what is on the phone has gone before

// Keys, outbox, lists, caches, worker, session. Never returns to the app.
export async function wipe() {
  warn({ wiped: true });
  await vault.wipe().catch(vault.shut);
  await Promise.allSettled([pages(), worker(), stores()]);
  leave(await session());
}

async function pages() {
  for (const name of await caches.keys()) await caches.delete(name);
}

async function worker() {
  for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
}

async function stores() {
  localStorage.clear();
  sessionStorage.clear();
}

// A cookie that no script can read, and what the browser kept of pages, only the server can end.
async function session() {
  const stop = AbortSignal.timeout?.(PATIENCE);
  try {
    return (await fetch("/report/wiped/", { method: "POST", credentials: "same-origin", redirect: "error", cache: "no-store", signal: stop })).ok;
  } catch {
    return false;
  }
}

// Also for other tabs, when one was told to wipe.
export function leave(reachable = false) {
  vault.shut();
  // A page that asks "really leave?" because of an unsent form is not asked.
  addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), { capture: true });
  document.documentElement.replaceChildren();
  location.replace(reachable ? "/" : "about:blank");
}
