// A client of tus 1.0, for sealed files: in pieces as large as the line can carry, resumed after
// cuts and restarts, done when the receipt for the file's envelope is there.

import { patience, refused, request } from "./answering.js";
import { base64, utf8 } from "./bytes.js";
import { receiptHolds } from "./keys.js";
import { note, tell } from "./outbox.js";
import { Offline, Problem } from "./problems.js";
import { sealedBytes } from "./sealing.js";

const PLACE = "/api/v1/uploads/";
const VERSION = { "Tus-Resumable": "1.0.0" };
const LEAST = 8 * 1024;
const MOST = 1024 * 1024;
const SECONDS = 4; // for a piece: a report written meanwhile does not wait longer
const AGAIN = 3; // times in one attempt that the server may change its mind about the offset

let piece = LEAST;

// Gives the receipt, or null when something more urgent came in between.
export async function upload(item, { urgent }) {
  for (let round = 0; round < AGAIN; round += 1) {
    const asked = item.url ? await ask(item) : await create(item);
    if (asked.receipt) return asked.receipt;
    if (asked.gone) await forget(item);
    else {
      const ended = await append(item, asked.offset, urgent);
      if (ended.receipt || ended.interrupted) return ended.receipt ?? null;
      if (ended.gone) await forget(item);
    }
  }
  throw new Offline("no receipt");
}

async function create(item) {
  return exchange(item, PLACE, "POST", {
    "Upload-Length": String(item.size),
    "Upload-Metadata": `envelope ${base64(utf8(item.text))}`,
    "Dauys-Clock": String(Date.now()),
  }, undefined, async (answer) => {
    const at = new URL(answer.headers.get("Location") ?? "", location.origin + PLACE);
    if (at.host !== location.host || !at.pathname.startsWith(PLACE) || at.pathname === PLACE) throw new Offline("no place");
    item.url = at.pathname;
    await note(item.id, { url: item.url });
    return { offset: answer.headers.has("Upload-Offset") ? offsetIn(answer, item) : 0 };
  });
}

// How much of it is there. A place that is gone is made anew.
function ask(item) {
  return exchange(item, item.url, "HEAD", {}, undefined, (answer) => {
    const offset = offsetIn(answer, item);
    if (Number(answer.headers.get("Upload-Length") ?? item.size) !== item.size) return { gone: true };
    return { offset };
  });
}

async function forget(item) {
  item.url = null;
  await note(item.id, { url: null });
}

async function append(item, from, urgent) {
  let offset = from;
  while (offset < item.size) {
    tell({ id: item.id, offset });
    if (await urgent()) {
      await note(item.id, { offset });
      return { interrupted: true };
    }
    const sent = await patch(item, offset);
    if (sent.receipt || sent.gone || sent.moved) return sent;
    if (sent.offset <= offset) throw new Offline("no progress");
    offset = sent.offset;
  }
  await note(item.id, { offset });
  return {}; // all of it is there: the next HEAD has the receipt
}

async function patch(item, offset) {
  const body = await sealedBytes(item.id, offset, Math.min(piece, item.size - offset));
  const began = performance.now();
  try {
    const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) };
    const sent = await exchange(item, item.url, "PATCH", headers, body, (answer) => ({ offset: offsetIn(answer, item) }));
    const seconds = Math.max(0.001, (performance.now() - began) / 1000);
    const fits = (body.length / seconds) * SECONDS;
    piece = Math.round(Math.max(LEAST, Math.min(MOST, piece * 4, fits)));
    return sent;
  } catch (error) {
    if (!(error instanceof Problem)) piece = Math.max(LEAST, Math.round(piece / 2));
    throw error;
  }
}

function offsetIn(answer, item) {
  const said = answer.headers.get("Upload-Offset") ?? "";
  if (!/^\d+$/.test(said) || Number(said) > item.size) throw new Offline("no offset");
  return Number(said);
}

// One request of tus. A receipt that holds ends everything, whichever answer brings it.
function exchange(item, path, method, headers, body, read) {
  return request(path, {
    method,
    body,
    headers: { ...VERSION, ...headers },
    timeout: patience((body?.length ?? 0) + item.text.length, item.tries),
    read: async (answer) => {
      if (answer.ok) {
        const receipt = await receiptIn(answer, item);
        return receipt ? { receipt } : read(answer);
      }
      if (method !== "POST" && (answer.status === 404 || answer.status === 410)) return { gone: true };
      if (method === "PATCH" && answer.status === 409) return { moved: true };
      throw await refused(answer);
    },
  });
}

async function receiptIn(answer, item) {
  const said = answer.headers.get("Dauys-Receipt");
  if (!said) return null;
  try {
    const receipt = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(said), (sign) => sign.charCodeAt(0))));
    return (await receiptHolds(receipt, item)) ? receipt : null;
  } catch (error) {
    if (error.name === "NotEnrolled") throw error;
    return null;
  }
}
