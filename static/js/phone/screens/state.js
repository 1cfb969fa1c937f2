// What the screens know of this phone and its election; filled when the app starts.

import { reference, refresh } from "../reference.js";
import { language, say, setZone } from "./drawing.js";

export const known = {
  phone: null, // {device, election}
  reference: null,
  station: null, // last chosen, in memory only
};

const DEFAULTS = { screen_lock_minutes: 3, evidence_limit: 200 * 1024 * 1024 };
export const setting = (name) => known.reference?.settings?.[name] ?? DEFAULTS[name];

// It stands on every screen, also on the locked one, which does not name the election.
function sayRehearsal({ rehearsal = false, name = "" } = {}) {
  document.getElementById("rehearsal").hidden = !rehearsal;
  document.getElementById("rehearsal-rule").textContent = rehearsal ? say("rehearsal.rule", { name }) : "";
}

export async function load() {
  known.reference = await reference(language);
  setZone(known.reference?.election?.time_zone);
  sayRehearsal(known.reference?.election);
  return known.reference;
}

// Asks the server; resolves to whether something is new. Being offline is no fault.
export async function renew() {
  try {
    return (await refresh(language)) && Boolean(await load());
  } catch {
    return false;
  }
}

// [code, number, name, region, latitude, longitude, assigned] -> an object
export const stations = () => (known.reference?.stations ?? []).map(([code, number, name, region, latitude, longitude, assigned]) => (
  { code, number, name, region, latitude, longitude, assigned: Boolean(assigned) }
));

export const regionName = (code) => known.reference?.regions?.find((one) => one.code === code)?.name ?? "";
