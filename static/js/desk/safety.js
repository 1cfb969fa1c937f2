// Keeps the safety page as it is on the server, and leaves alone what somebody types or presses.
// Without it the page is renewed by loading it again.

const EVERY = 5000;
const LONGEST = 30000;
const shown = document.getElementById("safety");
const said = document.getElementById("safety-said");
const asOf = document.getElementById("safety-as-of");
const offline = document.getElementById("safety-offline");
let standing = shown.dataset.standing;
let told = shown.dataset.said;
let pause = EVERY;
let timer = 0;
let over = false;

async function ask() {
  clearTimeout(timer);
  if (document.hidden || over) return;
  try {
    await once();
    pause = EVERY;
    offline.hidden = true;
  } catch {
    pause = Math.min(pause * 2, LONGEST);
    offline.hidden = false;
  }
  if (!over) timer = setTimeout(ask, pause);
}

async function once() {
  const answer = await fetch(shown.dataset.url, {
    headers: { "HX-Request": "true", "If-None-Match": standing },
    redirect: "manual",
    cache: "no-store",
    signal: AbortSignal.timeout(15000),
  });
  if (answer.type === "opaqueredirect" || answer.status === 403) {
    over = true;
    offline.textContent = offline.dataset.signedOut;
    throw new Error("signed out");
  }
  if (answer.status === 304) return;
  if (answer.status !== 200) throw new Error(answer.status);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("safety");
  const focus = document.activeElement;
  children(shown, fresh);
  if (focus !== document.activeElement && focus.isConnected) focus.focus({ preventScroll: true });
  standing = answer.headers.get("ETag");
  asOf.textContent = asOf.textContent.replace(shown.dataset.asOf, fresh.dataset.asOf);
  shown.dataset.asOf = fresh.dataset.asOf;
  // Said aloud only when there is something to say: a clock that moves on is nothing.
  if (fresh.dataset.said !== told) said.textContent = told = fresh.dataset.said;
}

// --- What differs, and only that --------------------------------------------------------------

const key = (node) => (node.nodeType === Node.ELEMENT_NODE && node.id ? node.id : "");
const alike = (mine, theirs) => mine.nodeName === theirs.nodeName && key(mine) === key(theirs);

// Somebody is about to press it or types into it: what they see is what they send.
const inHand = (node) => node.matches(":focus-within, :hover, :active") || [...node.querySelectorAll("textarea")].some((field) => field.value.trim());

function children(mine, theirs) {
  let at = mine.firstChild;
  for (const wanted of [...theirs.childNodes]) {
    const id = key(wanted);
    const kept = id ? [...mine.children].find((one) => one.id === id) : at && alike(at, wanted) && at;
    if (!kept) {
      mine.insertBefore(document.importNode(wanted, true), at);
      continue;
    }
    if (kept === at) at = at.nextSibling;
    else mine.insertBefore(kept, at);
    renew(kept, wanted);
  }
  while (at) {
    const next = at.nextSibling;
    leave(at);
    at = next;
  }
}

function renew(mine, theirs) {
  if (mine.nodeType !== Node.ELEMENT_NODE) {
    if (mine.nodeValue !== theirs.nodeValue) mine.nodeValue = theirs.nodeValue;
    return;
  }
  if (mine.isEqualNode(theirs) || (mine.matches("form") && inHand(mine))) return;
  mine.classList.remove("row-gone");
  const stays = mine.matches("details") ? "open" : "";
  for (const { name } of [...mine.attributes]) if (!theirs.hasAttribute(name) && name !== stays) mine.removeAttribute(name);
  for (const { name, value } of [...theirs.attributes]) if (mine.getAttribute(name) !== value && name !== stays) mine.setAttribute(name, value);
  children(mine, theirs);
}

// A colleague closed what somebody here is writing about: their words stay until they let go.
function leave(node) {
  if (node.nodeType === Node.ELEMENT_NODE && node.querySelector("form") && inHand(node)) node.classList.add("row-gone");
  else node.remove();
}

document.addEventListener("visibilitychange", ask);
addEventListener("online", ask);
addEventListener("pageshow", (event) => event.persisted && ask());
timer = setTimeout(ask, EVERY);
