// Questions that take several answers: how something stood at which time and who says so, and links.

import { make, offset, say } from "./drawing.js";

const MOST = 50; // as many as the server reads
const select = (id, options, value) => {
  const rows = [["", say("details.not-answered")], ...options];
  return make("select", { id, autocomplete: "off" }, ...rows.map(([code, text]) => make("option", { value: code, textContent: text, selected: code === value })));
};

// This minute by the clock of the election, which a phone need not show.
function now(zone) {
  const asked = { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const part = Object.fromEntries(new Intl.DateTimeFormat("en-GB", asked).formatToParts(new Date()).map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

const timed = (value) => (value ? `${value.slice(0, 16)}:00${offset(value)}` : "");

// An address as people write it.
const whole = (typed) => (typed && !/^[a-z][a-z0-9+.-]*:/i.test(typed) ? `https://${typed}` : typed);

const PARTS = {
  series: ({ id, choices, sources, entry }) => [
    ["status", "several.status", select(`${id}-status`, choices, entry.status)],
    ["as_of", "several.as-of", make("input", { type: "datetime-local", id: `${id}-as_of`, autocomplete: "off", value: (entry.as_of ?? "").slice(0, 16) }), timed],
    ["source", "several.source", select(`${id}-source`, sources, entry.source)],
    ["source_words", "several.words", make("input", { type: "text", id: `${id}-source_words`, autocomplete: "off", maxLength: 200, value: entry.source_words ?? "" })],
  ],
  links: ({ id, choices, entry }) => [
    ["url", "several.url", make("input", { type: "url", id: `${id}-url`, autocomplete: "off", maxLength: 500, inputMode: "url", value: entry.url ?? "" }), whole],
    ["source", "several.made-by", select(`${id}-source`, choices, entry.source)],
    ["taken_on", "several.taken-on", make("input", { type: "date", id: `${id}-taken_on`, autocomplete: "off", value: entry.taken_on ?? "" })],
  ],
};

// `keep` gets the entries that say something. A new one begins with this minute, there to be seen
// and changed, and with what the report says of how it is known.
export function several({ id, label, type, choices, sources, zone, source, said, keep }) {
  const fresh = () => (type === "series" ? { as_of: timed(now(zone)), source: source() } : {});
  const entries = (said.length ? said : [fresh()]).map((entry) => ({ ...entry }));
  const place = make("div", {});
  const tell = () => {
    const told = entries.map((entry) => Object.fromEntries(Object.entries(entry).filter(([, value]) => value)));
    // What an entry begins with is nobody's answer.
    const begun = (entry) => (type === "series" ? entry.status || entry.source_words : entry.url || entry.source || entry.taken_on);
    const rest = told.filter(begun);
    keep(rest.length ? rest : "");
  };
  const draw = () => place.replaceChildren(...entries.map((entry, index) => one(entry, index)));
  const one = (entry, index) => {
    const title = say("several.entry", { n: index + 1 });
    const fields = PARTS[type]({ id: `${id}-${index}`, choices, sources, entry }).map(([name, words, field, read = (value) => value]) => {
      field.addEventListener("input", () => {
        entry[name] = read(field.value.trim());
        tell();
      });
      if (field.type === "url") field.addEventListener("change", () => {
        field.value = whole(field.value.trim());
      });
      return make("div", { className: "form-field" }, make("label", { htmlFor: field.id, textContent: say(words) }), field);
    });
    const group = make("div", { className: "form-field", role: "group", ariaLabel: `${label}, ${title}` }, ...fields);
    if (entries.length > 1) {
      const remove = make("button", { type: "button", className: "link", textContent: say("details.remove-short"), ariaLabel: say("details.remove", { name: title }) });
      remove.addEventListener("click", () => {
        entries.splice(index, 1);
        draw();
        tell();
        add.focus();
      });
      group.append(remove);
    }
    return group;
  };
  const add = make("button", { type: "button", className: "button", textContent: say("several.add") });
  add.addEventListener("click", () => {
    if (entries.length >= MOST) return;
    entries.push(fresh());
    draw();
    place.lastElementChild.querySelector("input, select").focus();
  });
  draw();
  return make("fieldset", { className: "form-field" }, make("legend", { textContent: label }), place, add);
}
