// The page of a link or QR code: takes the secret out of the address, makes the phone's key with
// one press, and opens the app. Until then the secret is in memory only.

import { enrol, enrolled } from "../enrolling.js";
import * as vault from "../vault.js";
import { language, say, tell } from "./drawing.js";

let secret = location.hash.slice(1);
if (secret) history.replaceState(null, "", location.pathname + location.search);

const form = document.getElementById("enrol");
const [code, label, button] = [form.elements.secret, form.elements.label, form.querySelector("button")];
const [wrong, codes, before] = ["wrong", "code", "before"].map((id) => document.getElementById(id));

// What the app needs beyond a key; without it nobody should find out on the day.
const ABLE = globalThis.crypto?.subtle && navigator.locks && globalThis.BroadcastChannel && globalThis.indexedDB;

const REASONS = { Offline: "enrol.offline", Full: "enrol.full" };

function why(error) {
  if (REASONS[error.name]) return REASONS[error.name];
  if (error.status === 403 || error.status === 400) return "enrol.not-valid";
  if (error.status === 409) return "enrol.enough";
  if (error.status === 429) return "enrol.later";
  return error.status ? "enrol.server" : "enrol.old";
}

function show() {
  codes.hidden = Boolean(secret);
  code.required = !secret;
}

async function enter() {
  button.disabled = true;
  tell(wrong, "");
  try {
    if (!ABLE) throw new Error("old browser");
    await enrol(secret || code.value.trim(), label.value.trim());
    await vault.put("settings", "language", language);
    secret = code.value = "";
    location.replace(form.dataset.app);
  } catch (error) {
    const reason = why(error);
    // A used secret is of no use any more; any other is kept for the next press.
    if (reason === "enrol.not-valid") secret = "";
    show();
    // The same link opened again on the phone that it set up.
    before.hidden = !(reason === "enrol.not-valid" && (await enrolled().catch(() => null)));
    tell(wrong, say(reason));
    button.disabled = false;
    wrong.focus();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!button.disabled) enter();
});
// The secret goes on in the fragment, which no server sees, and is taken out of it again there.
for (const link of document.querySelectorAll("[data-language]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    location.replace(link.href + (secret ? `#${secret}` : ""));
  });
}
document.body.classList.add("scripted");
show();
