// The phone's own key, which never leaves it, and the receipts of the server.

import { fromText, lines, toText } from "./bytes.js";
import { NotEnrolled } from "./problems.js";
import * as vault from "./vault.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const HASH = { name: "ECDSA", hash: "SHA-256" };

// A pair whose private half no script can read, and its public point.
export async function make() {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  return { pair, point: toText(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey))) };
}

// What the phone is: {device, election, sealing_key: {id, public}, receipt_key: {id, public}, pair}.
export async function self() {
  const found = await vault.get("keys", "self");
  if (!found) throw new NotEnrolled();
  return found;
}

// r ‖ s, in base64url.
export async function sign(message) {
  const { pair } = await self();
  return toText(new Uint8Array(await crypto.subtle.sign(HASH, pair.privateKey, message)));
}

// Whether the server signed that it has exactly these bytes. Anything may come in here.
export async function receiptHolds(receipt, { id, sha256 }) {
  if (receipt?.id !== id || receipt.sha256 !== sha256 || typeof receipt.received_at !== "string") return false;
  const { signature, ref } = receipt;
  if (typeof signature !== "string" || !(ref === null || typeof ref === "string")) return false;
  try {
    const key = await crypto.subtle.importKey("raw", fromText((await self()).receipt_key.public), CURVE, false, ["verify"]);
    const message = lines("dauys-receipt-1", id, sha256, receipt.received_at, ref ?? "");
    return await crypto.subtle.verify(HASH, key, fromText(signature), message);
  } catch (error) {
    if (error instanceof NotEnrolled) throw error;
    return false;
  }
}
