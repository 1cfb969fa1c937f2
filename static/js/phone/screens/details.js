// Behind "Add details": everything that may help and nobody has to fill in.

import { draft, DETAILS } from "./draft.js";
import { draw, make, offset, say, size, tell } from "./drawing.js";
import { several } from "./several.js";
import { known, setting } from "./state.js";

export function details(changed) {
  const { root, at } = draw("details");
  for (const name of DETAILS) bind(at[name], name, changed);
  for (const name of ["minutes", "day", "time", "follow_up_kind"]) bind(at[name], name, changed);
  at.follow.hidden = !draft.follow_up_of;
  bindWhen(root, at, changed);
  const told = () => { at.told.hidden = !draft.source || draft.source === "direct_witness"; };
  at.source.addEventListener("change", told);
  told();
  at.security.checked = draft.security;
  at.security.addEventListener("change", () => {
    draft.security = at.security.checked;
    changed();
  });
  bindFiles(root, at, changed);
  const questions = known.reference?.categories?.[draft.category]?.questions ?? [];
  const sources = [...at.source.options].map(({ value, textContent }) => [value, textContent]).slice(1);
  at.questions.append(...questions.map((one) => question(one, changed, sources)).filter(Boolean));
  return root;
}

function bind(field, name, changed) {
  field.value = draft[name];
  field.addEventListener("input", () => {
    draft[name] = field.value;
    changed();
  });
}

function bindWhen(root, at, changed) {
  const show = () => {
    at.ago.hidden = draft.when !== "ago";
    at.at.hidden = draft.when !== "at";
  };
  for (const choice of root.querySelectorAll("[name=when]")) {
    choice.checked = choice.value === draft.when;
    choice.addEventListener("change", () => {
      draft.when = choice.value;
      show();
      changed();
    });
  }
  show();
}

function bindFiles(root, at, changed) {
  const show = () => at.files.replaceChildren(...draft.files.map((file, index) => fileRow(file, index, () => {
    draft.files.splice(index, 1);
    show();
    changed();
  })));
  for (const field of root.querySelectorAll("[data-file]")) {
    field.addEventListener("change", () => {
      const limit = setting("evidence_limit");
      const chosen = [...field.files];
      const large = chosen.find((file) => file.size > limit);
      tell(at.too_large, large ? say("details.too-large", { name: large.name, size: size(large.size), limit: size(limit) }) : "");
      draft.files.push(...chosen.filter((file) => file.size <= limit && file.size > 0));
      field.value = ""; // the same file may be chosen again after it was removed
      show();
      changed();
    });
  }
  show();
}

// A name of a photo may tell when it was made; its number is enough.
function fileRow(file, index, remove) {
  const name = say("details.file", { n: index + 1 });
  const kind = file.type.split("/")[0];
  const label = say(["image", "video", "audio"].includes(kind) ? `file.${kind}` : "file.other");
  const button = make("button", { type: "button", className: "link", textContent: say("details.remove-short"), ariaLabel: say("details.remove", { name }) });
  button.addEventListener("click", remove);
  return make("li", {}, make("span", { textContent: `${name}: ${label}, ${size(file.size)}` }), button);
}

// One question of the category: a choice, several, words, a number, a time, or entries of parts.
function question({ name, label, type, choices = [], help = "" }, changed, sources) {
  const id = `q-${name}`;
  const keep = (value) => {
    draft.details[name] = value;
    changed();
  };
  const hint = help ? [make("p", { className: "hint", textContent: help })] : [];
  if (type === "multi") return boxes({ id, name, label, choices, hint, keep });
  if (type === "number_rule") return numbers({ id, name, label, keep });
  if (type === "series" || type === "links") {
    const zone = known.reference?.election?.time_zone;
    const said = draft.details[name] || [];
    return several({ id, label, type, choices, sources, zone, source: () => draft.source, said, keep });
  }
  if (type === "datetime") return moment({ id, name, label, hint, keep });
  let field;
  if (type === "choice" || type === "tri") {
    const options = [["", say("details.not-answered")], ...choices];
    field = make("select", { id, autocomplete: "off" }, ...options.map(([value, text]) => make("option", { value, textContent: text })));
  } else if (type === "text") {
    field = make("input", { id, type: "text", autocomplete: "off", maxLength: 500 });
  } else {
    return null; // a kind of question this version does not know: the desk asks it
  }
  field.value = draft.details[name] ?? "";
  field.addEventListener("input", () => keep(field.value));
  return make("div", { className: "form-field" }, make("label", { htmlFor: id, textContent: label }), ...hint, field);
}

function boxes({ id, name, label, choices, hint, keep }) {
  const chosen = new Set(draft.details[name] ?? []);
  const rows = choices.map(([value, text]) => {
    const box = make("input", { type: "checkbox", id: `${id}-${value}`, checked: chosen.has(value), autocomplete: "off" });
    box.addEventListener("change", () => {
      chosen[box.checked ? "add" : "delete"](value);
      keep([...chosen]);
    });
    return make("label", { className: "choice" }, box, make("span", { textContent: text }));
  });
  return make("fieldset", { className: "form-field" }, make("legend", { textContent: label }), ...hint, make("div", { className: "choices" }, ...rows));
}

// At least and at most; what is not said is not zero.
function numbers({ id, name, label, keep }) {
  const said = { min: null, max: null, ...draft.details[name] };
  const ends = [["min", "details.at-least"], ["max", "details.at-most"]].map(([end, words]) => {
    const field = make("input", { type: "number", id: `${id}-${end}`, min: 0, max: 10000000, inputMode: "numeric", autocomplete: "off", value: said[end] ?? "" });
    field.addEventListener("input", () => {
      said[end] = /^\d+$/.test(field.value) ? Number(field.value) : null;
      keep(said.min === null && said.max === null ? "" : { ...said });
    });
    return make("div", { className: "form-field" }, make("label", { htmlFor: field.id, textContent: say(words) }), field);
  });
  return make("fieldset", { className: "form-field" }, make("legend", { textContent: label }), make("div", { className: "row-of" }, ...ends));
}

// A time by the clock of the election, which a phone need not show.
function moment({ id, name, label, hint, keep }) {
  const field = make("input", { type: "datetime-local", id, autocomplete: "off", value: (draft.details[name] ?? "").slice(0, 16) });
  field.addEventListener("input", () => keep(field.value && `${field.value.slice(0, 16)}:00${offset(field.value)}`));
  return make("div", { className: "form-field" }, make("label", { htmlFor: id, textContent: label }), ...hint, field);
}
