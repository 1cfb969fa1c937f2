// The desk by keyboard. Keys are places on the keyboard (event.code), so that they work while a
// Russian or Kazakh layout is on. Nothing fires while somebody types or holds a modifier.

const dialog = document.getElementById("keys");
const opener = document.querySelector(".keys-open");
const FIELD = "textarea, select, input:not([type=hidden])";
let waiting = 0; // until when a "g" waits for its second key

const rows = () => [...document.querySelectorAll("#queue-rows a[id^='row-']")];
const current = () => document.activeElement?.closest?.("#queue-rows tr")?.querySelector("a[id^='row-']");

function typing(target) {
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(target.type));
}

function move(way) {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[at < 0 ? (way > 0 ? 0 : all.length - 1) : at + way];
  next?.focus();
  next?.closest("tr").scrollIntoView({ block: "nearest" });
}

// The next thing to do: what has to be filled in for it, or its button.
function next() {
  const place = document.querySelector(".next");
  const form = place?.querySelector(":scope > form.step:not(.withdraw)");
  (form?.querySelector(FIELD) || (form || place)?.querySelector(":scope > p > .button"))?.focus();
}

const choose = () => current()?.closest("tr").querySelector("input[name=row]").click();

// On the page of an incident or report: its form. In the queue: the form's page, for the row.
function step(name) {
  const form = document.querySelector(`form[action$="/steps/${name}/"]`);
  if (form && !current()) {
    form.closest("details")?.setAttribute("open", "");
    const field = form.querySelector(FIELD);
    if (field) field.focus();
    // A suggestion is weighed first: Enter takes it.
    else if (name === "link") form.querySelector("button").focus();
    else form.requestSubmit();
    return;
  }
  const link = current();
  const fits = link && (name === "link" ? "/reports/" : "/incidents/");
  if (!fits || !link.pathname.includes(fits)) return;
  if (name !== "claim") location.assign(`${link.pathname}steps/${name}/`);
  else claim(link);
}

function claim(link) {
  const box = link.closest("tr").querySelector("input[name=row]");
  const form = document.createElement("form");
  form.method = "post";
  form.action = `${link.pathname}steps/claim/`;
  const token = box.form.elements.csrfmiddlewaretoken.value;
  for (const [name, value] of [["csrfmiddlewaretoken", token], ["version", box.value.split(":")[2]]]) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}

function search() {
  const field = document.querySelector(".filters input[type=search]");
  field?.closest("details")?.setAttribute("open", "");
  field?.focus();
}

const back = () => document.querySelector(".breadcrumbs li:last-of-type a")?.click();
const show = () => !dialog.open && dialog.showModal();

const KEYS = {
  KeyJ: () => move(1),
  KeyK: () => move(-1),
  KeyO: () => current()?.click(),
  KeyX: choose,
  KeyC: () => step("claim"),
  KeyL: () => step("link"),
  KeyN: next,
  KeyP: () => step("park"),
  KeyU: back,
  KeyG: () => { waiting = Date.now() + 1500; },
  KeyQ: () => location.assign(dialog.dataset.queue),
  Slash: search,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat && !/^Key[JK]$/.test(event.code)) return;
  if (dialog.open || typing(event.target)) return;
  const second = Date.now() < waiting;
  waiting = 0;
  if (event.shiftKey) {
    if (event.code !== "Slash" && event.key !== "?") return;
    event.preventDefault();
    show();
    return;
  }
  if (event.code === "KeyQ" && !second) return;
  const act = KEYS[event.code];
  if (!act) return;
  event.preventDefault();
  act();
});

opener.hidden = false;
opener.querySelector("button").addEventListener("click", show);
