// The second screen: where? My stations first; nearest, by number or name, a region, or in words.

import { draft } from "./draft.js";
import { draw, make, row, say, tell } from "./drawing.js";
import { fold, foldWords } from "./fold.js";
import { locate, distance } from "./position.js";
import { go, screen } from "./router.js";
import { known, regionName, stations } from "./state.js";

const MOST = 30;

export function placeName() {
  if (draft.station) return stationName(draft.station);
  return [draft.place, regionName(draft.region)].filter(Boolean).join(", ");
}

export const stationName = (station) => (station.number ? say("station", { number: station.number }) : station.name || station.code);

function choose(place) {
  Object.assign(draft, { station: null, region: "", place: "" }, place);
  if (place.station) known.station = place.station;
  // Where the phone is says nothing about a place that was not found by it.
  if (place.station ? place.station.km === undefined : !place.place) draft.position = null;
  go("happened");
}

export function stationRow(station, press) {
  const under = [station.name, regionName(station.region)].filter(Boolean).join(" · ");
  const mark = station.km === undefined ? "" : say("distance", { km: station.km < 10 ? station.km.toFixed(1) : Math.round(station.km) });
  const button = row(stationName(station), press, { under, mark });
  if (draft.station?.code === station.code) button.setAttribute("aria-pressed", "true");
  return button;
}

let folded = null;
function folding() {
  folded ??= stations().map((station) => ({
    station, number: fold(station.number ?? "").replace(/ /g, ""), text: fold(`${station.number} ${station.name} ${station.code} ${regionName(station.region)}`),
  }));
  return folded;
}
export const forgetFolding = () => { folded = null; };

// An exact number first, then numbers that begin so, then names.
export function search(typed) {
  const wanted = foldWords(typed);
  const number = fold(typed).replace(/ /g, "");
  const rank = (one) => (one.number === number ? 0 : one.number.startsWith(number) ? 1 : wanted.every((word) => one.text.includes(word)) ? 2 : 3);
  return folding().map((one) => [rank(one), one.station]).filter(([n]) => n < 3)
    .sort(([a, one], [b, other]) => a - b || other.assigned - one.assigned).slice(0, MOST).map(([, station]) => station);
}

screen("where", () => {
  const { root, at } = draw("where");
  const mine = stations().filter((station) => station.assigned).slice(0, MOST);
  const list = (which, found, none) => {
    tell(at.which, found.length ? say(which) : "");
    tell(at.none, found.length ? "" : say(none));
    at.stations.replaceChildren(...found.map((station) => stationRow(station, () => choose({ station }))));
  };
  // An election whose stations nobody listed: the region is the next best answer, so it is here.
  const listed = stations().length > 0;
  const regions = () => {
    list("where.mine", [], "where.not-listed");
    tell(at.which, say("where.regions"));
    at.stations.replaceChildren(...regionRows());
  };
  const start = () => (listed ? list("where.mine", mine, "where.no-stations") : regions());
  at.near.hidden = at.regions.hidden = !listed;
  start();
  at.open.addEventListener("click", () => choose({}));
  at.find.addEventListener("input", () => {
    const typed = at.find.value.trim();
    at.ways.hidden = at.hint.hidden = Boolean(typed);
    at.typed.hidden = !typed;
    at.typed.textContent = say("where.typed", { typed });
    if (typed) list("where.found", search(typed), "where.none");
    else start();
  });
  at.typed.addEventListener("click", () => choose({ station: { code: at.find.value.trim(), number: at.find.value.trim(), region: "" } }));
  at.near.addEventListener("click", async () => {
    tell(at.which, say("where.asking"));
    const position = await locate();
    if (!position) return tell(at.which, say("where.no-position"));
    draft.position = position;
    const near = stations().filter((one) => one.latitude != null).map((one) => ({ ...one, km: distance(position, one) }));
    list("where.nearest", near.sort((a, b) => a.km - b.km).slice(0, 10), "where.no-points");
    at.stations.querySelector("button")?.focus();
  });
  at.regions.addEventListener("click", () => go("regions"));
  at.else.addEventListener("click", () => go("elsewhere"));
  return { root };
}, { tab: "what" });

const regionRows = () => (known.reference?.regions ?? []).map((region) => row(region.name, () => choose({ region: region.code })));

screen("regions", () => {
  const { root, at } = draw("regions");
  at.regions.append(...regionRows());
  return { root };
}, { tab: "what" });

screen("elsewhere", () => {
  const { root, at } = draw("elsewhere");
  for (const region of known.reference?.regions ?? []) at.region.append(make("option", { value: region.code, textContent: region.name }));
  at.place.value = draft.place;
  at.region.value = draft.station ? "" : draft.region;
  // Kept while it is typed, so that going back loses nothing.
  at.place.addEventListener("input", () => { Object.assign(draft, { station: null, place: at.place.value }); });
  at.region.addEventListener("change", () => { Object.assign(draft, { station: null, region: at.region.value }); });
  root.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    choose({ place: at.place.value.trim(), region: at.region.value });
  });
  return { root, focus: at.place };
}, { tab: "what" });
