// The third screen: what happened? One box and Send; everything else folds away.

import { send } from "../outbox.js";
import { nudge } from "../sending.js";
import { details } from "./details.js";
import { draft, filled, forget, inside } from "./draft.js";
import { draw, language, say, tell, twice } from "./drawing.js";
import { go, screen } from "./router.js";
import { known } from "./state.js";
import { kindName } from "./what.js";
import { placeName } from "./where.js";

const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: known.reference?.election?.time_zone }).format(new Date());

function count(place) {
  const n = filled();
  place.textContent = n ? ` ${say("details.some", { n })}` : "";
}

async function sending(at) {
  if (!draft.text.trim() && !draft.category) {
    tell(at.error, say("happened.empty"));
    at.text.setAttribute("aria-invalid", "true");
    at.text.focus();
    return;
  }
  const text = at.send.textContent;
  at.send.disabled = true;
  const onProgress = (share) => { at.send.textContent = say("happened.sealing", { n: `${Math.round(share * 100)} %` }); };
  try {
    const { files } = draft;
    const { id } = await send("report", inside({ language, today: today() }), files, { onProgress });
    forget();
    nudge();
    go("sent", { id }, { replace: true });
  } catch (error) {
    Object.assign(at.send, { disabled: false, textContent: text });
    tell(at.error, say(error.name === "Unreadable" ? "happened.unreadable" : "happened.not-kept"));
    at.error.tabIndex = -1;
    at.error.focus();
  }
}

screen("happened", () => {
  const { root, at } = draw("happened");
  at.kind.textContent = kindName(draft.category) || say("what.open");
  at.where.textContent = placeName() || say("where.open");
  at.kind.addEventListener("click", () => go("what"));
  at.where.addEventListener("click", () => go("where"));
  if (draft.follow_up_of) tell(at.follows, say("what.follows", { ref: draft.follow_up_ref }));
  at.text.value = draft.text;
  at.text.addEventListener("input", () => {
    draft.text = at.text.value;
    tell(at.error, "");
    at.text.removeAttribute("aria-invalid");
  });
  at.more.addEventListener("toggle", () => {
    if (at.more.open && !at.details.firstChild) at.details.append(details(() => count(at.answered)));
  });
  count(at.answered);
  if (draft.follow_up_of || filled()) at.more.open = true;
  const form = root.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!at.send.disabled) sending(at);
  });
  twice(at.discard, say("happened.discard"), () => {
    forget();
    go("what", {}, { replace: true });
  });
  return { root };
}, { tab: "what" });
