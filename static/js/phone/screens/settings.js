// Language, lock, wiping, and what this phone keeps.

import { clearPin, hasPin, setPin } from "../locking.js";
import { waiting } from "../outbox.js";
import * as vault from "../vault.js";
import { busy } from "./draft.js";
import { draw, say, tell } from "./drawing.js";
import { lock } from "./lock.js";
import { screen } from "./router.js";
import { known, setting } from "./state.js";
import { armWipe } from "./wipe.js";

async function showPin(at) {
  const has = await hasPin();
  at.no_pin.hidden = !has;
  at.pin_label.textContent = say(has ? "settings.new-pin" : "settings.pin");
}

function bindPin(at) {
  at.pin_form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const kept = await setPin(at.pin.value);
    at.pin.value = "";
    at.pin_said.textContent = say(kept ? "settings.pin-kept" : "settings.pin-short");
    showPin(at);
  });
  at.no_pin.addEventListener("click", async () => {
    await clearPin();
    at.pin_said.textContent = say("settings.pin-gone");
    showPin(at);
  });
  at.lock.addEventListener("click", lock);
}

async function showUnsent(at) {
  const { length } = await waiting();
  tell(at.unsent, length ? say("settings.unsent", { n: length }) : "");
}

screen("settings", () => {
  const { root, at } = draw("settings");
  at.idle.textContent = say("settings.idle", { n: setting("screen_lock_minutes") });
  const label = known.reference?.device?.label;
  tell(at.device, label ? say("settings.device", { label }) : "");
  for (const link of root.querySelectorAll("[data-language]")) {
    link.addEventListener("click", async (event) => {
      event.preventDefault();
      if (busy()) return tell(at.draft, at.draft.textContent);
      await vault.put("settings", "language", link.dataset.language);
      return location.replace(link.href);
    });
  }
  bindPin(at);
  showPin(at);
  showUnsent(at);
  armWipe(root.querySelector("[data-wipe]"));
  return { root };
}, { tab: "" });
