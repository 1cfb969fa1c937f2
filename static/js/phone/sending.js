// One sender at a time, over all tabs. Never gives up, and lets go of nothing without a receipt.

import { json, patience, refused, request } from "./answering.js";
import { utf8 } from "./bytes.js";
import { measure } from "./clock.js";
import { receiptHolds } from "./keys.js";
import { clear, note, place, queue, sweep, tell, watch } from "./outbox.js";
import { NotEnrolled, Offline, Problem } from "./problems.js";
import { upload } from "./uploading.js";
import { leave } from "./wiping.js";

const BASE = 1000;
const LONGEST = 5 * 60 * 1000; // between two tries
const SILENCE = 150 * 1000; // a sender that shows no sign of life for so long is frozen
const BEAT = 20 * 1000;

const due = new Map(); // when each is tried again; by a clock that nobody can set
let quietUntil = 0; // the line is dead
let askedUntil = 0; // the server asked for patience
let dead = 0; // answers in a row that did not come
let started = false;
let passing = false;
let again = false;
let timer = 0;
let heard = 0;

export function start() {
  if (started) return;
  started = true;
  watch((data) => {
    if ("beat" in data) heard = performance.now();
    if (data.added) pass();
    if (data.wiped) leave();
  });
  addEventListener("online", () => setTimeout(fresh, Math.random() * 1000)); // not all phones at once
  addEventListener("pageshow", fresh);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) fresh(); });
  sweep().catch(() => {});
  pass();
}

// Somebody pressed "try now": at once, whatever was planned.
export function nudge() {
  askedUntil = 0;
  fresh();
}

// Something changed: what failed before may work now. A server that asked for patience gets it.
function fresh() {
  due.clear();
  quietUntil = dead = 0;
  pass();
}

async function pass() {
  if (passing) { again = true; return; }
  passing = true;
  clearTimeout(timer);
  do {
    again = false;
    await alone(work).catch(() => {});
  } while (again);
  passing = false;
  await plan().catch(() => {});
}

// The one sender. A phone freezes tabs in the background, also one that holds the lock: when
// nothing was heard of it for long, the lock is taken. Sending a thing twice does no harm.
async function alone(run) {
  const asked = performance.now();
  const waiting = new AbortController();
  const watching = setInterval(() => {
    if (performance.now() - Math.max(heard, asked) > SILENCE) waiting.abort();
  }, BEAT);
  const mine = { gone: false };
  const held = async () => {
    clearInterval(watching);
    const beat = setInterval(() => tell({ beat: 1 }), BEAT);
    try { await run(mine); } finally { clearInterval(beat); }
  };
  try {
    await navigator.locks.request("field-sending", { signal: waiting.signal }, held);
  } catch (error) {
    if (!waiting.signal.aborted) throw error;
    await navigator.locks.request("field-sending", { steal: true }, held);
  } finally {
    clearInterval(watching);
    mine.gone = true;
  }
}

async function work(mine) {
  while (!mine.gone) {
    const item = await next();
    if (!item) return;
    await attempt(item);
  }
}

async function next() {
  const now = performance.now();
  if (now < Math.max(quietUntil, askedUntil)) return null;
  const ready = (await queue()).filter(({ id }) => (due.get(id) ?? 0) <= now);
  // What failed often waits behind what failed less, or two bad ones would keep the third waiting.
  return ready.sort((a, b) => place(a) - place(b) || a.tries - b.tries)[0];
}

// Whether something came in that goes before files.
const urgent = async () => {
  const first = await next();
  return Boolean(first) && first.kind !== "evidence";
};

async function attempt(item) {
  tell({ sending: item.id });
  try {
    const receipt = await (item.kind === "evidence" ? upload(item, { urgent }) : deliver(item));
    quietUntil = dead = 0;
    if (!receipt) return; // interrupted by something more urgent
    await clear(item, receipt);
    due.delete(item.id);
  } catch (error) {
    if (error instanceof NotEnrolled) throw error; // wiped in the meantime
    await postpone(item, error);
  } finally {
    tell({ sending: null });
  }
}

async function deliver({ id, text, sha256, tries }) {
  const body = utf8(text);
  const asked = Date.now();
  return request(`/api/v1/envelopes/${id}/`, {
    method: "PUT",
    body,
    headers: { "Content-Type": "application/json", Accept: "application/json", "Dauys-Clock": String(asked) },
    timeout: patience(body.length, tries),
    read: async (answer) => {
      if (!answer.ok) throw await refused(answer);
      const receipt = await json(answer);
      if (!(await receiptHolds(receipt, { id, sha256 }))) throw new Offline("no receipt");
      await measure(answer, asked).catch(() => {}); // a full disk is no reason to keep the item
      return receipt;
    },
  });
}

// Backoff with full jitter, for this item alone; a line that is dead rests for all of them.
async function postpone(item, error) {
  const now = performance.now();
  const tries = item.tries + 1;
  due.set(item.id, now + wait(tries));
  if (error.after) askedUntil = now + error.after * 1000;
  // Without a code of ours a refusal is a block page like any other.
  const ours = error instanceof Problem && error.code;
  dead = ours ? 0 : dead + 1;
  if (dead > 1) quietUntil = now + wait(dead);
  const held = ours && error.status < 500 && ![408, 425, 429].includes(error.status) ? error.status : null;
  await note(item.id, { tries, held }).catch(() => {});
}

const wait = (tries) => 500 + Math.random() * Math.min(LONGEST, BASE * 2 ** Math.min(tries, 20));

async function plan() {
  clearTimeout(timer);
  const left = await queue();
  if (!left.length) return;
  const soonest = Math.min(...left.map(({ id }) => due.get(id) ?? 0));
  const pause = Math.max(soonest, quietUntil, askedUntil) - performance.now();
  timer = setTimeout(pass, Math.max(50, Math.min(pause, LONGEST)));
}
