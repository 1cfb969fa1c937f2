// After idle minutes the screen hides everything; with a PIN it asks for it.

import { hasPin, tryPin } from "../locking.js";
import { draw, say, tell } from "./drawing.js";
import { setting } from "./state.js";
import { armWipe } from "./wipe.js";

const PARTS = ["screen", "tabs", "open-settings", "rehearsal-rule"].map((id) => document.getElementById(id));
// By two clocks: one can be set back, the other sleeps while the phone does.
const now = () => [Date.now(), performance.now()];
let touched = now();
let curtain = null;

export const locked = () => Boolean(curtain);

export async function lock() {
  if (curtain) return;
  const { root, at } = draw("lock");
  curtain = root;
  const before = document.activeElement;
  for (const part of PARTS) part.inert = part.hidden = true;
  document.getElementById("calling").after(root);
  at.asked.hidden = true;
  armWipe(root.querySelector("[data-wipe]"), { press: false });
  at.form.addEventListener("submit", (event) => {
    event.preventDefault();
    open(at, before);
  });
  at.asked.hidden = !(await hasPin());
  (at.asked.hidden ? at.form.querySelector("button") : at.pin).focus();
}

async function open(at, before) {
  const { open: right, wait } = await tryPin(at.pin.value);
  at.pin.value = "";
  if (!right) {
    tell(at.wrong, [say("lock.wrong"), wait ? say("lock.later", { n: wait }) : ""].join(" "));
    return at.pin.focus();
  }
  curtain.remove();
  curtain = null;
  touched = now();
  for (const part of PARTS) part.inert = part.hidden = false;
  return before?.isConnected && before.focus();
}

export function watchIdle() {
  const touch = () => { touched = now(); };
  for (const kind of ["pointerdown", "keydown", "input"]) addEventListener(kind, touch, { capture: true, passive: true });
  const look = () => {
    const longest = Math.max(...now().map((time, clock) => time - touched[clock]));
    if (longest > setting("screen_lock_minutes") * 60000) lock();
  };
  setInterval(look, 5000);
  // Timers sleep while the phone does.
  document.addEventListener("visibilitychange", look);
}
