// The outbox as QR codes from screen to camera, one after the other.

import { fromCodes, toCodes } from "../carrying.js";
import { svg } from "../qr.js";
import { scan } from "../scanning.js";
import { nudge } from "../sending.js";
import { draw, say } from "./drawing.js";
import { back, go, screen } from "./router.js";

const PACE = 900; // milliseconds a camera gets for one code

async function show(at) {
  const codes = await toCodes();
  let now = 0;
  let timer = null;
  const turn = (way) => {
    now = (now + way + codes.length) % codes.length;
    const code = svg(codes[now]);
    const said = say("carry.number", { n: now + 1, all: codes.length });
    code.setAttribute("role", "img");
    code.setAttribute("aria-label", said);
    at.code.replaceChildren(code);
    at.number.textContent = said;
  };
  if (!codes.length) {
    at.number.textContent = say("carry.nothing");
    at.tools.hidden = at.code.hidden = true;
    return () => {};
  }
  turn(0);
  at.previous.addEventListener("click", () => turn(-1));
  at.next.addEventListener("click", () => turn(1));
  at.automatic.addEventListener("change", () => {
    clearInterval(timer);
    if (at.automatic.checked) timer = setInterval(() => turn(1), PACE);
  });
  return () => clearInterval(timer);
}

screen("carry", () => {
  const { root, at } = draw("carry");
  const stop = show(at);
  return { root, leave: () => stop.then((end) => end()) };
}, { tab: "waiting" });

async function read(at, stopping) {
  at.number.textContent = say("scan.hold");
  try {
    const found = await fromCodes(scan(at.video, stopping.signal), (n, all) => { at.number.textContent = say("scan.number", { n, all }); });
    if (stopping.signal.aborted) return;
    nudge();
    go("waiting", { imported: found }, { replace: true });
  } catch {
    if (!stopping.signal.aborted) at.number.textContent = say("scan.no-camera");
  }
}

screen("scan", () => {
  const { root, at } = draw("scan");
  const stopping = new AbortController();
  read(at, stopping);
  at.stop.addEventListener("click", back);
  return { root, leave: () => stopping.abort() };
}, { tab: "waiting" });
