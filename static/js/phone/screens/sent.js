// After Send: first what is safe already, then, when it came, the receipt.

import { sent, waiting, watch } from "../outbox.js";
import { follow } from "./draft.js";
import { clock, draw, say, tell } from "./drawing.js";
import { go, screen } from "./router.js";

// {received} or {item} or, for what nobody knows any more, {}.
export async function whereIs(id) {
  const received = (await sent()).find((one) => one.id === id);
  const item = (await waiting()).find((one) => one.id === id);
  return { received, item };
}

const wayOf = (state) => say(`sent.${["sending", "held"].includes(state) ? state : "waiting"}`);

// `most`: how many files there were at most while this screen was open; what has arrived is let go
// of and no longer listed.
async function show(id, at, most) {
  const { received, item } = await whereIs(id);
  const title = received ? say("sent.received", { time: clock(received.received_at, { day: "" }) }) : say("sent.saved");
  // Written only when it changed: a screen reader reads all that is written here.
  if (at.title.textContent !== title) at.title.textContent = title;
  at.reference.hidden = !received?.ref;
  at.ref.textContent = received?.ref ?? "";
  at.state.textContent = received ? say("sent.unread") : wayOf(item?.state);
  const files = item?.files ?? [];
  most.files = Math.max(most.files, files.length);
  const open = files.filter((file) => file.sent < file.size).length;
  tell(at.files, most.files ? say("sent.files", { done: most.files - open, all: most.files }) : "");
  at.add.onclick = () => {
    follow({ id, ref: received?.ref ?? "" });
    go("happened");
  };
}

screen("sent", ({ id }) => {
  const { root, at } = draw("sent");
  at.title.textContent = say("sent.saved");
  at.state.textContent = say("sent.waiting");
  const most = { files: 0 };
  const look = () => show(id, at, most);
  look();
  at.another.addEventListener("click", () => go("what"));
  return { root, leave: watch(look) };
}, { tab: "what" });
