// The app starts here: with or without network, from what the phone keeps.

import { enrolled } from "../enrolling.js";
import { hasPin } from "../locking.js";
import { waiting, watch } from "../outbox.js";
import { start } from "../sending.js";
import { register } from "../updating.js";
import * as vault from "../vault.js";
import "./carry.js";
import "./checkin.js";
import { busy } from "./draft.js";
import { draw, language, say } from "./drawing.js";
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
const main = document.getElementById("screen");
const network = document.getElementById("network");

function showNetwork() {
  network.textContent = say(navigator.onLine ? "net.on" : "net.off");
  network.classList.toggle("off", !navigator.onLine);
}

async function showCount() {
  const { length } = await waiting();
  document.getElementById("count").textContent = length ? ` (${length})` : "";
}

// A screen that shows reference data and nothing typed is drawn again when it changed.
async function freshen() {
  if (!(await renew())) return;
  forgetFolding();
  if (["what", "kinds", "regions"].includes(here()) && !busy() && document.activeElement?.tagName !== "INPUT") again();
}

function frame() {
  for (const button of document.querySelectorAll("#tabs button")) button.addEventListener("click", () => go(button.dataset.screen));
  document.getElementById("open-settings").addEventListener("click", () => go("settings"));
  for (const kind of ["online", "offline"]) addEventListener(kind, showNetwork);
  addEventListener("online", freshen);
  addEventListener("beforeunload", (event) => { if (busy()) event.preventDefault(); });
  showNetwork();
  watch(showCount);
  showCount();
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
  go("what", {}, { replace: true });
  if (await hasPin()) await lock();
  watchIdle();
  start();
  register(busy);
  freshen();
  return setInterval(freshen, HOUR);
}

begin().catch(() => only("trouble"));
