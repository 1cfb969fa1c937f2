"""Polling stations from a CSV file: every row is taken over, or none is and each bad one is named.

Columns: commission, number and region (a code) are needed; all others of COLUMNS may be there,
and `grouping.<name>` for further groupings. A column that is not in the file leaves what is
known; an empty cell says "not known".
"""

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Field
from django.utils.translation import gettext as _

from elections.models import Election, Region, RegionCode, Station
from elections.tables import Problem, Row, read_table

NEEDED = ("commission", "number", "region")
TEXTS = ("name_en", "name_ru", "name_kk", "address", "country", "venue")
CHOICES = ("coordinates_quality", "kind", "status")
LIMITS = {"latitude": 90, "longitude": 180}
COLUMNS = (*NEEDED, *TEXTS, *CHOICES, *LIMITS, "registered_voters", "successor")
GROUPING = re.compile(r"grouping\.[a-z][a-z0-9_]{0,39}")
DECIMAL = re.compile(r"[+-]?[0-9]{1,3}([.,][0-9]{1,15})?")
WHOLE = re.compile(r"[0-9]{1,9}")
SAVED = (
    *(column for column in COLUMNS if column not in {"commission", "number"}),
    "groupings",
    "search",
    "number_key",
)
BATCH = 500

Key: TypeAlias = tuple[str, str]


@dataclass
class StationImport:
    """What was done, or, with `saved` false, what would have been done."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    saved: bool = False
    problems: list[Problem] = field(default_factory=list)


class _BadCell(ValueError):
    """The message is a sentence for the person who brought the file."""


@transaction.atomic
def import_stations(election: Election, raw: bytes, *, dry_run: bool = False) -> StationImport:
    """Create or update the stations of `election`, found by commission and number.

    With any problem, or with `dry_run`, nothing is saved. Raises tables.UnreadableTable.
    """
    # Two imports at once would both create the same stations.
    election = Election.objects.select_for_update(no_key=True).get(pk=election.pk)
    rows, problems = read_table(
        raw,
        needed=NEEDED,
        known=lambda name: name in COLUMNS or GROUPING.fullmatch(name) is not None,
        examples=COLUMNS,
    )
    outcome = StationImport(problems=problems)
    stations = {
        _key(station): station
        for station in election.stations.select_related("region", "successor")
    }
    before = {key: _facts(station) for key, station in stations.items()}
    regions = _regions_by_code(election)
    touched = _first_rows(rows, problems)
    for key, row in touched.items():
        station = stations.setdefault(key, Station(election=election))
        problems += _fill(station, row, regions)
    for key, row in touched.items():
        problems += _succeed(stations[key], row, stations)
    problems.sort(key=lambda problem: problem.row)
    new = [stations[key] for key in touched if key not in before]
    old = [key for key in touched if key in before]
    changed = [stations[key] for key in old if _facts(stations[key]) != before[key]]
    outcome.created, outcome.updated = len(new), len(changed)
    outcome.unchanged = len(old) - len(changed)
    if not problems and not dry_run:
        _save(new, changed)
        outcome.saved = True
    return outcome


def _key(station: Station) -> Key:
    return station.commission, station.number


def _facts(station: Station) -> tuple[Any, ...]:
    columns = (column for column in COLUMNS if column not in {"region", "successor"})
    successor = _key(station.successor) if station.successor else None
    values = (getattr(station, column) for column in columns)
    return (*values, station.region_id, dict(station.groupings), successor)


def _regions_by_code(election: Election) -> dict[str, Region]:
    """By the set's own codes, and by any other code that means one region only."""
    own = {region.code: region for region in Region.objects.of(election)}
    others: dict[str, list[Region]] = {}
    codes = RegionCode.objects.filter(region__region_set_id=election.region_set_id)
    for code in codes.select_related("region"):
        others.setdefault(code.code, []).append(code.region)
    return {code: found[0] for code, found in others.items() if len(found) == 1} | own


def _first_rows(rows: list[Row], problems: list[Problem]) -> dict[Key, Row]:
    first: dict[Key, Row] = {}
    for row in rows:
        key = row.cells["commission"], row.cells["number"]
        if key in first:
            text = _("row %(first)d is the same station.") % {"first": first[key].place}
            problems.append(Problem(row.place, "number", text))
        else:
            first[key] = row
    return first


def _fill(station: Station, row: Row, regions: dict[str, Region]) -> list[Problem]:
    problems = []
    groupings = dict(station.groupings)
    for column, text in row.cells.items():
        if column == "successor":
            continue
        if GROUPING.fullmatch(column):
            name = column.partition(".")[2]
            groupings.pop(name, None)
            groupings |= {name: text} if text else {}
            continue
        try:
            setattr(station, column, _value(column, text, regions))
        except _BadCell as bad:
            problems.append(Problem(row.place, column, str(bad)))
    station.groupings = groupings
    if not problems and (station.latitude is None) != (station.longitude is None):
        text = _("a latitude needs a longitude, and the reverse.")
        problems.append(Problem(row.place, "latitude", text))
    return problems


def _value(column: str, text: str, regions: dict[str, Region]) -> Any:
    if column == "region":
        if text not in regions:
            raise _BadCell(_("no region of this election has the code “%s”.") % text)
        return regions[text]
    if column in LIMITS:
        return _degrees(text, LIMITS[column])
    model_field: Field[Any, Any] = getattr(Station, column).field
    value: Any = text
    if column == "registered_voters":
        if text and not WHOLE.fullmatch(text):
            raise _BadCell(_("“%s” is not a whole number of at most nine digits.") % text)
        value = int(text) if text else None
    elif column in CHOICES and not text:
        value = model_field.get_default()
    try:
        return model_field.clean(value, None)
    except ValidationError as error:
        raise _BadCell(" ".join(error.messages)) from error


def _degrees(text: str, limit: int) -> float | None:
    if not text:
        return None
    number = float(text.replace(",", ".")) if DECIMAL.fullmatch(text) else None
    if number is None or abs(number) > limit:
        detail = _("“%(text)s” is not a number of degrees from -%(limit)d to %(limit)d.")
        raise _BadCell(detail % {"text": text, "limit": limit})
    return number


def _succeed(station: Station, row: Row, stations: dict[Key, Station]) -> list[Problem]:
    """Stations may name each other across the file, so this waits until all are known."""
    if "successor" not in row.cells:
        return []
    text = row.cells["successor"]
    commission, _colon, number = text.partition(":")
    successor = stations.get((commission.strip(), number.strip())) if text else None
    if text and successor is None:
        detail = _("there is no station “%s” in this election or this file.") % text
        return [Problem(row.place, "successor", detail)]
    if successor is station:
        return [Problem(row.place, "successor", _("a station cannot follow itself."))]
    station.successor = successor
    return []


def _save(new: list[Station], changed: list[Station]) -> None:
    for station in [*new, *changed]:
        station.make_findable()
    # A new station can follow another new one, which has no key before it is saved.
    successors = [station.successor for station in new]
    for station in new:
        station.successor = None
    Station.objects.bulk_create(new, batch_size=BATCH)
    for station, successor in zip(new, successors, strict=True):
        station.successor = successor
    followed = [station for station in new if station.successor]
    Station.objects.bulk_update(followed, ["successor"], batch_size=BATCH)
    Station.objects.bulk_update(changed, SAVED, batch_size=BATCH)
