// What waits to be sent: sealed, signed, on the disk before anybody says "saved".

import { knownOffset } from "./clock.js";
import { self } from "./keys.js";
import { envelope, partsOf, sealFile, sealedSize } from "./sealing.js";
import * as vault from "./vault.js";

const ROOM = 8 * 1024 * 1024; // with less than this a photo will not fit
const channel = new BroadcastChannel("field");
const watchers = new Set();
const progress = new Map(); // of the files on their way: how much is there
let sending = null;

channel.onmessage = ({ data }) => told(data);

function told(data) {
  if ("sending" in data) sending = data.sending;
  if ("offset" in data) progress.set(data.id, data.offset);
  for (const callback of watchers) callback(data);
}

// Tells this tab and the others.
export function tell(data) {
  channel.postMessage(data);
  told(data);
}

// Tells the others only: this tab is the one that does it.
export const warn = (data) => channel.postMessage(data);

export function watch(callback) {
  watchers.add(callback);
  return () => watchers.delete(callback);
}

// kind: report, answer, check_in. inside: its fields. files: File objects (reports only).
// Options: id (a UUID, else a new one; sending an id twice keeps the first), onProgress (share from
// 0 to 1 of the files sealed). Throws Full, Unreadable, NotEnrolled, Problem 413: nothing was kept then.
export async function send(kind, inside, files = [], { id = crypto.randomUUID(), onProgress = () => {} } = {}) {
  await self();
  const given = { ...(await said(kind)), ...inside };
  return navigator.locks.request("field-sealing", async () => {
    if (await known(id)) return { id };
    const kept = [...files].map((file) => ({ id: crypto.randomUUID(), file }));
    try {
      await sealAll(kept, onProgress);
      while (!(await keep(kind, id, given, kept)));
    } catch (error) {
      await drop(kept).catch(() => {}); // else the next sweep does it
      throw error;
    }
    tell({ added: id });
    return { id };
  });
}

// What the phone knows and nobody has to type.
async function said(kind) {
  const { election } = await self();
  const offset = await knownOffset();
  return {
    captured_clock: new Date().toISOString(),
    ...(offset === null ? {} : { clock_known_offset_s: offset }),
    ...(kind === "report" ? { election } : {}),
  };
}

const known = async (id) => Boolean((await vault.get("outbox", id)) || (await vault.get("sent", id)));

async function sealAll(kept, onProgress) {
  const all = kept.reduce((sum, { file }) => sum + file.size, 0) || 1;
  let done = 0;
  for (const one of kept) {
    one.inside = await sealFile(one.file, one.id, (bytes) => {
      done += bytes;
      onProgress(done / all);
    });
  }
}

// False when another tab took the next number first: then it is sealed again, with another one.
async function keep(kind, id, inside, kept) {
  const before = (await vault.get("settings", "seq")) ?? 0;
  const saved_at = new Date().toISOString();
  const item = { id, kind, seq: before + 1, saved_at, tries: 0 };
  const evidence = kept.map(({ id: one, inside: { sha256, size, type } }) => ({ id: one, sha256, size, type }));
  const whole = kept.length ? { ...inside, evidence } : inside;
  const items = [{ ...item, ...(await envelope(item, whole)) }];
  for (const file of kept) {
    const one = { ...item, kind: "evidence", id: file.id, seq: before + 1 + items.length, of: id };
    items.push({ ...one, ...(await envelope(one, { report: id, ...file.inside })), size: sealedSize(file.inside.size), url: null });
  }
  return vault.change(["settings", "outbox"], (at, { give }) => {
    at.settings.get("seq").onsuccess = ({ target }) => {
      if ((target.result ?? 0) !== before) return give(false);
      at.settings.put(before + items.length, "seq");
      for (const one of items) at.outbox.add(one, one.id);
      return give(true);
    };
  });
}

const drop = (kept) => vault.change("parts", (at) => { for (const { id } of kept) at.parts.delete(partsOf(id)); });

// Parts of files that were being sealed when the browser died: nobody has their key.
export function sweep() {
  return navigator.locks.request("field-sealing", async () => {
    const wanted = new Set(await vault.names("outbox"));
    const kept = [...new Set((await vault.names("parts")).map(([id]) => id))].filter((id) => !wanted.has(id));
    if (kept.length) await drop(kept.map((id) => ({ id })));
  });
}

// --- for the sender and for carriers -----------------------------------------------------------

// Check-ins first, the newest of them before all (it may be a call for help, and nothing here
// tells which), then words in their order, then files; what colleagues gave after one's own.
const RANK = { check_in: 0, report: 1, answer: 1, evidence: 2 };
export const place = (item) => RANK[item.kind] * 2 + (item.foreign ? 1 : 0);
const order = (a, b) => place(a) - place(b) || (a.kind === "check_in" ? b.seq - a.seq : a.seq - b.seq);

export const queue = async () => (await vault.all("outbox")).sort(order);

export async function add(item) {
  await vault.change("outbox", (at) => { at.outbox.add(item, item.id); });
  tell({ added: item.id });
}

// Of one item; nothing when it is gone.
export function note(id, changes) {
  return vault.change("outbox", (at) => {
    at.outbox.get(id).onsuccess = ({ target }) => { if (target.result) at.outbox.put({ ...target.result, ...changes }, id); };
  });
}

// The only way out of the outbox: a receipt that was verified.
export async function clear({ id, kind, foreign }, receipt) {
  const { ref, received_at } = receipt;
  await vault.change(["outbox", "parts", "sent"], (at) => {
    at.outbox.delete(id);
    at.parts.delete(partsOf(id));
    at.sent.put(foreign ? { id, foreign } : { id, kind, ref, received_at }, id);
  });
  progress.delete(id);
  tell({ cleared: id });
}

// --- for screens -------------------------------------------------------------------------------

// The server takes words of a locked phone and refuses its files. Whoever holds the phone must not
// learn of the lock: such a file looks like one that waits for the network.
const silent = ({ kind, held }) => kind === "evidence" && (held === 401 || held === 403);

// One line for each report with its files; files whose report has gone already make a line of
// kind "evidence". `held`: the server answers, and says no (`status`); it is tried again all the same.
export async function waiting() {
  const found = new Map();
  for (const item of await queue()) {
    const id = item.of ?? item.id;
    const line = found.get(id) ?? { id, kind: item.kind, seq: item.seq, saved_at: item.saved_at, state: "waiting", tries: item.tries, status: null, foreign: Boolean(item.foreign), files: [] };
    if (item.kind === "evidence") line.files.push({ size: item.size, sent: progress.get(item.id) ?? item.offset ?? 0 });
    if (item.held && !silent(item)) Object.assign(line, { state: "held", status: item.held });
    if (item.id === sending) line.state = "sending";
    found.set(id, line);
  }
  return [...found.values()];
}

// A copy for a colleague, whose own phone keeps the first. Nothing of one's own goes this way.
export async function forget(id) {
  await vault.change(["outbox", "parts"], (at, { abort }) => {
    at.outbox.get(id).onsuccess = ({ target }) => {
      if (!target.result?.foreign) return abort();
      at.outbox.delete(id);
      return at.parts.delete(partsOf(id));
    };
  });
  progress.delete(id);
  tell({ cleared: id });
}

export async function sent() {
  const own = (await vault.all("sent")).filter(({ foreign, kind }) => !foreign && kind !== "evidence");
  return own.sort((a, b) => (a.received_at < b.received_at ? 1 : -1));
}

// `free` in bytes, null when the browser does not say.
export async function storage() {
  const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
  if (quota === undefined) return { ok: true, free: null };
  const free = Math.max(0, quota - usage);
  return { ok: free > ROOM, free };
}
