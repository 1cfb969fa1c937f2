"""What statistics say of themselves: no number for nothing, denominators, refusals, freshness."""

import datetime as dt
import json
import uuid

import pytest

from elections.models import Station
from incidents import tallies
from observers import visiting
from tests.api.rows import get, published_row, refused
from tests.factories import ElectionFactory, RegionFactory
from tests.walking import person, published, region, the_election

pytestmark = pytest.mark.django_db
NUMBERS = ("incidents", "persons_min_sum", "persons_max_sum", "n_unknown")


def told(answer: dict, axis: str) -> dict:
    return {row[axis]: tuple(row[name] for name in NUMBERS) for row in answer["results"]}


# --- What it says of itself ---------------------------------------------------------------------


def test_an_incident_of_two_regions_is_counted_in_each_and_once_in_all(client):
    published_row(regions=["KZ-SHY", "KZ-YUZ"])
    answer = get(client, "/stats/?by=region")
    assert told(answer, "region") == dict.fromkeys(("KZ-SHY", "KZ-YUZ"), (1, None, None, 1))
    assert answer["totals"]["incidents"] == 1
    assert answer["meta"]["sums_exceed_total"] is True
    assert get(client, "/stats/?by=category")["meta"]["sums_exceed_total"] is False


def test_null_is_never_zero(client):
    published_row(category="DET06", persons_min=None, persons_max=None, persons_words="dozens")
    published_row(category="ACC01", persons_min=0, persons_max=None)
    rows = {row["category"]: row for row in get(client, "/stats/?by=category")["results"]}
    assert rows["DET06"]["persons_min_sum"] is None
    assert rows["DET06"]["n_unknown"] == 1
    assert rows["ACC01"]["persons_min_sum"] == 0
    assert rows["ACC01"]["persons_max_sum"] is None
    assert (rows["ACC01"]["n_unknown"], rows["ACC01"]["n_without_max"]) == (0, 1)


def test_a_report_more_is_no_incident_more_and_a_correction_counts_once(client):
    row = published()
    assert get(client, "/stats/")["totals"]["incidents"] == 1
    assert row.incident.reports.count() == 1
    assert told(get(client, "/stats/?by=category"), "category") == {"ACC01": (1, None, None, 1)}
    assert tallies.faults() == []


def test_the_order_is_that_of_the_words_and_what_is_not_known_comes_last(client):
    for phase in ("VOT", None, "PRE", "CNT"):
        published_row(phase=phase)
    answer = get(client, "/stats/?by=phase")
    assert [row["phase"] for row in answer["results"]] == ["PRE", "VOT", "CNT", None]


@pytest.mark.parametrize(
    ("query", "parameter", "nearest"),
    [
        ("by=regio", "by", "region"),
        ("by=region,categori", "by", "category"),
        ("by=Region", "by", "region"),
        ("by=region,region", "by", ""),
        ("by=region,category,severity", "by", ""),
        ("by=", "by", ""),
        ("by=region,", "by", ""),
        ("grain=hours", "grain", "hour"),
        ("grain=hour&grain=day", "grain", ""),
        ("grain=hour&time=happened", "time", ""),
        ("time=published", "time", "grain"),
        ("level=2", "level", "by"),
        ("by=region&level=0", "level", ""),
        ("by=region&level=4", "level", ""),
        ("by=region&level=" + "9" * 30, "level", ""),
        ("format=xlsx", "format", ""),
        ("bom=true", "bom", ""),
        ("labels=de", "labels", ""),
        ("ordering=occurred", "ordering", ""),
        ("limit=3", "limit", ""),
        ("axes=region", "axes", ""),
        ("category=DEX", "category", "DET"),
        ("election=kz-2021", "election", "kz-2021-mazhilis"),
        ("region=KZ-ALAA", "region", "KZ-ALA"),
        ("near=76.9,43.2", "near", "radius_m"),
    ],
)
def test_what_is_not_understood_is_refused_and_named(client, query, parameter, nearest):
    published_row()
    fault = refused(client, f"/stats/?{query}", parameter)
    if nearest:
        assert fault["nearest"] == nearest


def test_an_answer_changes_with_what_it_counts_and_only_then(client):
    row = published_row()
    other = ElectionFactory(slug="other", ref_prefix="OTHER", region_set=row.election.region_set)
    address = f"/api/v1/stats/?by=category&election={row.election.slug}"
    tag = client.get(address)["ETag"]
    published_row(other)
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    published_row(category="DET05")
    again = client.get(address, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert len(again.json()["results"]) == 2
    assert again["Access-Control-Allow-Origin"] == "*"


def test_nothing_is_published_yet(client):
    answer = get(client, "/stats/?by=region&grain=hour")
    assert answer["results"] == []
    assert answer["totals"]["incidents"] == 0
    assert answer["totals"]["persons_min_sum"] is None


# --- The denominator ----------------------------------------------------------------------------


def observe(code: str, stations: int, first: int = 100) -> None:
    election = the_election()
    for number in range(first, first + stations):
        place = Station.objects.get_or_create(
            election=election, region=region(code), commission=code, number=str(number)
        )[0]
        for observer in (1, 2):  # a pair in one place is one station
            visiting.check_in(
                id=uuid.uuid4(),
                user=person("observer", number=observer),
                election=election,
                kind="arrived",
                at=dt.datetime(2021, 1, 10, 9, tzinfo=dt.UTC) + dt.timedelta(minutes=number),
                sha256="0" * 64,
                station=place,
            )


def stations_of(client, query: str) -> dict:
    answer = get(client, f"/stats/?{query}")
    rows = {row.get("region"): row for row in answer["results"]}
    rows["all"] = answer["totals"]
    return {k: (r["stations_observed"], r["stations_note"]) for k, r in rows.items()}


def test_a_rate_stands_on_the_stations_observed_in_that_region(client):
    for place in (["KZ-ALA"], ["KZ-ALA"], ["KZ-SHY"], ["KZ-YUZ"], []):
        published_row(regions=place)
    observe("KZ-ALA", 13)
    observe("KZ-SHY", 4)
    assert stations_of(client, "by=region") == {
        "KZ-ALA": (10, None),
        "KZ-SHY": (None, "few"),
        "KZ-YUZ": (None, "few"),
        None: (None, "no_region"),
        "all": (15, None),
    }
    rows = get(client, "/stats/?by=region,category")["results"]
    assert rows[0]["rate_per_100_stations"] == 20.0
    assert rows[1]["rate_per_100_stations"] is None


def test_a_sum_that_would_tell_of_the_one_region_left_out_is_not_told(client):
    published_row(regions=["KZ-ALA", "KZ-SHY"])
    observe("KZ-ALA", 10)
    observe("KZ-YUZ", 10)
    observe("KZ-SHY", 4)
    assert stations_of(client, "by=region")["all"] == (None, "few")
    assert stations_of(client, "region=KZ-ALA,KZ-YUZ")["all"] == (20, None)
    assert stations_of(client, "region=KZ-ALA,KZ-SHY")["all"] == (None, "few")
    assert stations_of(client, "region=KZ-ALA&by=region")["KZ-SHY"] == (None, "partly")


def test_no_number_is_told_below_a_region(client):
    published_row()
    RegionFactory(
        region_set=the_election().region_set,
        parent=region("KZ-ALA"),
        code="ALA-1",
        kind="district",
    )
    observe("KZ-ALA", 20)
    observe("ALA-1", 20)
    assert stations_of(client, "by=region")["KZ-ALA"] == (40, None)
    for query in (
        "region=ALA-1",
        "region=KZ,KZ-ALA",
        "station=KZ-ALA:7",
        "bbox=76,43,77,44",
        "near=76.9,43.2&radius_m=9000",
    ):
        answer = get(client, f"/stats/?{query}")
        found = {row["stations_observed"] for row in [*answer["results"], answer["totals"]]}
        assert found == {None}, query
        assert answer["totals"]["stations_note"] == "below"
    deep = get(client, "/stats/?by=region&level=2")["results"]
    assert {row["stations_observed"] for row in deep} == {None}


def test_an_arrival_does_not_show_and_five_do(client):
    published_row()
    observe("KZ-ALA", 10)
    address = "/api/v1/stats/?by=region"
    before = client.get(address)
    observe("KZ-ALA", 3, first=300)
    observe("KZ-SHY", 1)
    after = client.get(address, headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 304
    assert client.get(address).content == before.content
    observe("KZ-ALA", 1, first=400)
    assert client.get(address)["ETag"] != before["ETag"]
    assert "KZ-ALA:" not in client.get(address).content.decode()


def test_what_came_from_a_locked_phone_and_a_rehearsal_count_nowhere(client):
    published_row()
    observe("KZ-ALA", 5)
    rehearsal = ElectionFactory(
        slug="drill", ref_prefix="DRILL", region_set=the_election().region_set, is_rehearsal=True
    )
    place = Station.objects.create(
        election=rehearsal, region=region("KZ-ALA"), commission="KZ-ALA", number="1"
    )
    said = {
        "kind": "arrived",
        "at": dt.datetime(2021, 1, 10, 9, tzinfo=dt.UTC),
        "sha256": "0" * 64,
    }
    user = person("observer")
    visiting.check_in(id=uuid.uuid4(), user=user, election=rehearsal, station=place, **said)
    here = Station.objects.filter(election=the_election(), number="7").get()
    quarantined = {"station": here, "quarantined": True}
    visiting.check_in(id=uuid.uuid4(), user=user, election=the_election(), **said, **quarantined)
    answer = get(client, "/stats/?by=region")
    assert answer["results"][0]["stations_observed"] == 5
    assert "drill" not in json.dumps(answer)
