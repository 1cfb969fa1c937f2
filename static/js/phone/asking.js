// Questions that only this phone may ask: signed, with a challenge of the server, so that no clock
// of the phone matters and who records the traffic has nothing to repeat for long.

import { json, refused, request } from "./answering.js";
import { lines } from "./bytes.js";
import { self, sign } from "./keys.js";

const TIMEOUT = 60000;
const FRESH = 60000; // half of what the server allows
let challenge = null;

async function challenged() {
  if (challenge && performance.now() - challenge.at < FRESH) return challenge.text;
  const said = await request("/api/v1/devices/challenge/", {
    timeout: TIMEOUT,
    headers: { Accept: "application/json" },
    read: async (answer) => {
      if (!answer.ok) throw await refused(answer);
      return json(answer);
    },
  });
  challenge = { text: String(said.challenge), at: performance.now() };
  return challenge.text;
}

// Gives {status, etag, body}; `body` is null for 304. Throws Problem, Offline, NotEnrolled.
export async function ask(path, { etag = null } = {}) {
  const known = challenge;
  try {
    return await once(path, etag);
  } catch (error) {
    // The challenge may be of a server that was restarted, or have taken long to come.
    if (!known || ![401, 403].includes(error.status)) throw error;
    challenge = null;
    return once(path, etag);
  }
}

async function once(path, etag) {
  const { device } = await self();
  const text = await challenged();
  const signature = await sign(lines("dauys-request-1", "GET", path, text));
  const headers = { Accept: "application/json", Authorization: `Dauys-Device ${device}.${text}.${signature}` };
  if (etag) headers["If-None-Match"] = etag;
  return request(path, {
    headers,
    timeout: TIMEOUT,
    read: async (answer) => {
      const { status } = answer;
      if (status === 304) return { status, etag, body: null };
      if (!answer.ok) throw await refused(answer);
      return { status, etag: answer.headers.get("ETag"), body: await json(answer) };
    },
  });
}
