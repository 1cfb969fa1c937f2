"""Statistics of a million public incidents: from prepared counts, and counted from the rows.

    DATABASE_URL=postgres://…/an_empty_database python benchmarks/stats.py --incidents 1000000

Rows are made inside the database, past the verbs; then the prepared counts are built, and each
question is asked of the tallies, of the product's own row counting, and of the best covering
index that counting could have (bare SQL, read to the end).
"""

import argparse
import os
import statistics as mean
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("ENVIRONMENT", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from elections.models import Election, Region, RegionSet  # noqa: E402
from incidents import categories, tallies  # noqa: E402
from incidents.models import Incident, Publication  # noqa: E402

REGIONS, DAYS = 17, 10
QUESTIONS = (
    "by=region,category",
    "by=severity,verification",
    "by=category&region=KZ-R3",
    "grain=hour",
    "by=region&grain=day",
    "by=region,category&grain=hour&category=DET",
)
# What a row has to say for a question, in an index that holds nothing else.
COVERING = "regions, categories, severity, verification, occurred_hour, occurred_day"
PERSONS = "persons_min, persons_max"
BARE = {
    "by=region,category": "regions, categories",
    "by=severity,verification": "severity, verification",
    "grain=hour": "occurred_hour",
    "by=region&grain=day": "regions, occurred_day",
}


def the_election() -> Election:
    regions = RegionSet.objects.create(
        slug="bench", name_en="Map", country="KZ", valid_from="2018-06-19"
    )
    zone = "Asia/Almaty"
    shared: dict[str, Any] = {"region_set": regions, "time_zone": zone, "kind": "region"}
    country = Region.objects.create(code="KZ", name_en="Country", **shared)
    for number in range(REGIONS):
        Region.objects.create(parent=country, code=f"KZ-R{number}", name_en=str(number), **shared)
    return Election.objects.create(
        slug="bench", ref_prefix="BENCH", name_en="Bench", country="KZ", region_set=regions,
        kind="parliamentary", time_zone=zone,
    )  # fmt: skip


def fill(election: Election, number: int) -> None:
    """One template, repeated with other values; the spread is skewed as an election is."""
    incident = Incident.objects.create(ref="BENCH-0", election=election, title="x")
    now = timezone.now()
    publication = Publication.objects.create(
        incident=incident, ref="BENCH-0", election=election, titles={"en": "x"}, category="ACC01",
        severity=2, verification="reported", document="{}", search="x", occurred_sort=now,
        published_at=now, updated_at=now,
    )  # fmt: skip
    codes = sorted(categories.CATEGORIES)
    region_ids = list(Region.objects.filter(level=1).order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE code (n int, code text)")
        cursor.executemany("INSERT INTO code VALUES (%s, %s)", list(enumerate(codes)))
        cursor.execute(
            "CREATE TEMP TABLE made AS SELECT i, gen_random_uuid() AS incident, "
            "gen_random_uuid() AS publication, random() AS a, random() AS b, random() AS c, "
            "random() AS d, random() AS e FROM generate_series(1, %s) AS i",
            [number],
        )
        copy(cursor, "incidents_incident", incident, {"id": "incident", "ref": "'B-' || i"})
        begins = (
            "timestamptz '2021-01-10 07:00+06' + CASE WHEN d < 0.6 THEN e * interval '13 hours' "
            f"ELSE (e - 0.5) * interval '{DAYS} days' END"
        )
        copy(
            cursor, "incidents_publication", publication,
            {
                "id": "publication", "incident_id": "incident", "ref": "'B-' || i",
                "category": f"(SELECT code FROM code WHERE n = floor(a * a * {len(codes)})::int)",
                "severity": "1 + floor(b * 4)::int",
                "verification": "(ARRAY['reported','reported','verified','disputed'])"
                "[1 + floor(c * 4)::int]",
                "phase": "CASE WHEN d < 0.6 THEN 'VOT' ELSE '' END",
                "occurred_start": begins,
                "occurred_precision": "(ARRAY['exact','half_hour','hour','day'])"
                "[1 + floor(e * 1000)::int % 4]",
                "persons_min": "CASE WHEN b < 0.3 THEN floor(c * 50)::int END",
                "published_at": f"{begins} + interval '3 hours'",
            },
        )  # fmt: skip
        cursor.execute(
            "INSERT INTO incidents_publicationregion (publication_id, region_id, named) "
            "SELECT publication, (%s::bigint[])[1 + floor(b * c * 17)::int], true FROM made "
            "UNION SELECT publication, (%s::bigint[])[1 + floor(a * 17)::int], true FROM made "
            "WHERE e < 0.05",
            [region_ids, region_ids],
        )
        cursor.execute(
            'INSERT INTO incidents_publicationcategory (publication_id, code, "primary") '
            "SELECT id, category, true FROM incidents_publication WHERE ref <> 'BENCH-0'"
        )
        cursor.execute("ANALYZE")
    Publication.objects.filter(ref="BENCH-0").delete()


def copy(cursor: Any, table: str, row: Any, other: dict[str, str]) -> None:
    names = [field.column for field in row._meta.concrete_fields]
    values = ", ".join(other.get(name, f't."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM made, {table} AS t "
        "WHERE t.ref = 'BENCH-0'"
    )


def timed(work: Any, rounds: int) -> float:
    """Milliseconds, the median; the first is for the caches."""
    work()
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun) * 1000)
    return mean.median(took)


def ask(query: str, way: str) -> int:
    also = "&published_from=1990-01-01" if way == "rows" else ""
    answer = Client().get(f"/api/v1/stats/?election=bench&{query}{also}")
    body = answer.json()
    assert answer.status_code == 200, body
    assert body["meta"]["counted_from"] == way, query
    return len(body["results"])


def bare(columns: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}, count(*), sum(persons_min), sum(persons_max), "
            f"count(persons_min) FROM incidents_counted WHERE election_id = 1 GROUP BY {columns}"
        )
        cursor.fetchall()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--incidents", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    call_command("migrate", verbosity=0)
    if not Election.objects.filter(slug="bench").exists():
        fill(the_election(), given.incidents)
    begun = time.perf_counter()
    made = tallies.rebuild()
    print(f"rebuild of {made:,}: {time.perf_counter() - begun:.1f} s")
    with connection.cursor() as cursor:
        cursor.execute("SELECT cuboid, count(*) FROM incidents_tally GROUP BY 1 ORDER BY 1")
        print("cells:", dict(cursor.fetchall()))
        for columns in BARE.values():
            name = "best_" + columns.replace(", ", "_")
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {name} ON incidents_counted "
                f"(election_id, {columns}) INCLUDE ({PERSONS})"
            )
        cursor.execute("VACUUM ANALYZE")
    for query in QUESTIONS:
        rows = ask(query, "tallies")
        assert rows == ask(query, "rows")
        quick = timed(lambda query=query: ask(query, "tallies"), given.rounds)
        slow = timed(lambda query=query: ask(query, "rows"), 1)
        best = timed(lambda query=query: bare(BARE[query]), given.rounds) if query in BARE else 0
        against = f", best index {best:.0f} ms: x{best / quick:.0f}" if best else ""
        told = f"{rows} rows, tallies {quick:.1f} ms, counted {slow:.0f} ms: x{slow / quick:.0f}"
        print(f"{query}: {told}{against}")


if __name__ == "__main__":
    main()
