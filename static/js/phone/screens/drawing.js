// From templates to screens. What a person or the server wrote becomes text, never markup.

const words = new Map();
for (const one of document.getElementById("words")?.content.children ?? []) words.set(one.getAttribute("value"), one.textContent);

export const language = document.documentElement.lang;

// A sentence in the language of the page, with {names} filled in.
export function say(key, values = {}) {
  return (words.get(key) ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// A copy of a template: {root, at}, where `at` holds its places by the name in `data-at`.
export function draw(name) {
  const root = document.getElementById(`t-${name}`).content.firstElementChild.cloneNode(true);
  const at = {};
  for (const place of root.querySelectorAll("[data-at]")) at[place.dataset.at] = place;
  return { root, at };
}

export function make(tag, properties = {}, ...children) {
  const { data, ...plain } = properties;
  const made = Object.assign(document.createElement(tag), plain);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("class", "icon");
  drawn.setAttribute("viewBox", "0 0 24 24");
  drawn.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.body.dataset.sprite}#${name}`);
  drawn.append(use);
  return drawn;
}

// A row to press: a line, and under it what else is known.
export function row(text, press, { under = "", mark = "", before = null } = {}) {
  const lines = make("span", { className: "row-text" }, make("span", { textContent: text }));
  if (under) lines.append(make("small", { textContent: under }));
  const button = make("button", { type: "button", className: "row" }, lines);
  if (before) button.prepend(before);
  if (mark) button.append(make("small", { className: "row-mark", textContent: mark }));
  button.addEventListener("click", press);
  return button;
}

// Shows a sentence in its place, or hides the place.
export function tell(place, text) {
  place.textContent = text;
  place.hidden = !text;
}

let zone; // of the election: a phone in other hands must not depend on where it was set up
export const setZone = (name) => { zone = name; };

// "11:07", or "10 January, 11:07" on another day. With `day` empty never the day. The names of
// months are the page's own: many a phone knows none in Kazakh.
export function clock(moment, { day = "auto" } = {}) {
  const when = new Date(moment);
  if (Number.isNaN(when.getTime())) return "";
  const asked = { timeZone: zone, year: "numeric", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const parts = (one) => Object.fromEntries(new Intl.DateTimeFormat("en-GB", asked).formatToParts(one).map(({ type, value }) => [type, value]));
  const [then, now] = [parts(when), parts(new Date())];
  const time = `${then.hour}:${then.minute}`;
  const today = ["year", "month", "day"].every((part) => then[part] === now[part]);
  return !day || today ? time : `${Number(then.day)} ${say(`month.${Number(then.month)}`)}, ${time}`;
}

// "+06:00": how far a local time of the election is from UTC.
export function offset(local) {
  const at = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(new Date(`${local}Z`));
  return /[+-]\d\d:\d\d/.exec(at.find(({ type }) => type === "timeZoneName").value.replace("\u2212", "-"))?.[0] ?? "+00:00";
}

export function size(bytes) {
  const number = (n) => new Intl.NumberFormat(language, { maximumFractionDigits: n < 10 ? 1 : 0 }).format(n);
  return bytes < 1e6 ? say("size.kb", { n: number(Math.max(1, Math.round(bytes / 1e3))) }) : say("size.mb", { n: number(bytes / 1e6) });
}

// What loses something is pressed twice.
export function twice(button, question, act) {
  const text = button.textContent;
  let asked = 0;
  button.addEventListener("click", () => {
    if (Date.now() - asked < 5000) return act();
    asked = Date.now();
    button.textContent = question;
    return setTimeout(() => { button.textContent = text; }, 5000);
  });
}
