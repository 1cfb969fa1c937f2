// "I am here, all is well", "I am leaving", and the call for help that is on every screen.

import { send, watch } from "../outbox.js";
import { nudge } from "../sending.js";
import { clock, draw, make, say, tell } from "./drawing.js";
import { locateIfAllowed } from "./position.js";
import { screen } from "./router.js";
import { whereIs } from "./sent.js";
import { known, stations } from "./state.js";
import { stationName } from "./where.js";

let at_station = ""; // where the last check-in of this run said we are

const checkIn = (kind, station, position) => send("check_in", {
  kind,
  ...(station ? { station: station.code, ...(station.region ? { region: station.region } : {}) } : {}),
  ...position,
});

async function report(kind, station, at) {
  for (const button of [at.well, at.left]) button.disabled = true;
  const arrived = kind === "well" && station && station.code !== at_station;
  try {
    const { id } = await checkIn(arrived ? "arrived" : kind, station);
    at_station = kind === "left" ? "" : station?.code ?? "";
    nudge();
    return id;
  } catch {
    tell(at.said, say("happened.not-kept"));
    return null;
  } finally {
    for (const button of [at.well, at.left]) button.disabled = false;
  }
}

function choices(at) {
  const list = stations();
  const offered = list.filter((one) => one.assigned);
  if (known.station && !offered.some((one) => one.code === known.station.code)) offered.unshift(known.station);
  const rest = list.filter((one) => !one.assigned);
  const option = (one) => make("option", { value: one.code, textContent: [stationName(one), one.name].filter(Boolean).join(", ") });
  at.station.append(...offered.map(option), ...rest.map(option));
  at.station.value = known.station?.code ?? (offered.length === 1 ? offered[0].code : "");
  return () => [...offered, ...rest].find((one) => one.code === at.station.value) ?? null;
}

screen("checkin", () => {
  const { root, at } = draw("checkin");
  const chosen = choices(at);
  let last = null;
  const look = async () => {
    if (!last) return;
    const { received } = await whereIs(last.id);
    tell(at.said, received ? say("sent.received", { time: clock(received.received_at) }) : `${say(`checkin.${last.kind}`)} ${say("sent.waiting")}`);
  };
  const press = async (kind) => {
    known.station = chosen() ?? known.station; // a call for help names it
    const id = await report(kind, chosen(), at);
    if (id) last = { id, kind };
    await look();
  };
  at.station.addEventListener("change", () => { known.station = chosen(); });
  at.well.addEventListener("click", () => press("well"));
  at.left.addEventListener("click", () => press("left"));
  return { root, leave: watch(look) };
});

const SECONDS = 3;

// One press. Three seconds in which it can be undone stand instead of a question.
export function callForHelp() {
  const bar = document.getElementById("calling");
  const [line, button] = [bar.querySelector("p"), bar.querySelector("button")];
  const position = locateIfAllowed();
  let left = SECONDS;
  const say_soon = () => { line.textContent = say("sos.soon", { n: left }); };
  say_soon();
  button.textContent = say("sos.undo");
  bar.hidden = false;
  button.focus();
  const done = () => {
    clearInterval(timer);
    bar.hidden = true;
    calling = null;
  };
  button.onclick = done;
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return say_soon();
    clearInterval(timer);
    return call(position, line, button, done);
  }, 1000);
}

let calling = null;

async function call(position, line, button, done) {
  button.textContent = say("sos.close");
  try {
    const { id } = await checkIn("sos", known.station, await position);
    line.textContent = say("sos.saved");
    nudge();
    const look = async () => {
      const { received } = await whereIs(id);
      if (received) line.textContent = say("sos.received", { time: clock(received.received_at, { day: "" }) });
    };
    const stop = watch(look);
    button.onclick = () => {
      stop();
      done();
    };
    look();
  } catch {
    line.textContent = say("sos.failed");
  }
}

document.getElementById("sos").addEventListener("click", () => {
  if (calling) return;
  calling = true;
  callForHelp();
});
