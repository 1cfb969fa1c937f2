// One screen at a time. The phone's own "back" goes back through them; addresses and history hold
// the names of screens and nothing of what was typed.

const main = document.getElementById("screen");
const screens = new Map();
const given = new Map(); // what a screen was opened with, by its number in this run
let number = 0;
let leave = null;
let shown = "";

// show(params) -> {root, leave?, focus?}. `tab`: the button at the foot it belongs to.
export function screen(name, show, { tab = name } = {}) {
  screens.set(name, { show, tab });
}

export function go(name, params = {}, { replace = false } = {}) {
  number += 1;
  given.set(number, params);
  history[replace ? "replaceState" : "pushState"]({ name, number }, "");
  open(name, params);
}

export const back = () => history.back();
export const here = () => shown;
// The same screen anew, for instance in order to show other data.
export const again = () => open(shown, given.get(history.state?.number) ?? {}, { quiet: true });

function open(name, params, { quiet = false } = {}) {
  const { show, tab } = screens.get(name) ?? screens.get("what");
  leave?.();
  const drawn = show(params);
  leave = drawn.leave ?? null;
  shown = name;
  document.body.dataset.screen = name;
  main.replaceChildren(drawn.root);
  for (const button of document.querySelectorAll("#tabs button")) {
    if (button.dataset.screen === tab) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  if (quiet) return;
  scrollTo(0, 0);
  main.scrollTop = 0;
  const first = drawn.focus ?? drawn.root.querySelector("h1");
  if (!first) return;
  if (!drawn.focus) first.tabIndex = -1;
  first.focus({ preventScroll: true });
}

addEventListener("popstate", ({ state }) => {
  if (state?.name) open(state.name, given.get(state.number) ?? {});
});
