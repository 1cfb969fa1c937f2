// What a phone needs to know of its election: categories, questions, regions, stations.

import { ask } from "./asking.js";
import * as vault from "./vault.js";

// As it was last fetched in this language, else in another: a list in the wrong language is better
// than none. Null before the first time.
export async function reference(language) {
  const found = (await vault.get("reference", language)) ?? (await vault.all("reference"))[0];
  return found?.body ?? null;
}

// True when there is something new. Throws Problem, Offline, NotEnrolled; what was there stays.
export async function refresh(language) {
  const known = await vault.get("reference", language);
  const { etag, body } = await ask(`/api/v1/devices/me/?labels=${encodeURIComponent(language)}`, { etag: known?.etag });
  if (!body) return false;
  await vault.put("reference", language, { etag, body });
  return true;
}
