// Keeps the queue as it is on the server, without taking the reader's place away.
// Without it the page is renewed by loading it again.

const EVERY = 4000;
const LONGEST = 30000;
const WHOLE_AFTER = 5 * 60 * 1000;
const list = document.getElementById("queue-rows");
const offline = list.querySelector(".queue-offline");
let news = list.dataset.news ? new URL(list.dataset.news, location.href) : null;
let pause = EVERY;
let timer = 0;
let whole = Date.now();

// --- Asking ---------------------------------------------------------------------------------

async function ask() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    await once();
    pause = EVERY;
    offline.hidden = true;
  } catch {
    pause = Math.min(pause * 2, LONGEST);
    offline.hidden = false;
  }
  timer = setTimeout(ask, pause);
}

async function once() {
  if (Date.now() - whole > WHOLE_AFTER) return everything();
  const answer = await get(news);
  if (answer === null) return undefined;
  if (answer.status === 205) return everything();
  if (answer.status !== 204 && answer.status !== 200) throw new Error(answer.status);
  if (answer.status === 200) put(parsed(await answer.text()));
  // Only now: what could not be shown is asked for again.
  news.searchParams.set("since", answer.headers.get("Desk-Standing"));
  return undefined;
}

async function get(url) {
  const answer = await fetch(url, { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(15000) });
  if (answer.type !== "opaqueredirect") return answer;
  news = null;
  clearTimeout(timer);
  offline.textContent = list.dataset.signedOut;
  offline.hidden = false;
  throw new Error("signed out");
}

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

// --- Rows -------------------------------------------------------------------------------------

function put(fresh) {
  for (const table of fresh.querySelectorAll("table[data-list]")) {
    const shown = list.querySelector(`table[data-list="${table.dataset.list}"]`);
    if (shown) for (const row of [...table.rows]) place(row, shown);
    else if (table.rows.length) return void everything();
  }
  for (const one of fresh.querySelectorAll("[data-gone] li")) leave(one.textContent);
  const at = new Set([...fresh.querySelectorAll("[data-at-work] li")].map((one) => one.textContent));
  for (const one of list.querySelectorAll(".holder")) if (!at.has(one.dataset.subject)) one.remove();
  renew(fresh);
  return undefined;
}

function renew(fresh) {
  for (const id of ["queue-tabs", "queue-as-of"]) {
    const part = fresh.getElementById(id);
    const shown = document.getElementById(id);
    if (!part || !shown || shown.contains(document.activeElement)) continue;
    const open = id === "queue-tabs" && shown.querySelector("[aria-current]");
    shown.innerHTML = part.innerHTML;
    if (open) for (const link of shown.querySelectorAll("a")) {
      if (link.href === open.href) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
  count();
}

// A row takes the focus and the choice of the one it stands for. Who chose a row chose it as it
// was: a step on it is refused if it changed since.
function place(row, table) {
  const old = document.getElementById(row.id);
  const fresh = document.adoptNode(row);
  const focus = old && old.contains(document.activeElement) ? document.activeElement : null;
  if (old) {
    const was = old.querySelector("input[name=row]");
    if (was.checked) {
      fresh.querySelector("input[name=row]").replaceWith(was);
      was.checked = true;
    }
    const stays = old.dataset.key === fresh.dataset.key || focus || was.checked;
    if (stays) old.replaceWith(fresh);
    else old.remove();
  }
  if (!fresh.isConnected && !insert(fresh, table)) return;
  if (!old || old.textContent !== fresh.textContent) fresh.classList.add("row-new");
  if (focus) (document.getElementById(focus.id) || fresh.querySelector("a")).focus({ preventScroll: true });
  tick();
}

function insert(row, table) {
  const rows = [...table.tBodies[0].rows];
  const after = rows.find((other) => sooner(row.dataset.key, other.dataset.key, table.dataset.way));
  const more = table.closest("section").querySelector("[rel=next], a[href*='list=']:not([id])");
  // Beyond the last row of a page with others after it: it belongs to a later page.
  if (!after && more && !table.contains(more)) return false;
  table.tBodies[0].insertBefore(row, after || null);
  return true;
}

function sooner(mine, theirs, way) {
  const [a, b] = [JSON.parse(mine), JSON.parse(theirs)];
  for (let at = 0; at < a.length; at += 1) {
    if (a[at] !== b[at]) return (a[at] < b[at]) === (way[at] !== "-");
  }
  return false;
}

function leave(ref) {
  const row = document.getElementById(`line-${ref}`);
  if (!row) return;
  if (row.contains(document.activeElement) || row.querySelector("input[name=row]").checked) row.classList.add("row-gone");
  else row.remove();
}

// --- The whole list again: after a long time away, and now and then ---------------------------

async function everything() {
  const answer = await get(location.href);
  if (!answer.ok) throw new Error(answer.status);
  const fresh = parsed(await answer.text());
  const part = fresh.getElementById("queue-rows");
  const chosen = new Map([...list.querySelectorAll("input[name=row]:checked")].map((box) => [box.closest("tr").id, box.value]));
  const focus = list.contains(document.activeElement) ? document.activeElement.id : "";
  const seat = document.activeElement?.closest?.("tr")?.getBoundingClientRect().top;
  for (const section of [...list.querySelectorAll(":scope > section, :scope > .empty")]) section.remove();
  for (const section of [...part.querySelectorAll(":scope > section, :scope > .empty")]) list.append(document.adoptNode(section));
  const limits = list.querySelector(".limits");
  if (limits) list.append(limits);
  for (const [id, value] of chosen) {
    const box = document.querySelector(`#${CSS.escape(id)} input[name=row]`);
    if (box) [box.checked, box.value] = [true, value];
  }
  if (focus) {
    const again = document.getElementById(focus);
    again?.focus({ preventScroll: true });
    if (again && seat !== undefined) scrollBy(0, again.closest("tr").getBoundingClientRect().top - seat);
  }
  news = new URL(part.dataset.news, location.href);
  whole = Date.now();
  renew(fresh);
}

// --- Clocks -----------------------------------------------------------------------------------

function spoken(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60000));
  if (minutes >= 1440) return "";
  if (minutes < 60) return list.dataset.minutes.replace("[m]", minutes);
  return list.dataset.hours.replace("[h]", Math.floor(minutes / 60)).replace("[m]", String(minutes % 60).padStart(2, "0"));
}

function tick() {
  const now = Date.now();
  for (const clock of list.querySelectorAll("time.clock")) {
    const words = spoken(now - Date.parse(clock.dateTime));
    if (words) clock.textContent = words;
  }
  for (const due of list.querySelectorAll("[data-due]")) {
    const late = Date.parse(due.dataset.due) <= now;
    due.querySelector(".due-left").hidden = late;
    due.querySelector(".overdue").hidden = !late;
  }
}

// --- Choosing rows ----------------------------------------------------------------------------

function count() {
  for (const form of document.querySelectorAll("form.bulk")) {
    const boxes = [...form.elements].filter((one) => one.name === "row");
    const chosen = boxes.filter((box) => box.checked).length;
    const words = form.querySelector(".bulk-count");
    words.textContent = chosen ? words.dataset.some.replace("[n]", chosen) : words.dataset.none;
    form.classList.toggle("bulk-some", chosen > 0);
    form.querySelector(".bulk-all").hidden = boxes.length < 2;
    form.querySelector(".bulk-all input").checked = chosen > 0 && chosen === boxes.length;
  }
}

document.addEventListener("change", ({ target }) => {
  if (target.closest(".bulk-all")) {
    for (const box of target.form.elements) if (box.name === "row") box.checked = target.checked;
  }
  if (target.name === "row" || target.closest(".bulk-all")) count();
});

count();
setInterval(tick, 20000);
if (news) {
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
  addEventListener("pageshow", (event) => event.persisted && ask());
  timer = setTimeout(ask, EVERY);
}
