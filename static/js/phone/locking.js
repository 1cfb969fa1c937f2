// The PIN of the screen lock. It keeps curious eyes away; what waits is sealed with or without it.

import * as vault from "./vault.js";

const ROUNDS = 310000;
const LEAST = 4;
const FREE_TRIES = 3;
const LONGEST_WAIT = 3600; // seconds

const bits = async (pin, salt, rounds) => {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin.normalize("NFKC")), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, key, 256));
};

export const hasPin = async () => Boolean(await vault.get("settings", "pin"));
export const clearPin = () => vault.remove("settings", "pin");

// False when it is too short.
export async function setPin(pin) {
  if ([...pin].length < LEAST) return false;
  const salt = crypto.getRandomValues(new Uint8Array(16));
  await vault.put("settings", "pin", { salt, rounds: ROUNDS, hash: await bits(pin, salt, ROUNDS), wrong: 0, until: 0 });
  return true;
}

// {open} or {wait}: seconds until the next try. The wait doubles with each wrong one; it is kept,
// so closing the app does not shorten it, and nothing is ever wiped by it.
export async function tryPin(pin, now = Date.now()) {
  const kept = await vault.get("settings", "pin");
  if (!kept) return { open: true, wait: 0 };
  // A clock set back must not lock for longer than the wait itself.
  const wait = Math.min(Math.ceil((kept.until - now) / 1000), waitAfter(kept.wrong));
  if (wait > 0) return { open: false, wait };
  const hash = await bits(pin, kept.salt, kept.rounds);
  const same = hash.reduce((different, byte, at) => different | (byte ^ kept.hash[at]), 0) === 0;
  const wrong = same ? 0 : kept.wrong + 1;
  await vault.put("settings", "pin", { ...kept, wrong, until: same ? 0 : now + waitAfter(wrong) * 1000 });
  return { open: same, wait: same ? 0 : waitAfter(wrong) };
}

export const waitAfter = (wrong) => (wrong < FREE_TRIES ? 0 : Math.min(2 ** (wrong - FREE_TRIES) * 5, LONGEST_WAIT));
