"""From what was typed to what is stored: understand what can be, keep the rest as typed.

Wrong types and unknown fields are the client's mistake and raise Invalid. A value of the right
type that means nothing here (an unknown station, a year 1, a category that does not exist) is
the world's mistake: it goes to `unresolved` as typed and the report is accepted.
"""

import difflib
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from elections.folding import findable
from elections.models import Election, Region, Station
from incidents import categories, details
from incidents.cleaning import clean_json, clean_text
from incidents.errors import Invalid
from incidents.vocabulary import (
    Audience,
    Danger,
    FollowUpKind,
    OccurredPrecision,
    PersonsBasis,
    Source,
)

TEXT_LIMIT = 20_000
# field -> (accepted JSON types, longest text)
FIELDS: dict[str, tuple[tuple[type, ...], int]] = {
    "category": ((str,), 40),
    "text": ((str,), TEXT_LIMIT),
    "language": ((str,), 8),
    "occurred_start": ((str,), 40),
    "occurred_end": ((str,), 40),
    "occurred_precision": ((str,), 40),
    "station": ((str,), 200),
    "region": ((str,), 200),
    "place": ((str,), 500),
    "latitude": ((int, float), 0),
    "longitude": ((int, float), 0),
    "accuracy_m": ((int, float), 0),
    "persons_min": ((int,), 0),
    "persons_max": ((int,), 0),
    "persons_words": ((str,), 200),
    "persons_basis": ((str,), 40),
    "details": ((dict,), 0),
    "source": ((str,), 40),
    "told_by": ((str,), 200),
    "danger": ((str,), 40),
    "audience": ((str,), 40),
    "follow_up_of": ((str,), 40),
    "follow_up_kind": ((str,), 40),
    "captured_clock": ((str,), 40),
    "sent_clock": ((str,), 40),
    "clock_known_offset_s": ((int, float), 0),
    "occurred_ago_min": ((int,), 0),
    "evidence": ((list,), 0),
}
MUST_BE: dict[tuple[type, ...], Any] = {
    (str,): _("Must be text."),
    (int,): _("Must be a whole number."),
    (int, float): _("Must be a number."),
    (dict,): _("Must be an object of answers."),
    (list,): _("Must be a list of files."),
}
# vocabulary, and what an unknown word is taken for: the cautious reading
WORDS: dict[str, tuple[type, str]] = {
    "occurred_precision": (OccurredPrecision, OccurredPrecision.UNKNOWN),
    "persons_basis": (PersonsBasis, PersonsBasis.NONE_GIVEN),
    "source": (Source, ""),
    "danger": (Danger, Danger.OBSERVER),
    "audience": (Audience, Audience.SECURITY_ONLY),
    "follow_up_kind": (FollowUpKind, FollowUpKind.ADDITION),
}
CLOCKS = ("occurred_start", "occurred_end", "captured_clock", "sent_clock")
OF_THE_PHONE = ("captured_clock", "sent_clock")
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
EARLIEST_CLOCK = 1969  # a phone that lost its time begins in 1970, or west of Greenwich before
MOST_PERSONS = 10_000_000
FARTHEST_M = 1_000_000
NOT_NEEDED = ("boundary", "aliases", "search")  # of a region: large, and read for each report
MOST_FILES = 16
LARGEST_FILE = 2**53 - 1
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def interpret(payload: dict[str, Any], *, election: Election) -> dict[str, Any]:
    """Column values of a Report, `unresolved` among them. Raises Invalid."""
    check_form(payload)
    given = {field: value for field, value in payload.items() if value is not None}
    if not str(given.get("text", "")).strip() and not given.get("category"):
        raise Invalid({"text": [_("Say what happened: a category, or one sentence.")]})
    unresolved: dict[str, Any] = {}
    values = _texts(given, unresolved)
    values |= _words(given, unresolved)
    values |= _clocks(given, unresolved, election)
    values |= _place(given, unresolved, election)
    values |= _numbers(given, unresolved)
    values |= _category_and_details(given, unresolved)
    values |= _follow_up(given, unresolved)
    values["announced"] = _announced(given, unresolved)
    station = values.get("station")
    values["search"] = findable(
        f"{values['text']} {values['place_words']}",
        station.number if station else "",
        values.get("station_as_typed") or "",
    )
    values["unresolved"] = clean_json(unresolved)[0]
    return values


def check_form(payload: dict[str, Any]) -> None:
    errors: dict[str, list[Any]] = {}
    for field, value in payload.items():
        if field not in FIELDS:
            near = difflib.get_close_matches(field, FIELDS, n=1)
            errors[clean_text(field, limit=100)[0]] = [
                _("Unknown field. Did you mean %(near)s?") % {"near": near[0]}
                if near
                else _("Unknown field.")
            ]
            continue
        types, _limit = FIELDS[field]
        if value is None:
            continue
        if not isinstance(value, types) or isinstance(value, bool):
            errors[field] = [MUST_BE[types]]
    if errors:
        raise Invalid(errors)


def _texts(given: dict[str, Any], unresolved: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for column, field in (
        ("text", "text"),
        ("language", "language"),
        ("place_words", "place"),
        ("persons_words", "persons_words"),
        ("told_by", "told_by"),
    ):
        cleaned, changed = clean_text(given.get(field, ""), limit=FIELDS[field][1])
        values[column] = cleaned
        if changed:
            unresolved[field] = "…"
    return values


def _words(given: dict[str, Any], unresolved: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for field, (vocabulary, cautious) in WORDS.items():
        if not given.get(field):
            continue
        if given[field] in vocabulary.values:  # type: ignore[attr-defined]
            values[field] = given[field]
        else:
            unresolved[field] = given[field]
            values[field] = cautious
    return values


def _clocks(
    given: dict[str, Any], unresolved: dict[str, Any], election: Election
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in CLOCKS:
        if not given.get(field):
            continue
        year = EARLIEST_CLOCK if field in OF_THE_PHONE else EARLIEST_YEAR
        moment = read_time(given[field], election.time_zone, year)
        if moment is None:
            unresolved[field] = given[field]
        else:
            values[field] = moment
    start, end = values.get("occurred_start"), values.get("occurred_end")
    if start and end and start > end:
        unresolved["occurred_end"] = given["occurred_end"]
        values["occurred_end"] = None
    return values


def read_time(text: str, zone: str, earliest: int = EARLIEST_YEAR) -> datetime | None:
    """None when it is no time or lies outside any election. A time without offset is local."""
    try:
        moment = parse_datetime(text)
        if moment is None or not earliest <= moment.year <= LATEST_YEAR:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        # PostgreSQL takes no offset of sixteen hours or more, and Python does.
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def region_named(code: str, election: Election) -> Region | None:
    """By the code of that day, without its boundary, which nobody who files needs."""
    return Region.objects.of(election).defer(*NOT_NEEDED).filter(code=code).first()


def _place(
    given: dict[str, Any], unresolved: dict[str, Any], election: Election
) -> dict[str, Any]:
    values: dict[str, Any] = {"region": None, "station": None, "station_as_typed": ""}
    if typed := clean_text(given.get("region", ""), limit=200)[0]:
        values["region"] = region_named(typed, election)
        if values["region"] is None:
            unresolved["region"] = typed
    if typed := clean_text(given.get("station", ""), limit=200)[0]:
        station: Station | None = Station.objects.resolve(election, typed, region=values["region"])
        values["station"] = station
        if station is None:
            values["station_as_typed"] = typed
            unresolved["station"] = typed
        elif values["region"] is None:
            values["region"] = station.region
    latitude, longitude = given.get("latitude"), given.get("longitude")
    if latitude is not None or longitude is not None:
        if _between(latitude, -90, 90) and _between(longitude, -180, 180):
            values |= {"latitude": latitude, "longitude": longitude}
        else:
            unresolved["latitude"], unresolved["longitude"] = latitude, longitude
    if (accuracy := given.get("accuracy_m")) is not None:
        if _between(accuracy, 0, FARTHEST_M):
            values["accuracy_m"] = accuracy
        else:
            unresolved["accuracy_m"] = accuracy
    return values


def _between(value: Any, low: float, high: float) -> bool:
    return value is not None and low <= value <= high


def _numbers(given: dict[str, Any], unresolved: dict[str, Any]) -> dict[str, Any]:
    low, high = given.get("persons_min"), given.get("persons_max")
    fits = all(n is None or 0 <= n <= MOST_PERSONS for n in (low, high))
    if fits and (low is None or high is None or low <= high):
        return {"persons_min": low, "persons_max": high}
    unresolved["persons_min"], unresolved["persons_max"] = low, high
    return {}


def _category_and_details(given: dict[str, Any], unresolved: dict[str, Any]) -> dict[str, Any]:
    code = clean_text(given.get("category", ""), limit=40)[0]
    if code and code not in categories.CATEGORIES:
        unresolved["category"] = code
        code = ""
    answers, _changed = clean_json(given.get("details", {}))
    clean, problems = details.validate(code, dict(answers))
    for key in problems:
        unresolved[f"details.{key}"] = dict(answers).get(key)
    return {"category": code, "details": clean}


def _follow_up(given: dict[str, Any], unresolved: dict[str, Any]) -> dict[str, Any]:
    typed = given.get("follow_up_of")
    if not typed:
        return {"follow_up_kind": ""}
    try:
        return {
            "follow_up_of": uuid.UUID(typed),
            "follow_up_kind": (
                given.get("follow_up_kind") in FollowUpKind.values and given["follow_up_kind"]
            )
            or FollowUpKind.ADDITION,
        }
    except ValueError:
        unresolved["follow_up_of"] = typed
        return {"follow_up_kind": ""}


def _announced(given: dict[str, Any], unresolved: dict[str, Any]) -> list[dict[str, Any]]:
    """The files that are to come, each once."""
    said = given.get("evidence", [])
    files: dict[str, dict[str, Any]] = {}
    odd = []
    for entry in said:
        file = _file(entry)
        if file is None or file["id"] in files or len(files) == MOST_FILES:
            odd.append(entry)
        else:
            files[file["id"]] = file
    if odd:
        unresolved["evidence"] = [str(entry)[:200] for entry in odd[:MOST_FILES]]
    return list(files.values())


def _file(entry: Any) -> dict[str, Any] | None:
    if not isinstance(entry, dict):
        return None
    name, digest, size, kind = (entry.get(key) for key in ("id", "sha256", "size", "type"))
    try:
        known = uuid.UUID(name) if isinstance(name, str) else None
    except ValueError:
        return None
    whole = isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= LARGEST_FILE
    exact = isinstance(digest, str) and SHA256.fullmatch(digest)
    if not (known and whole and exact and isinstance(kind, str | None)):
        return None
    media_type = clean_text(kind or "", limit=100)[0]
    return {"id": str(known), "sha256": digest, "size": size, "type": media_type}
