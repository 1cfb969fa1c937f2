// From what was typed and chosen to what is kept: envelopes and sealed chunks (decision 0014).

import { fromText, join, lines, toText, utf8 } from "./bytes.js";
import { seal } from "./hpke.js";
import { self, sign } from "./keys.js";
import { Problem, Unreadable } from "./problems.js";
import { Sha256, sha256 } from "./sha256.js";
import * as vault from "./vault.js";

const ENVELOPE = "dauys-envelope-1";
const MOST = 256 * 1024;
const PADDED_TO = 256;
export const CHUNK = 64 * 1024;
const TAG = 16;
const CHUNKS = 16; // in one record of `parts`
export const PART = CHUNKS * (CHUNK + TAG);

export const sealedSize = (size) => size + TAG * Math.max(1, Math.ceil(size / CHUNK));

// Half a pair of surrogates (cut in the middle of a sign) is no text: encoding it puts a mark there.
const readable = (text) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(utf8(text));
const whole = (_name, value) => (typeof value === "string" ? readable(value) : value);

// Gives {text, sha256}: the envelope as it will be sent, byte for byte.
export async function envelope({ kind, id, seq }, inside) {
  const { device, sealing_key: to } = await self();
  const header = [ENVELOPE, kind, id, device, seq, to.id];
  let plain = utf8(JSON.stringify(inside, whole));
  plain = join(plain, new Uint8Array((PADDED_TO - (plain.length % PADDED_TO)) % PADDED_TO).fill(32));
  const sealed = toText(await seal({ to: fromText(to.public), info: lines(...header), plain }));
  const signature = await sign(lines(...header, sealed));
  const text = JSON.stringify({ v: 1, kind, id, device, seq, key: to.id, sealed, signature });
  if (text.length > MOST) throw new Problem(413, "too-large");
  return { text, sha256: sha256(utf8(text)) };
}

function nonce(number, last) {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(7, number);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

async function bytesOf(file, from, to) {
  try {
    return new Uint8Array(await file.slice(from, to).arrayBuffer());
  } catch {
    throw new Unreadable();
  }
}

// Seals a file into `parts` under `id`, piece by piece. What comes back goes, sealed, into the
// envelope of the file; the key is nowhere else.
export async function sealFile(file, id, onBytes = () => {}) {
  const content_key = crypto.getRandomValues(new Uint8Array(32));
  const key = await crypto.subtle.importKey("raw", content_key, "AES-GCM", false, ["encrypt"]);
  const digest = new Sha256();
  const { size } = file;
  const last = Math.max(1, Math.ceil(size / CHUNK)) - 1;
  for (let first = 0; first <= last; first += CHUNKS) {
    const from = first * CHUNK;
    const plain = await bytesOf(file, from, Math.min(size, from + CHUNKS * CHUNK));
    if (plain.length !== Math.min(size - from, CHUNKS * CHUNK)) throw new Unreadable();
    digest.update(plain);
    const sealed = [];
    for (let number = first; number <= Math.min(last, first + CHUNKS - 1); number += 1) {
      const at = (number - first) * CHUNK;
      sealed.push(crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce(number, number === last) }, key, plain.subarray(at, at + CHUNK)));
    }
    const part = join(...(await Promise.all(sealed)).map((chunk) => new Uint8Array(chunk)));
    await vault.put("parts", [id, first / CHUNKS], part);
    onBytes(plain.length);
  }
  const inside = { sha256: digest.digest(), size, type: file.type, name: file.name ?? "", content_key: toText(content_key), chunk_size: CHUNK };
  content_key.fill(0);
  return inside;
}

// Sealed bytes of a file, from any place on.
export async function sealedBytes(id, from, length) {
  const found = [];
  for (let number = Math.floor(from / PART); number * PART < from + length; number += 1) {
    const part = await vault.get("parts", [id, number]);
    if (!part) throw new Unreadable();
    const start = Math.max(0, from - number * PART);
    found.push(part.subarray(start, from + length - number * PART));
  }
  return join(...found);
}

export const partsOf = (id) => IDBKeyRange.bound([id], [id, []]);
