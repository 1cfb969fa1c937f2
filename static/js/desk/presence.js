// Tells colleagues that somebody is at this incident or report, and shows who else is.

const EVERY = 4000;
const LONGEST = 30000;
const SIGN_EVERY = 60000;
const ACTIVE = 4 * 60 * 1000;
const place = document.getElementById("presence");
let active = Date.now();
let signed = Date.now(); // opening the page was the first sign
let pause = EVERY;
let timer = 0;

async function ask() {
  clearTimeout(timer);
  if (document.hidden) return;
  const sign = Date.now() - signed > SIGN_EVERY && Date.now() - active < ACTIVE;
  try {
    const answer = await fetch(place.dataset.url, {
      method: sign ? "POST" : "GET",
      headers: sign ? { "X-CSRFToken": place.dataset.token } : {},
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(15000),
    });
    if (answer.status !== 200) throw new Error(answer.status);
    if (sign) signed = Date.now();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("presence");
    if (fresh.textContent !== place.textContent && !place.contains(document.activeElement)) place.innerHTML = fresh.innerHTML;
    pause = EVERY;
    place.querySelector(".presence-offline").hidden = true;
  } catch {
    pause = Math.min(pause * 2, LONGEST);
    place.querySelector(".presence-offline").hidden = false;
  }
  timer = setTimeout(ask, pause);
}

if (place) {
  for (const kind of ["keydown", "pointerdown", "scroll", "input"]) {
    addEventListener(kind, () => { active = Date.now(); }, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
  timer = setTimeout(ask, EVERY);
}
