// The report that is being written. It lives here and nowhere else: in memory, until it is sent
// or the app is closed.

import { idle } from "../updating.js";

const EMPTY = {
  category: "", station: null, region: "", place: "", position: null, text: "", details: {},
  persons_min: "", persons_max: "", persons_words: "", persons_basis: "",
  when: "now", minutes: "", day: "", time: "", danger: "", security: false, source: "", told_by: "",
  files: [], follow_up_of: "", follow_up_ref: "", follow_up_kind: "",
};

export let draft = structuredClone(EMPTY);
// Answers to the desk that are being written, by the id of the question.
export const answers = new Map();

export const begun = () => JSON.stringify({ ...draft, files: draft.files.length }) !== JSON.stringify({ ...EMPTY, files: 0 });
export const busy = () => begun() || [...answers.values()].some((text) => text.trim());

export function forget() {
  draft = structuredClone(EMPTY);
  settle();
}

// Called when something was sent or thrown away: an update that waited may come now.
export function settle() {
  if (!busy()) idle();
}

// Wiped: nothing is left, and nothing may ask whether to leave.
export function drop() {
  draft = structuredClone(EMPTY);
  answers.clear();
}

export function follow({ id, ref }) {
  draft = { ...structuredClone(EMPTY), follow_up_of: id, follow_up_ref: ref, follow_up_kind: "addition" };
}

export const DETAILS = ["persons_min", "persons_max", "persons_words", "persons_basis", "danger", "source", "told_by"];

export function filled() {
  const plain = DETAILS.filter((name) => draft[name] !== "").length;
  const answered = Object.values(draft.details).filter((answer) => answer && (answer.length ?? 1)).length;
  return plain + answered + draft.files.length + (draft.when !== "now") + draft.security;
}

const whole = (text) => (/^\d+$/.test(String(text).trim()) ? Number(text) : undefined);

// What goes into the envelope; what was not said is left out, never zero.
export function inside({ language, today }) {
  const now = draft;
  const empty = (value) => value === "" || value === undefined || value === null || (typeof value === "object" && !Object.keys(value).length);
  const said = {
    language, category: now.category, text: now.text.trim(),
    station: now.station?.code, region: now.station?.region || now.region, place: now.place.trim(),
    ...now.position,
    persons_min: whole(now.persons_min), persons_max: whole(now.persons_max),
    persons_words: now.persons_words.trim(), persons_basis: now.persons_basis,
    details: Object.fromEntries(Object.entries(now.details).filter(([, answer]) => !empty(answer))), danger: now.danger, source: now.source,
    told_by: now.source && now.source !== "direct_witness" ? now.told_by.trim() : "",
    audience: now.security ? "security_only" : "",
    follow_up_of: now.follow_up_of, follow_up_kind: now.follow_up_kind,
    ...occurred(now, today),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => !empty(value)));
}

// "Now" of something that adds to an earlier report would be a new claim: nothing is said then.
function occurred(now, today) {
  if (now.when === "ago") return { occurred_ago_min: whole(now.minutes) };
  if (now.when === "at" && (now.time || now.day)) {
    const day = now.day || today;
    return { occurred_start: now.time ? `${day}T${now.time}` : `${day}T00:00`, occurred_precision: now.time ? "exact" : "day" };
  }
  return now.when === "now" && !now.follow_up_of ? { occurred_ago_min: 0 } : {};
}
