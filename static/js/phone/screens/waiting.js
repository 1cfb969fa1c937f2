// What waits on this phone, sealed: count, kind, time, tries; and how to carry it by hand.

import { fromFile, toFile } from "../carrying.js";
import { forget, storage, waiting, watch } from "../outbox.js";
import { canScan } from "../scanning.js";
import { nudge } from "../sending.js";
import { clock, draw, make, say, size, tell, twice } from "./drawing.js";
import { go, screen } from "./router.js";

const FOR_EVER = [400, 403];
// What the server answered, for which there is something to do.
const REASONS = { 409: "reason.original", 413: "reason.too-large" };

function reason({ foreign, status }) {
  if (foreign && FOR_EVER.includes(status)) return "reason.foreign";
  return REASONS[status] ?? "reason.refused";
}

// What is carried for a colleague: refused for ever, or tried in vain for hours.
const VAIN = 30;
const hopeless = ({ foreign, status, tries }) => foreign && (FOR_EVER.includes(status) || tries >= VAIN);

function forgetting({ id }) {
  const button = make("button", { type: "button", className: "button", textContent: say("waiting.forget") });
  twice(button, say("waiting.forget-again"), () => forget(id).catch(() => {}));
  return button;
}

function line(item) {
  const sum = (name) => item.files.reduce((all, file) => all + file[name], 0);
  const notes = [say("waiting.saved", { time: clock(item.saved_at) })];
  if (item.tries) notes.push(say("waiting.tries", { n: item.tries }));
  if (item.files?.length) notes.push(say("waiting.files", { size: size(sum("sent")), all: size(sum("size")) }));
  const kind = say(item.foreign ? "kind.foreign" : `kind.${item.kind}`);
  const lines = [make("p", {}, make("b", { textContent: kind }), `, ${say(`state.${item.state}`)}`), make("p", { className: "small soft", textContent: notes.join(" · ") })];
  if (item.state === "held") lines.push(make("p", { className: "small", textContent: say(reason(item)) }));
  if (hopeless(item)) lines.push(forgetting(item));
  return make("li", { className: "fate" }, ...lines);
}

async function show(at) {
  const items = await waiting();
  at.said.textContent = items.length ? say("waiting.some", { n: items.length }) : say("waiting.none");
  at.list.hidden = at.by_hand.hidden = !items.length;
  at.try.hidden = !items.length;
  at.list.replaceChildren(...items.map(line));
}

async function room(at) {
  const { ok, free } = await storage();
  at.full.hidden = ok;
  if (free !== null) at.room.textContent = say("waiting.room", { size: size(free) });
}

// To the phone's own "share" where there is one, else as a download.
async function give() {
  const name = `${say("waiting.file-name")}.dauys`;
  const file = new File([await toFile()], name, { type: "application/octet-stream" });
  if (navigator.canShare?.({ files: [file] })) {
    try {
      return await navigator.share({ files: [file] });
    } catch (error) {
      if (error.name === "AbortError") return undefined;
    }
  }
  const link = make("a", { href: URL.createObjectURL(file), download: name });
  link.click();
  return setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function take(at) {
  const [file] = at.import.files;
  at.import.value = "";
  if (!file) return;
  try {
    at.imported.textContent = say("waiting.imported", await fromFile(file));
    nudge();
  } catch (error) {
    at.imported.textContent = say(error.name === "Full" ? "happened.not-kept" : "waiting.bad-file");
  }
}

screen("waiting", ({ imported } = {}) => {
  const { root, at } = draw("waiting");
  const look = () => show(at);
  look();
  room(at);
  if (imported) at.imported.textContent = say("waiting.imported", imported);
  at.try.addEventListener("click", () => nudge());
  at.file.addEventListener("click", give);
  at.codes.addEventListener("click", () => go("carry"));
  at.import.addEventListener("change", () => take(at));
  at.scan.addEventListener("click", () => go("scan"));
  canScan().then((can) => { at.scan.hidden = !can; });
  return { root, leave: watch(look) };
});
