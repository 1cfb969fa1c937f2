// How wrong the phone's clock is, as last measured against the server.

import * as vault from "./vault.js";

// Of an answer that proved to be the server's. `asked` is when it was asked, by the phone's clock.
export async function measure(response, asked) {
  const said = Date.parse(response.headers.get("Date") ?? "");
  const now = Date.now();
  // On a slow line nobody knows when in between the server looked at its clock.
  if (Number.isNaN(said) || now < asked || now - asked > 60000) return;
  const offset = Math.round((said + 500 - (asked + now) / 2) / 1000);
  await vault.put("settings", "clock", { offset, at: now });
}

// Server minus phone, in seconds; null when it was never measured, or the clock was put back since.
export async function knownOffset() {
  const found = await vault.get("settings", "clock");
  return found && Date.now() >= found.at ? found.offset : null;
}
