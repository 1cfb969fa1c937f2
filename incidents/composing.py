"""From what the desk believes and what an editor wrote to what the world reads."""

import json
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from elections.folding import fold
from elections.models import Region
from incidents import details
from incidents.cleaning import clean_text
from incidents.errors import Invalid
from incidents.lines import lines_of
from incidents.models import Incident, Publication
from incidents.vocabulary import OccurredPrecision, PlacePrecision
from incidents.workflow.independence import independent_sources

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
LIMITS = {"title": 200, "summary": 4000}
# From fine to coarse; an editor may publish coarser than the desk knows, never finer.
COARSENESS = [
    PlacePrecision.STATION,
    PlacePrecision.ADDRESS,
    PlacePrecision.SETTLEMENT,
    PlacePrecision.DISTRICT,
    PlacePrecision.REGION,
    PlacePrecision.SEVERAL_REGIONS,
    PlacePrecision.COUNTRY,
    PlacePrecision.UNKNOWN,
]
PLACE_CHOICES = [p for p in COARSENESS if p != PlacePrecision.ADDRESS]
TIME_CHOICES = ("as_known", "hour", "day")
# Public fields that are columns under the same name.
COPIED = (
    "category",
    "severity",
    "verification",
    "sources",
    "occurred_precision",
    "regions_at_least",
    "place_precision",
    "longitude",
    "latitude",
    "persons_min",
    "persons_max",
    "persons_basis",
    "details",
    "responses",
)
CONTENT_FIELDS = ("title", "summary", "place_precision", "time", "both_sides")


def read_content(incident: Incident, given: dict[str, Any]) -> dict[str, Any]:
    """The editor's decisions, complete and clean.

    {"title": {language: text}, "summary": {…}, "place_precision", "time", "both_sides"}.
    Raises Invalid.
    """
    if not isinstance(given, dict):
        raise Invalid({"content": [_("Must be an object of fields and values.")]})
    errors: dict[str, list[Any]] = {
        field: [_("Unknown field.")] for field in set(given) - set(CONTENT_FIELDS)
    }
    content: dict[str, Any] = {
        field: _texts(field, given.get(field) or {}, errors) for field in LIMITS
    }
    content["place_precision"] = _place_precision(incident, given, errors)
    content["time"] = given.get("time") or "as_known"
    if content["time"] not in TIME_CHOICES:
        errors["time"] = [_("Must be one of: %s.") % ", ".join(TIME_CHOICES)]
    content["both_sides"] = given.get("both_sides") is True
    if errors:
        raise Invalid(errors)
    return content


def _texts(field: str, given: Any, errors: dict[str, list[Any]]) -> dict[str, str]:
    fits = isinstance(given, dict) and all(
        language in LANGUAGES and isinstance(text, str) for language, text in given.items()
    )
    if not fits:
        errors[field] = [_("Must be an object of language and text: en, ru, kk.")]
        return {}
    cleaned = {
        language: clean_text(given.get(language, ""), limit=LIMITS[field] + 1)[0]
        for language in LANGUAGES
    }
    if any(len(text) > LIMITS[field] for text in cleaned.values()):
        errors[field] = [_("At most %s characters.") % LIMITS[field]]
    return {language: text for language, text in cleaned.items() if text}


def place_choices(incident: Incident) -> list[PlacePrecision]:
    known = COARSENESS.index(PlacePrecision(incident.place_precision))
    return [p for p in PLACE_CHOICES if COARSENESS.index(p) >= known]


def _place_precision(
    incident: Incident, given: dict[str, Any], errors: dict[str, list[Any]]
) -> str:
    choices = place_choices(incident)
    wanted = given.get("place_precision")
    if not wanted:
        # A station where one observer stood names the observer: coarse unless chosen otherwise.
        coarse = COARSENESS.index(PlacePrecision.REGION)
        return next(p for p in choices if COARSENESS.index(p) >= coarse)
    if wanted not in choices:
        errors["place_precision"] = [_("Must be one of: %s.") % ", ".join(choices)]
    return str(wanted)


def compose(incident: Incident, content: dict[str, Any]) -> dict[str, Any]:
    """The public fields in the order of the codebook, as JSON values.

    Without id, version, url and dates, which publication adds: approval is bound to the rest.
    """
    precision = content["place_precision"]
    regions = _regions(incident, precision)
    station = incident.station if precision == PlacePrecision.STATION else None
    start, end, occurred_precision = _when(incident, content["time"], regions)
    longitude, latitude = _point(station, regions)
    secondary = [c for c in incident.categories_secondary if c != incident.category]
    return {
        "election": incident.election.slug,
        "category": incident.category,
        "categories": [incident.category, *secondary],
        "severity": incident.severity,
        "verification": incident.verification,
        "sources": independent_sources(incident),
        "occurred_start": start,
        "occurred_end": end,
        "occurred_precision": occurred_precision,
        "phase": incident.phase or None,
        "regions": [region.code for region in regions],
        "regions_at_least": incident.regions_at_least,
        "station": station.code if station else None,
        "place_precision": precision,
        "longitude": longitude,
        "latitude": latitude,
        "persons_min": incident.persons_min,
        "persons_max": incident.persons_max,
        "persons_words": incident.persons_words or None,
        "persons_basis": incident.persons_basis,
        "title": content["title"],
        "summary": content["summary"],
        "details": details.public_part(incident.category, incident.details),
        "responses": [_response(row) for row in incident.responses.all()],
    }


def _response(row: Any) -> dict[str, Any]:
    return {
        "issuer": row.issuer,
        "office": row.office or None,
        "said_on": row.said_on.isoformat() if row.said_on else None,
        "position": row.position,
        "claims": row.claims,
        "quote": row.quote or None,
        "quote_language": row.quote_language or None,
        "translation": row.translation or None,
        "source": row.source or None,
        "link": row.link or None,
    }


def _regions(incident: Incident, precision: str) -> list[Region]:
    """The regions that may be named at this precision, rolled up where it is coarser."""
    if precision in (PlacePrecision.COUNTRY, PlacePrecision.UNKNOWN):
        return []
    named = list(incident.regions.order_by("code"))
    if not named and incident.station:
        named = [incident.station.region]
    if precision not in (PlacePrecision.REGION, PlacePrecision.SEVERAL_REGIONS):
        return named
    top = {region.path.strip("/").split("/")[1:2][0] for region in named if region.parent_id}
    return list(Region.objects.of(incident.election).filter(code__in=top).order_by("code"))


def _zone(incident: Incident, regions: list[Region]) -> ZoneInfo:
    zones = {region.time_zone for region in regions}
    return ZoneInfo(zones.pop() if len(zones) == 1 else incident.election.time_zone)


def _when(
    incident: Incident, coarse: str, regions: list[Region]
) -> tuple[str | None, str | None, str]:
    zone = _zone(incident, regions)
    start = incident.occurred_start and incident.occurred_start.astimezone(zone)
    end = incident.occurred_end and incident.occurred_end.astimezone(zone)
    precision = incident.occurred_precision
    if coarse != "as_known" and precision not in ("range", "run_up", "unknown", "day"):
        start, end = _widened(start, end, coarse)
        precision = (
            OccurredPrecision.DAY
            if coarse == "day"
            else OccurredPrecision.HOUR
            if precision in ("exact", "half_hour")
            else precision
        )
    return _iso(start), _iso(end), precision


def _widened(
    start: datetime | None, end: datetime | None, coarse: str
) -> tuple[datetime | None, datetime | None]:
    whole: dict[str, Any] = {"minute": 0, "second": 0, "microsecond": 0}
    if coarse == "day":
        whole["hour"] = 0
    unit = timedelta(days=1) if coarse == "day" else timedelta(hours=1)
    last = end or start
    return (
        start.replace(**whole) if start else None,
        last.replace(**whole) + unit - timedelta(seconds=1) if last else None,
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _point(station: Any, regions: list[Region]) -> tuple[float | None, float | None]:
    """The station's own point, or a label point inside the one region; never a person's."""
    if station and station.longitude is not None:
        return station.longitude, station.latitude
    if len(regions) == 1:
        return regions[0].longitude, regions[0].latitude
    return None, None


def render(
    incident: Incident,
    public: dict[str, Any],
    *,
    version: int,
    published_at: datetime,
    updated_at: datetime,
) -> Publication:
    """The row the world reads, its document included; not saved."""
    document = {
        "id": str(incident.id),
        "ref": incident.ref,
        "version": version,
        "url": f"{settings.PUBLIC_URL}/incidents/{incident.ref}/",
        **public,
        "published_at": _iso(published_at),
        "updated_at": _iso(updated_at),
    }
    start = datetime.fromisoformat(public["occurred_start"]) if public["occurred_start"] else None
    end = datetime.fromisoformat(public["occurred_end"]) if public["occurred_end"] else None
    return Publication(
        id=incident.id,
        incident=incident,
        ref=incident.ref,
        election=incident.election,
        version=version,
        live=True,
        titles=public["title"],
        summaries=public["summary"],
        occurred_start=start,
        occurred_end=end,
        occurred_sort=start or end or _first_poll_day(incident),
        phase=public["phase"] or "",
        persons_words=public["persons_words"] or "",
        station=incident.station if public["station"] else None,
        has_response=bool(public["responses"]),
        licence=incident.election.licence,
        document=json.dumps(document, ensure_ascii=False, separators=(",", ":")),
        **lines_of(document),
        search=_searchable(incident, public),
        published_at=published_at,
        updated_at=updated_at,
        **{name: public[name] for name in COPIED},
    )


def _first_poll_day(incident: Incident) -> datetime:
    zone = ZoneInfo(incident.election.time_zone)
    day = incident.election.poll_days.order_by("date").first()
    if day is None:
        return incident.opened_at
    return datetime.combine(day.date, day.opens or time.min, tzinfo=zone)


def _searchable(incident: Incident, public: dict[str, Any]) -> str:
    regions = Region.objects.of(incident.election).filter(code__in=public["regions"])
    words = [
        incident.ref,
        *public["title"].values(),
        *public["summary"].values(),
        public["station"] or "",
        *(name for region in regions for name in region.names.values()),
    ]
    return fold(" ".join(words))
