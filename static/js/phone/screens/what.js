// The first screen: what is it about? Big tiles, most likely first; a search over all names.

import { draft } from "./draft.js";
import { draw, icon, make, row, say, tell } from "./drawing.js";
import { keepFit } from "./fitting.js";
import { foldWords, fold } from "./fold.js";
import { go, screen } from "./router.js";
import { known } from "./state.js";

export const kindName = (code) => known.reference?.categories?.[code]?.name ?? "";

function choose(code) {
  if (draft.category !== code) draft.details = {};
  draft.category = code;
  go(draft.station || draft.region || draft.place ? "happened" : "where");
}

const kindRow = (code) => {
  const button = row(kindName(code), () => choose(code));
  if (draft.category === code) button.setAttribute("aria-pressed", "true");
  return button;
};

function found(typed) {
  const wanted = foldWords(typed);
  const named = (group) => group.categories.map((code) => [code, fold(`${kindName(code)} ${group.name} ${code}`)]);
  return (known.reference?.groups ?? []).flatMap(named)
    .filter(([, text]) => wanted.every((word) => text.includes(word))).map(([code]) => code);
}

screen("what", () => {
  const { root, at } = draw("what");
  for (const group of known.reference?.groups ?? []) {
    const tile = make("button", { type: "button", className: "group" }, icon(group.icon), make("span", { textContent: group.name }));
    if (group.categories.includes(draft.category)) tile.setAttribute("aria-pressed", "true");
    const { categories: codes } = group;
    tile.addEventListener("click", () => (codes.length === 1 ? choose(codes[0]) : go("kinds", { group: group.code })));
    at.groups.append(tile);
  }
  if (draft.follow_up_of) tell(at.follows, say("what.follows", { ref: draft.follow_up_ref }));
  else if (!known.reference) tell(at.follows, say("what.no-lists"));
  at.open.addEventListener("click", () => choose(""));
  at.find.addEventListener("input", () => {
    const typed = at.find.value.trim();
    const codes = typed ? found(typed) : [];
    at.groups.hidden = Boolean(typed);
    at.kinds.hidden = !codes.length;
    at.none.hidden = !typed || codes.length > 0;
    at.kinds.replaceChildren(...codes.slice(0, 30).map(kindRow));
  });
  return { root, leave: keepFit(at.groups) };
});

screen("kinds", ({ group: code }) => {
  const { root, at } = draw("kinds");
  const group = known.reference?.groups.find((one) => one.code === code);
  at.name.textContent = group?.name ?? "";
  at.kinds.append(...(group?.categories ?? []).map(kindRow));
  at.back.addEventListener("click", () => go("what"));
  return { root };
}, { tab: "what" });
