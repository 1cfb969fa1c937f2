// "Wipe this phone": held for two seconds, or pressed twice.

import { wipe } from "../wiping.js";
import { drop } from "./draft.js";
import { say } from "./drawing.js";

const HELD = 2000;

// `press`: whether two presses do, too. Where strangers may reach the button only holding does.
export function armWipe(button, { press = true } = {}) {
  const text = button.textContent;
  let timer = null;
  let asked = 0;
  const now = () => {
    button.disabled = true;
    button.textContent = say("wipe.now");
    drop();
    wipe();
  };
  const release = () => {
    clearTimeout(timer);
    button.classList.remove("held");
  };
  const hold = () => {
    release();
    button.classList.add("held");
    timer = setTimeout(now, HELD);
  };
  button.addEventListener("pointerdown", hold);
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // of a long press
  for (const kind of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(kind, release);
  // A key that is held repeats itself.
  button.addEventListener("keydown", (event) => { if (!event.repeat && /^(Enter| )$/.test(event.key)) hold(); });
  button.addEventListener("keyup", release);
  if (!press) return;
  button.addEventListener("click", () => {
    if (Date.now() - asked < 5000) return now();
    asked = Date.now();
    button.textContent = say("wipe.again");
    return setTimeout(() => { if (!button.disabled) button.textContent = text; }, 5000);
  });
}
