// Requests that end: with an answer of our server, or with Offline. No redirect is followed, no
// cookie goes out, nothing is kept by the browser, and a drip does not hold the line for ever.

import { Offline, Problem } from "./problems.js";

const LONGEST = 1024 * 1024; // no answer of ours to a sender is longer

// The time an attempt may take: 20 kbit/s has to be enough, half of it after some tries.
export const patience = (bytes, tries = 0) => (20000 + bytes * 0.8) * Math.min(4, 1 + tries / 2);

// `read` takes the answer while the clock still runs.
export async function request(path, { timeout, read = (answer) => answer, headers = {}, ...rest }) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeout);
  try {
    const answer = await fetch(path, { ...rest, headers, mode: "same-origin", redirect: "error", credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", signal: stop.signal });
    return await read(answer);
  } catch (error) {
    if (error instanceof Problem || error instanceof Offline) throw error;
    throw new Offline(error.name);
  } finally {
    clearTimeout(timer);
    stop.abort(); // what was not read of the answer
  }
}

// JSON, or Offline: a page where JSON belongs is not from our server.
export async function json(answer, longest = LONGEST) {
  if (!/^application\/(problem\+)?json\b/.test(answer.headers.get("Content-Type") ?? "")) throw new Offline("not JSON");
  try {
    return JSON.parse(await text(answer, longest));
  } catch {
    throw new Offline("no JSON");
  }
}

async function text(answer, longest) {
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let found = "";
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) return found;
    found += decoder.decode(value, { stream: true });
    if (found.length > longest) throw new Offline("too long");
  }
}

// A refusal as a Problem, whoever said it; `code` is the last part of its type (RFC 9457), empty
// for a page that is not ours; `after`: seconds to wait, if it says so, ten minutes at most.
export async function refused(answer) {
  const { type, detail } = await json(answer).catch(() => ({}));
  const [, code = ""] = /\/problems\/([\w-]+)\/$/.exec(type) ?? [];
  const problem = new Problem(answer.status, code, String(detail ?? ""));
  problem.after = retryAfter(answer.headers.get("Retry-After"));
  return problem;
}

// Seconds, or a date by the clock of who answered.
function retryAfter(said) {
  if (!said) return 0;
  const seconds = /^\d+$/.test(said) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.min(seconds, 600)) : 0;
}
