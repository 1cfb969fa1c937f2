// How a phone becomes an observer's: a secret that works once, for a key that never leaves the phone.

import { json, refused, request } from "./answering.js";
import { make, self } from "./keys.js";
import { NotEnrolled, Offline } from "./problems.js";
import * as vault from "./vault.js";

const TIMEOUT = 60000;

// Gives {device, election}. Throws Problem (403 `enrolment-not-valid`), Offline. After an answer that
// was lost on the way the same key asks again: it is the same phone.
export async function enrol(secret, label = "") {
  const { pair, point } = (await vault.get("keys", "pending")) ?? (await fresh());
  const body = JSON.stringify({ secret, public_key: point, label });
  const given = await request("/api/v1/devices/", {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    timeout: TIMEOUT,
    read: async (answer) => {
      if (!answer.ok) throw await refused(answer);
      return json(answer);
    },
  });
  const { device, election, sealing_key, receipt_key } = given;
  if (!device || !election || !sealing_key?.public || !receipt_key?.public) throw new Offline("not our server");
  await vault.change("keys", (at) => {
    at.keys.put({ device, election, sealing_key, receipt_key, pair, point }, "self");
    at.keys.delete("pending");
  });
  // The browser is asked not to throw the outbox away when room gets short.
  navigator.storage?.persist?.().catch(() => {});
  return { device, election };
}

async function fresh() {
  const made = await make();
  await vault.put("keys", "pending", made);
  return made;
}

export async function enrolled() {
  try {
    const { device, election } = await self();
    return { device, election };
  } catch (error) {
    if (error instanceof NotEnrolled) return null;
    throw error;
  }
}
