"""Prepared counts of what is public, exact at every moment.

A publication is counted in the transaction that publishes, corrects or withdraws it, while the
counter of the public feed is locked: whoever publishes next waits for that row anyway, so no two
ever wait for each other here. How it was counted stands in `Counted`; exactly that is taken out
again. `statistics` reads them. See docs/decisions/0018.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection, transaction

from incidents import history
from incidents.models import Counted, Publication, PublicationCategory, PublicationRegion, Tally
from incidents.vocabulary import OccurredPrecision

BATCH = 5_000
TIMES = ("occurred_hour", "occurred_day", "published_hour", "published_day")
DIMENSIONS = ("regions", "categories", "severity", "verification", "phase")
NUMBERS = ("incidents", "persons_min", "persons_max", "with_min", "with_max", "unknown")
KEY = ("cuboid", "election_id", "at", *DIMENSIONS)
NOTHING: dict[str, Any] = {name: 0 if name == "severity" else "" for name in DIMENSIONS}
TO_THE_HOUR = (OccurredPrecision.EXACT, OccurredPrecision.HALF_HOUR, OccurredPrecision.HOUR)
TO_THE_DAY = (*TO_THE_HOUR, OccurredPrecision.PART_OF_DAY, OccurredPrecision.DAY)
Models = Callable[[str, str], Any]
Values = dict[str, Any]


@dataclass(frozen=True)
class Cuboid:
    """One way of adding up: by these dimensions and, with `at`, by this time of `Counted`."""

    name: str
    dimensions: tuple[str, ...]
    at: str = ""


# From the smallest; whoever reads takes the first that knows all it asks for.
CUBOIDS = (
    Cuboid("how", ("severity", "verification")),
    Cuboid("place", ("regions", "categories")),
    Cuboid("whole", DIMENSIONS),
    *(Cuboid(f"{at}_how", ("severity", "verification"), at) for at in TIMES),
    *(Cuboid(f"{at}_what", ("regions", "categories"), at) for at in TIMES),
)


# --- How one publication is counted ------------------------------------------------------------


def key_of(items: Iterable[Any]) -> str:
    """One text for several: each can be looked for with the marks around it."""
    text = ";".join(str(item) for item in items)
    return f";{text};" if text else ""


def items_of(key: str) -> list[str]:
    return key.strip(";").split(";") if key else []


def hour_of(moment: datetime) -> str:
    return moment.replace(minute=0, second=0, microsecond=0).isoformat(timespec="seconds")


def day_of(moment: datetime) -> str:
    return moment.date().isoformat()


def _began(
    start: datetime | None, end: datetime | None, precision: str, zone: ZoneInfo
) -> tuple[str, str]:
    """Hour and day in which it began; "" where it is not known so exactly.

    Of a period in which it happened some time, only one that lies within the hour or day.
    """
    if start is None:
        return "", ""
    start = start.astimezone(zone)
    hour, day = hour_of(start), day_of(start)
    if precision == OccurredPrecision.RANGE:
        last = end.astimezone(zone) if end else None
        within_hour = last is not None and hour_of(last) == hour
        within_day = last is not None and day_of(last) == day
        return hour if within_hour else "", day if within_day else ""
    return hour if precision in TO_THE_HOUR else "", day if precision in TO_THE_DAY else ""


FACTS = (
    "election_id",
    "severity",
    "verification",
    "phase",
    "persons_min",
    "persons_max",
    "occurred_start",
    "occurred_end",
    "occurred_precision",
    "published_at",
)


def _counted(facts: Values, zone: ZoneInfo, regions: Iterable[int], codes: list[str]) -> Values:
    """The columns of `Counted`. `codes`: the main category first."""
    hour, day = _began(
        facts["occurred_start"], facts["occurred_end"], facts["occurred_precision"], zone
    )
    published = facts["published_at"].astimezone(zone)
    same = ("election_id", "severity", "verification", "phase", "persons_min", "persons_max")
    return {name: facts[name] for name in same} | {
        "regions": key_of(sorted(regions)),
        "categories": key_of([*codes[:1], *sorted(codes[1:])]),
        "occurred_hour": hour,
        "occurred_day": day,
        "published_hour": hour_of(published),
        "published_day": day_of(published),
    }


def _as_published(publication: Publication) -> Values:
    regions = PublicationRegion.objects.filter(publication=publication, region__level=1)
    codes = PublicationCategory.objects.filter(publication=publication).order_by("-primary")
    return _counted(
        {name: getattr(publication, name) for name in FACTS},
        ZoneInfo(publication.election.time_zone),
        regions.values_list("region", flat=True),
        list(codes.values_list("code", flat=True)),
    )


# --- Kept exact ---------------------------------------------------------------------------------


def recount(publication: Publication) -> None:
    """Count it as it is now, no longer as it was. The caller holds the counter of the feed."""
    was: Any = Counted.objects.filter(pk=publication.pk).values().first()
    now = _as_published(publication) if publication.live else None
    if was and now and was == {"publication_id": publication.pk, **now}:
        return
    moves: dict[tuple[Any, ...], list[int]] = {}
    for values, sign in ((was, -1), (now, 1)):
        for cuboid in CUBOIDS if values else ():
            numbers = moves.setdefault(_cell(cuboid, values), [0] * len(NUMBERS))
            for place, number in enumerate(_numbers(values)):
                numbers[place] += sign * number
    _move([(*cell, *numbers) for cell, numbers in moves.items() if any(numbers)])
    if was:
        Tally.objects.filter(incidents=0).delete()
    if now:
        Counted.objects.update_or_create(pk=publication.pk, defaults=now)
    elif was:
        Counted.objects.filter(pk=publication.pk).delete()


def _cell(cuboid: Cuboid, values: Values | None) -> tuple[Any, ...]:
    values = values or {}
    dimensions = NOTHING | {name: values[name] for name in cuboid.dimensions}
    at = values[cuboid.at] if cuboid.at else ""
    return (cuboid.name, values["election_id"], at, *dimensions.values())


def _numbers(values: Values | None) -> tuple[int, ...]:
    low, high = (values or {})["persons_min"], (values or {})["persons_max"]
    given = (low is not None, high is not None)
    return (1, low or 0, high or 0, int(given[0]), int(given[1]), int(not any(given)))


def _move(rows: list[tuple[Any, ...]]) -> None:
    """Add to the cells, those that do not exist yet included, in one statement."""
    if not rows:
        return
    slots = ", ".join(["%s"] * (len(KEY) + len(NUMBERS)))
    added = ", ".join(f'"{n}" = "incidents_tally"."{n}" + excluded."{n}"' for n in NUMBERS)
    sql = (
        f"INSERT INTO incidents_tally ({_names(*KEY, *NUMBERS)}) "  # noqa: S608 names of ours
        f"VALUES {', '.join([f'({slots})'] * len(rows))} "
        f"ON CONFLICT ({_names(*KEY)}) DO UPDATE SET {added}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in row])


def _names(*columns: str) -> str:
    return ", ".join(f'"{name}"' for name in columns)


# --- All of it ----------------------------------------------------------------------------------


def rebuild() -> int:
    """Count everything anew while nobody publishes; how many are counted. For changes of zones
    and regions of an election that has publications, and for rows made past the verbs."""
    with transaction.atomic():
        history.take_number("changes")  # held, not moved on
        Tally.objects.all().delete()
        Counted.objects.all().delete()
        return build(apps.get_model)


def build(models: Models) -> int:
    """Fill both tables, which are empty. `models`: of the registry, or of a migration."""
    kept, made = models("incidents", "Counted"), 0
    for rows in _batches(models):
        kept._base_manager.bulk_create([kept(**row) for row in rows])
        made += len(rows)
    with connection.cursor() as cursor:
        for cuboid in CUBOIDS:
            columns = _names(*KEY, *NUMBERS)
            cursor.execute(f"INSERT INTO incidents_tally ({columns}) {_added_up(cuboid)}")
    return made


def _batches(models: Models) -> Iterator[list[Values]]:
    """The columns of `Counted` as they have to be, in the order of the publications' ids."""
    zones = {
        pk: ZoneInfo(zone)
        for pk, zone in models("elections", "Election")
        ._base_manager.filter(is_rehearsal=False)
        .values_list("pk", "time_zone")
    }
    live = models("incidents", "Publication")._base_manager.filter(live=True, election__in=zones)
    last = None
    while True:
        rest = live.filter(pk__gt=last) if last else live
        facts = list(rest.order_by("pk").values("pk", *FACTS)[:BATCH])
        if not facts:
            return
        reach = {"publication__gte": facts[0]["pk"], "publication__lte": facts[-1]["pk"]}
        regions = _grouped(models, "PublicationRegion", "region", reach, region__level=1)
        codes = _grouped(models, "PublicationCategory", "code", reach)
        yield [
            {"publication_id": pk}
            | _counted(row, zones[row["election_id"]], regions.get(pk, ()), codes.get(pk, []))
            for row in facts
            for pk in [row["pk"]]
        ]
        last = facts[-1]["pk"]


def _grouped(models: Models, name: str, column: str, reach: Values, **more: Any) -> dict[Any, Any]:
    rows = models("incidents", name)._base_manager.filter(**reach, **more)
    if name == "PublicationCategory":
        rows = rows.order_by("publication", "-primary")
    found: dict[Any, list[Any]] = {}
    for pk, value in rows.values_list("publication", column):
        found.setdefault(pk, []).append(value)
    return found


def _added_up(cuboid: Cuboid) -> str:
    """A SELECT of its rows from `Counted`, in the order of KEY and NUMBERS."""
    at = f'"{cuboid.at}"' if cuboid.at else "''"
    columns = [f"'{cuboid.name}'", '"election_id"', at]
    for name in DIMENSIONS:
        empty = "0" if name == "severity" else "''"
        columns.append(f'"{name}"' if name in cuboid.dimensions else empty)
    numbers = [
        "COUNT(*)",
        "COALESCE(SUM(persons_min), 0)",
        "COALESCE(SUM(persons_max), 0)",
        "COUNT(persons_min)",
        "COUNT(persons_max)",
        "SUM(CASE WHEN persons_min IS NULL AND persons_max IS NULL THEN 1 ELSE 0 END)",
    ]
    by = ["election_id", *cuboid.dimensions, *([cuboid.at] if cuboid.at else [])]
    rows = ", ".join([*columns, *numbers])
    return f"SELECT {rows} FROM incidents_counted GROUP BY {_names(*by)}"  # noqa: S608


def faults() -> list[str]:
    """Why the prepared counts are not exact; empty when they are. Reads everything twice."""
    found = []
    names = [field.attname for field in Counted._meta.concrete_fields]
    kept = Counted.objects.order_by("pk").values(*names).iterator(chunk_size=BATCH)
    for row in (row for rows in _batches(apps.get_model) for row in rows):
        if next(kept, None) != row:
            found.append(f"not counted as it is, or the one before it: {row['publication_id']}")
            break
    else:
        if (more := next(kept, None)) is not None:
            found.append(f"counted, but not public: {more['publication_id']}")
    columns = _names(*KEY, *NUMBERS)
    with connection.cursor() as cursor:
        for cuboid in CUBOIDS:
            stored = f"SELECT {columns} FROM incidents_tally WHERE cuboid = '{cuboid.name}'"  # noqa: S608
            fresh = _added_up(cuboid)
            for one, other in ((stored, fresh), (fresh, stored)):
                cursor.execute(f"SELECT COUNT(*) FROM ({one} EXCEPT {other}) AS d")  # noqa: S608
                if differing := cursor.fetchone()[0]:
                    found.append(f"{cuboid.name}: {differing} rows differ")
                    break
    return found
