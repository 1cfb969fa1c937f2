// What waits, sealed, carried by any hand: a file, or codes from screen to camera. The layout is in
// decision 0014. A colleague's phone sends it as it would its own, and lets go at the same receipt.

import { fromText, join, toText, utf8 } from "./bytes.js";
import { add, queue } from "./outbox.js";
import { PART, partsOf } from "./sealing.js";
import { sha256 } from "./sha256.js";
import * as vault from "./vault.js";

const MAGIC = utf8("DAUYS-BOX-1\n");
const [END, ENVELOPE, PIECE] = [0, 1, 2];
const HEAD = 5; // a record's kind and length
const LONGEST = { [END]: 0, [ENVELOPE]: 256 * 1024, [PIECE]: PART };
const MOST = 2000; // envelopes from one box
const KINDS = ["report", "answer", "check_in", "evidence"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function record(kind, body) {
  const head = new Uint8Array(HEAD);
  head[0] = kind;
  new DataView(head.buffer).setUint32(1, body.length);
  return join(head, body);
}

// Envelopes, and with `files` the sealed files too.
export async function toFile({ files = false } = {}) {
  const pieces = [MAGIC];
  for (const item of await queue()) {
    if (item.kind === "evidence" && !files) continue;
    pieces.push(record(ENVELOPE, utf8(item.text)));
    if (item.kind !== "evidence") continue;
    for (let number = 0; number * PART < item.size; number += 1) {
      // In a Blob of its own each: the browser may keep it outside of memory.
      pieces.push(new Blob([record(PIECE, await vault.get("parts", [item.id, number]))]));
    }
  }
  pieces.push(record(END, new Uint8Array()));
  return new Blob(pieces, { type: "application/octet-stream" });
}

// Texts for codes: words only, files are too large. `size`: bytes of the box in one code.
export async function toCodes(size = 400) {
  const box = new Uint8Array(await (await toFile()).arrayBuffer());
  const total = Math.ceil(box.length / size);
  const digest = sha256(box).slice(0, 8);
  return Array.from({ length: total }, (_, at) => `DAUYS1 ${at + 1}/${total} ${digest} ${toText(box.subarray(at * size, (at + 1) * size))}`);
}

// {added, known, bad}. What came whole is kept, also of a box that was cut off.
export function fromFile(blob) {
  return navigator.locks.request("field-sealing", () => unpack(blob)); // nobody sweeps meanwhile
}

async function unpack(blob) {
  const count = { added: 0, known: 0, bad: 0 };
  const slice = async (from, length) => new Uint8Array(await blob.slice(from, from + length).arrayBuffer());
  if (toText(await slice(0, MAGIC.length)) !== toText(MAGIC)) return { ...count, bad: 1 };
  let open = null; // a file of which pieces are still to come
  const close = async () => {
    if (open) count[await settle(open)] += 1;
    open = null;
  };
  for (let at = MAGIC.length, seen = 0; ; ) {
    const head = await slice(at, HEAD);
    const length = head.length === HEAD ? new DataView(head.buffer).getUint32(1) : Infinity;
    const body = length <= (LONGEST[head[0]] ?? -1) ? await slice(at + HEAD, length) : null;
    if (body?.length !== length || (head[0] === ENVELOPE && (seen += 1) > MOST)) {
      // Cut off. Whether the pieces of a file were all of it, nobody knows then.
      if (open?.kind === "evidence") open.broken = true;
      else count.bad += 1;
      await close();
      return count;
    }
    at += HEAD + length;
    if (head[0] !== PIECE) await close();
    if (head[0] === END) return count;
    if (head[0] === ENVELOPE) open = envelopeIn(body);
    else if (open) await keep(open, body);
  }
}

// Null for what is no envelope. Whether its signature holds, only the server can tell.
function envelopeIn(body) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    const { v, kind, id, device, seq, key, sealed, signature } = JSON.parse(text);
    const fits = v === 1 && KINDS.includes(kind) && UUID.test(id) && UUID.test(device) && Number.isSafeInteger(seq);
    if (!fits || ![key, sealed, signature].every((part) => typeof part === "string")) return { broken: true };
    const item = { id, kind, seq, text, sha256: sha256(body), saved_at: new Date().toISOString(), tries: 0, foreign: true };
    return kind === "evidence" ? { ...item, size: 0, url: null, pieces: 0 } : item;
  } catch {
    return { broken: true };
  }
}

async function keep(open, body) {
  if (open.broken || open.kind !== "evidence") return;
  open.twice ??= Boolean((await vault.get("outbox", open.id)) ?? (await vault.get("sent", open.id)));
  // Every piece but the last is full: bytes are found by counting.
  if (open.size !== open.pieces * PART) open.broken = true;
  if (open.twice || open.broken) return;
  await vault.put("parts", [open.id, open.pieces], body);
  open.pieces += 1;
  open.size += body.length;
}

// "added", "known" or "bad". An own item is never replaced by what somebody brings.
async function settle({ broken, pieces, twice, ...item }) {
  if (broken) {
    if (pieces) await vault.remove("parts", partsOf(item.id));
    return "bad";
  }
  const known = (await vault.get("outbox", item.id)) ?? (await vault.get("sent", item.id));
  if (known) return known.sha256 === undefined || known.sha256 === item.sha256 ? "known" : "bad";
  if (item.kind === "evidence" && !item.size) return "bad";
  await add(item);
  return "added";
}

// `codes`: an async iterable of scanned texts, in any order, each as often as it comes; `onFrame`
// hears how many there are. Ends when all of one sequence are there, or the codes end.
export async function fromCodes(codes, onFrame = () => {}) {
  const found = new Map();
  let series = "";
  for await (const text of codes) {
    const [, number, total, digest, part] = /^DAUYS1 (\d{1,5})\/(\d{1,5}) ([0-9a-f]{8}) ([\w-]+)$/.exec(text) ?? [];
    if (!part || +number < 1 || +number > +total) continue;
    if (series !== `${total} ${digest}`) found.clear(); // another phone is shown
    series = `${total} ${digest}`;
    found.set(+number, part);
    onFrame(found.size, +total);
    if (found.size < +total) continue;
    const box = join(...Array.from({ length: +total }, (_, at) => fromText(found.get(at + 1))));
    if (sha256(box).slice(0, 8) === digest) return fromFile(new Blob([box]));
    found.clear();
  }
  return { added: 0, known: 0, bad: 0 };
}
