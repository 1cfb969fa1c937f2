"""Statistics say what anybody counts from the export, on either way and in either format."""

import csv
import datetime as dt
import io
import itertools
import json
import random
from zoneinfo import ZoneInfo

import pytest

from elections.models import Election, Region
from incidents import statistics
from tests.api.rows import body_of, get, published_row, refused
from tests.factories import ElectionFactory, RegionFactory, RegionSetFactory
from tests.walking import region, the_election

pytestmark = pytest.mark.django_db
CODES = ("ACC01", "ACC02", "DET03", "DET05", "NET00")
TO_THE_HOUR = {"exact", "half_hour", "hour"}
TO_THE_DAY = TO_THE_HOUR | {"part_of_day", "day"}
# Matches every row, and no tally knows it.
EVERYTHING = "published_from=1990-01-01"


@pytest.fixture(scope="module")
def world(lasting):
    """Sixty incidents of two elections in two zones, in places of three levels."""
    here = the_election()
    district = RegionFactory(
        region_set=here.region_set, parent=region("KZ-ALA"), code="ALA-1", kind="district"
    )
    RegionFactory(region_set=here.region_set, parent=district, code="ALA-1-A", kind="settlement")
    regions = RegionSetFactory(slug="far")
    country = RegionFactory(region_set=regions, code="KZ", kind="country")
    RegionFactory(region_set=regions, parent=country, code="KZ-ALA", kind="city")
    far = ElectionFactory(
        slug="far", ref_prefix="FAR", region_set=regions, time_zone="Asia/Kathmandu"
    )
    chance = random.Random(18)
    for number in range(60):
        published_row(far if number % 5 == 0 else here, **_made_up(chance, far=number % 5 == 0))
    return here


def _made_up(chance, *, far: bool) -> dict:
    codes = chance.sample(CODES, chance.choice((1, 1, 2)))
    places = ["KZ-ALA"] if far else ["KZ-ALA", "KZ-SHY", "KZ-YUZ", "ALA-1", "ALA-1-A"]
    start = dt.datetime(2021, 1, 8, tzinfo=dt.UTC) + dt.timedelta(
        minutes=chance.randrange(8 * 24 * 60)
    )
    precision = chance.choice([*TO_THE_DAY, "range", "range", "run_up", "unknown"])
    ends = precision == "range" or chance.random() < 0.2
    end = start + dt.timedelta(minutes=chance.choice((5, 20, 600, 5000))) if ends else None
    low = chance.choice((None, None, 0, 3, 40))
    high = chance.choice((None, (low or 0) + 10))
    return {
        "category": codes[0],
        "categories": codes,
        "severity": chance.randint(1, 4),
        "verification": chance.choice(("reported", "verified", "disputed")),
        "phase": chance.choice((None, "EVE", "VOT")),
        "regions": sorted(chance.sample(places, chance.randint(0, min(2, len(places))))),
        "occurred_start": None if precision == "unknown" else start.isoformat(),
        "occurred_end": end and end.isoformat(),
        "occurred_precision": precision,
        "persons_min": low,
        "persons_max": high,
    }


# --- The same, counted from the export ----------------------------------------------------------


def exported(client, query: str = "") -> list[dict]:
    answer = client.get(f"/api/v1/incidents/?format=ndjson&{query}")
    assert answer.status_code == 200
    return [json.loads(line) for line in body_of(answer).splitlines()]


def ancestors(election: str, code: str) -> dict[int, str]:
    row = Region.objects.get(region_set__elections__slug=election, code=code)
    return dict(enumerate(row.path.strip("/").split("/")))


def period_of(row: dict, grain: str, clock: str) -> str | None:
    zone = ZoneInfo(Election.objects.get(slug=row["election"]).time_zone)
    text = row["published_at"] if clock == "published" else row["occurred_start"]
    if text is None:
        return None
    begins = dt.datetime.fromisoformat(text).astimezone(zone)
    known = TO_THE_HOUR if grain == "hour" else TO_THE_DAY
    if clock == "occurred" and row["occurred_precision"] == "range":
        last = dt.datetime.fromisoformat(row["occurred_end"]).astimezone(zone)
        form = "%Y-%m-%d %H" if grain == "hour" else "%Y-%m-%d"
        if f"{last:{form}}" != f"{begins:{form}}":
            return None
    elif clock == "occurred" and row["occurred_precision"] not in known:
        return None
    if grain == "hour":
        return begins.replace(minute=0, second=0, microsecond=0).isoformat()
    day = begins.date()
    return str(day - dt.timedelta(days=day.weekday()) if grain == "week" else day)


def values_of(row: dict, axis: str, level: int) -> list:
    if axis == "region":
        above = (ancestors(row["election"], code) for code in row["regions"])
        return sorted({path[level] for path in above if level in path}) or [None]
    return [row["category"][:3] if axis == "group" else row[axis]]


def counted(rows: list[dict], by=(), grain="", clock="occurred", level=1) -> dict:
    found: dict[tuple, list] = {}
    for row in rows:
        values = [values_of(row, axis, level) for axis in by]
        if grain:
            values.append([period_of(row, grain, clock)])
        for key in itertools.product(*values):
            found.setdefault(key, []).append(row)
    return {key: sums(members) for key, members in found.items()}


def sums(rows: list[dict]) -> tuple:
    low = [r["persons_min"] for r in rows if r["persons_min"] is not None]
    high = [r["persons_max"] for r in rows if r["persons_max"] is not None]
    unknown = [r for r in rows if r["persons_min"] is None and r["persons_max"] is None]
    return (len(rows), sum(low) if low else None, sum(high) if high else None, len(unknown))


NUMBERS = ("incidents", "persons_min_sum", "persons_max_sum", "n_unknown")


def told(answer: dict) -> dict:
    meta = answer["meta"]
    names = [*meta["by"], *(["period"] if meta["grain"] else [])]
    rows = [tuple(row[name] for name in names) for row in answer["results"]]
    assert len(set(rows)) == len(rows)
    return {
        key: tuple(row[name] for name in NUMBERS)
        for key, row in zip(rows, answer["results"], strict=True)
    }


AXES = [
    (),
    *itertools.combinations(statistics.AXES, 1),
    *itertools.combinations(statistics.AXES, 2),
]


@pytest.mark.parametrize("axes", AXES, ids=",".join)
def test_every_pair_of_axes_is_what_the_export_says_on_both_ways(client, world, axes):
    rows = exported(client)
    for way in ("tallies", "rows"):
        also = EVERYTHING if way == "rows" else ""
        answer = get(client, f"/stats/?{also}" + (f"&by={','.join(axes)}" if axes else ""))
        assert answer["meta"]["counted_from"] == way
        assert told(answer) == counted(rows, axes)
        assert tuple(answer["totals"][name] for name in NUMBERS) == sums(rows)


TIMED = [
    ("", ()),
    ("by=region", ("region",)),
    ("by=region,category", ("region", "category")),
    ("by=group", ("group",)),
    ("by=severity,verification", ("severity", "verification")),
    ("by=election,phase", ("election", "phase")),
]


@pytest.mark.parametrize("clock", statistics.CLOCKS)
@pytest.mark.parametrize("grain", statistics.GRAINS)
@pytest.mark.parametrize(("query", "axes"), TIMED)
def test_time_is_of_the_election_and_unknown_time_stands_by_itself(
    client, world, query, axes, grain, clock
):
    rows = exported(client)
    for also in ("", EVERYTHING):
        answer = get(client, f"/stats/?{query}&grain={grain}&time={clock}&{also}")
        assert told(answer) == counted(rows, axes, grain, clock)
        assert answer["totals"]["incidents"] == len(rows)
    if clock == "occurred":
        assert any(row["period"] is None for row in answer["results"])


FILTERS = (
    ("election=far", True),
    ("region=KZ-ALA", True),
    ("region=KZ-ALA,KZ-SHY&category=DET", True),
    ("category=NET00,ACC", True),
    ("severity=1,4", True),
    ("severity_min=3&verification=disputed", True),
    ("phase=VOT&severity_min=2", True),
    ("region=KZ", False),
    ("region=ALA-1", False),
    ("occurred_from=2021-01-10&occurred_to=2021-01-11", False),
    ("q=observers", False),
    ("has_response=true", False),
    ("bbox=76,43,77,44", False),
)


@pytest.mark.parametrize(("query", "prepared"), FILTERS)
def test_every_filter_narrows_the_figures_as_it_narrows_the_list(client, world, query, prepared):
    rows = exported(client, query)
    for axes in (("region", "category"), ("severity",), ("phase", "election")):
        answer = get(client, f"/stats/?{query}&by={','.join(axes)}")
        assert told(answer) == counted(rows, axes)
        assert (answer["meta"]["counted_from"] == "tallies") is prepared
    answer = get(client, f"/stats/?{query}&by=verification&grain=day")
    assert told(answer) == counted(rows, ("verification",), "day")


@pytest.mark.parametrize("level", [1, 2, 3])
def test_regions_of_every_level(client, world, level):
    rows = exported(client)
    answer = get(client, f"/stats/?by=region,severity&level={level}&grain=week")
    assert told(answer) == counted(rows, ("region", "severity"), "week", level=level)
    assert answer["totals"]["incidents"] == len(rows)


def test_csv_has_the_same_rows_and_labels(client, world):
    query = "by=region,category&grain=day&labels=ru"
    rows = get(client, f"/stats/?{query}")["results"]
    answer = client.get(f"/api/v1/stats/?{query}&format=csv&bom=true")
    assert answer["Content-Type"].startswith("text/csv")
    text = body_of(answer).decode("utf-8")
    assert text.startswith("\ufeff")
    table = list(csv.DictReader(io.StringIO(text[1:])))
    assert list(table[0]) == list(rows[0])
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows] == table
    assert {"region_label", "category_label"} < set(rows[0])
    by_code = {row["category"]: row["category_label"] for row in rows}
    assert by_code["DET05"] != "DET05"
    header = body_of(client.get("/api/v1/stats/?by=group&q=nothing&format=csv&labels=kk"))
    assert header.decode().startswith("group,group_label,incidents,")
    assert header.count(b"\r\n") == 1
    by_accept = client.get("/api/v1/stats/?by=group", headers={"Accept": "text/csv"})
    assert by_accept["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize("axis", statistics.AXES)
def test_every_axis_has_labels(client, world, axis):
    for row in get(client, f"/stats/?by={axis}&labels=ru")["results"]:
        assert (row[f"{axis}_label"] is None) is (row[axis] is None)


def test_more_rows_than_anybody_reads_are_refused_not_cut(client, world, monkeypatch):
    monkeypatch.setattr(statistics, "MOST_ROWS", 3)
    fault = refused(client, "/stats/?by=region,category&grain=hour", "by")
    assert "3 rows" in fault["detail"]
    get(client, "/stats/?by=verification")
