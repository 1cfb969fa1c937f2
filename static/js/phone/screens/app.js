// The app starts here: with or without network, from what the phone keeps.

import { enrolled } from "../enrolling.js";
import { hasPin } from "../locking.js";
import { waiting, watch } from "../outbox.js";
import { start } from "../sending.js";
import { register } from "../updating.js";
import * as vault from "../vault.js";
import "./carry.js";
import "./checkin.js";
import { busy, drop } from "./draft.js";
import { draw, language, say } from "./drawing.js";
import { keepFit } from "./fitting.js";
import "./happened.js";
import { lock, watchIdle } from "./lock.js";
import "./mine.js";
import { again, go, here } from "./router.js";
import "./sent.js";
import "./settings.js";
import { known, load, renew } from "./state.js";
import "./waiting.js";
import "./what.js";
import { forgetFolding } from "./where.js";

const HOUR = 3600000;
const SOON = 20000;
const main = document.getElementById("screen");
const network = document.getElementById("network");

// The phone only knows of its own network; what was tried in vain tells the rest.
async function showState() {
  const items = await waiting();
  document.getElementById("count").textContent = items.length ? ` (${items.length})` : "";
  const silent = items.some((item) => item.tries && item.state === "waiting");
  const said = say(!navigator.onLine ? "net.off" : silent ? "net.silent" : "net.on");
  if (network.textContent !== said) network.textContent = said;
  network.classList.toggle("off", !navigator.onLine || silent);
}

// A screen that shows reference data and nothing typed is drawn again when it changed.
async function freshen() {
  if (!(await renew())) {
    if (!known.reference) setTimeout(freshen, SOON);
    return;
  }
  forgetFolding();
  if (["what", "kinds", "regions"].includes(here()) && !busy() && document.activeElement?.tagName !== "INPUT") again();
}

function frame() {
  for (const button of document.querySelectorAll("#tabs button")) button.addEventListener("click", () => go(button.dataset.screen));
  keepFit(document.getElementById("tabs"));
  document.getElementById("open-settings").addEventListener("click", () => go("settings"));
  for (const kind of ["online", "offline"]) addEventListener(kind, showState);
  addEventListener("online", freshen);
  addEventListener("beforeunload", (event) => { if (busy()) event.preventDefault(); });
  watch(({ wiped }) => (wiped ? drop() : showState()));
  showState();
}

function only(name) {
  document.body.classList.add("stranger");
  main.replaceChildren(draw(name).root);
}

async function begin() {
  known.phone = await enrolled();
  if (!known.phone) return only("stranger");
  const chosen = await vault.get("settings", "language");
  if (chosen && chosen !== language && document.querySelector(`#t-settings`).content.querySelector(`[data-language="${chosen}"]`)) {
    return location.replace(location.pathname.replace(/[a-z]+\/$/, `${chosen}/`));
  }
  await load();
  frame();
  if (await hasPin()) await lock(); // before there is anything to see
  go("what", {}, { replace: true });
  performance.mark("ready"); // benchmarks/phone.py reads it
  watchIdle();
  start();
  register(busy);
  freshen();
  return setInterval(freshen, HOUR);
}

begin().catch(() => only("trouble"));
