from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import pytest

from elections.models import ResultFigure, Statement, TurnoutFigure
from elections.regions import load_region_set
from tests.factories import ElectionFactory, MembershipFactory, RegionFactory, StationFactory

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture(scope="module", autouse=True)
def kazakhstan(lasting):
    """Both maps, read from their files once for all tests here."""
    load_region_set("KZ-2018")
    load_region_set("KZ-2022")


@pytest.fixture
def election(db):
    """With figures as they were announced: two known, one only above the threshold."""
    election = ElectionFactory(
        slug="kz-2021-mazhilis",
        name_ru="Выборы в Мажилис",
        chamber_en="Mazhilis",
        threshold_percent=7,
        seats_total=107,
        seats_in_vote=98,
    )
    election.poll_days.create(date=date(2021, 1, 10), opens="07:00", closes="20:00")
    election.seat_blocks.create(name_en="Party lists", seats=98, method="party_list")
    parties = {
        name: election.contestants.create(name_en=name, kind="party", status=status)
        for name, status in (("Nur Otan", "registered"), ("OSDP", "boycott"))
    }
    regions = election.region_set.regions
    TurnoutFigure.objects.create(
        election=election,
        region=regions.get(code="KZ-SEV"),
        stage="preliminary",
        issuer="CEC",
        percent="75.5",
        qualifier="about",
        remark_en="highest",
    )
    ResultFigure.objects.create(
        election=election,
        contestant=parties["Nur Otan"],
        stage="preliminary",
        issuer="CEC",
        announced_on=date(2021, 1, 11),
        percent="71.1",
    )
    Statement.objects.create(
        election=election, issuer="OSCE", issuer_kind="mission", quote="uncompetitive"
    )
    return election


def get(client, path, status=200, **query):
    response = client.get(f"{API}{path}", query)
    assert response.status_code == status, response.content
    return response.json()


def codes(answer):
    return [row["code"] for row in answer["results"]]


def test_an_election_is_told_with_all_that_is_known(client, election):
    answer = get(client, "/elections/kz-2021-mazhilis/")
    assert answer["names"]["ru"] == "Выборы в Мажилис"
    assert answer["chamber"] == {"en": "Mazhilis"}
    assert answer["threshold_percent"] == 7
    assert (answer["seats_total"], answer["seats_in_vote"]) == (107, 98)
    assert answer["called_on"] is None
    assert answer["poll_days"] == [
        {"date": "2021-01-10", "opens": "07:00:00", "closes": "20:00:00", "region": None}
    ]
    assert [block["seats"] for block in answer["seat_blocks"]] == [98]
    assert {one["names"]["en"]: one["status"] for one in answer["contestants"]} == {
        "Nur Otan": "registered",
        "OSDP": "boycott",
    }
    assert answer["statements"][0]["dated_on"] is None


def test_figures_say_who_when_and_how_exactly_and_null_where_nobody_knows(client, election):
    answer = get(client, "/elections/kz-2021-mazhilis/")
    (turnout,) = answer["turnout"]
    assert turnout["region"] == "KZ-SEV"
    assert (turnout["percent"], turnout["qualifier"]) == (75.5, "about")
    assert (turnout["issuer"], turnout["stage"]) == ("CEC", "preliminary")
    assert turnout["remarks"] == {"en": "highest"}
    assert turnout["as_of"] is turnout["voted"] is turnout["registered"] is None
    (result,) = answer["results"]
    assert result["contestant"] == {"en": "Nur Otan"}
    assert (result["percent"], result["votes"]) == (71.1, None)
    assert result["announced_on"] == "2021-01-11"


def test_the_list_of_elections_has_the_envelope(client, election):
    answer = get(client, "/elections/")
    assert [one["slug"] for one in answer["results"]] == ["kz-2021-mazhilis"]
    assert answer["next"] is answer["previous"] is None
    assert answer["meta"]["licence"] == "CC-BY-4.0"


def test_a_rehearsal_is_not_told_to_strangers(client):
    rehearsal = ElectionFactory(slug="drill", is_rehearsal=True)
    station = StationFactory(election=rehearsal)
    assert get(client, "/elections/")["results"] == []
    get(client, "/elections/drill/", 404)
    get(client, "/stations/", 400, election="drill")
    get(client, f"/stations/{station.code}/", 404)


def test_the_regions_are_those_of_the_election(client, election):
    answer = get(client, "/regions/", election=election.slug)
    assert len(answer["results"]) == 18
    assert answer["results"][0]["code"] == "KZ"
    assert answer["meta"]["filters_applied"] == {
        "region_set": "KZ-2018",
        "election": election.slug,
    }
    almaty = next(row for row in answer["results"] if row["code"] == "KZ-ALA")
    assert almaty["names"]["en"] == "Almaty (city)"
    assert almaty["parent"] == "KZ"
    assert {"scheme": "kato", "code": "750000000", "valid_from": None, "valid_to": None} in almaty[
        "codes"
    ]
    assert "boundary" not in almaty


def test_without_an_election_the_newest_is_meant(client, election):
    later = ElectionFactory(region_set=load_region_set("KZ-2022"))
    later.poll_days.create(date=date(2023, 3, 19))
    assert "KZ-75" in codes(get(client, "/regions/"))
    assert get(client, "/regions/KZ-75/")["names"]["en"] == "Almaty (city)"
    get(client, "/regions/KZ-ALA/", 404)
    assert get(client, "/regions/KZ-ALA/", election=election.slug)["code"] == "KZ-ALA"
    assert get(client, "/regions/KZ-ALA/", region_set="KZ-2018")["code"] == "KZ-ALA"


def test_with_no_election_at_all_lists_are_empty(client):
    for path in ("/elections/", "/regions/", "/stations/"):
        assert get(client, path)["results"] == []


def test_a_name_finds_all_its_homonyms(client, election):
    assert codes(get(client, "/regions/", q="Алматы")) == ["KZ-ALA", "KZ-ALM"]


def test_boundaries_come_when_asked_for(client, election):
    rows = get(client, "/regions/", geometry="1", q="шымкент")["results"]
    assert rows[0]["boundary"]["type"] == "Polygon"
    assert "boundary" in get(client, "/regions/KZ-ALA/", geometry="true")
    assert "boundary" not in get(client, "/regions/KZ-ALA/")


def test_a_region_tells_what_came_after_it(client, election):
    answer = get(client, "/regions/KZ-VOS/")
    assert sorted(one["code"] for one in answer["successors"]) == ["KZ-10", "KZ-63"]
    assert {one["share"] for one in answer["successors"]} == {None}
    after = get(client, "/regions/KZ-75/", region_set="KZ-2022")
    assert [(one["code"], one["share"]) for one in after["predecessors"]] == [("KZ-ALA", 1)]
    assert len(get(client, "/regions/KZ/")["children"]) == 17


@pytest.fixture
def stations(election):
    regions = {region.code: region for region in election.region_set.regions.all()}
    return [
        StationFactory(
            election=election,
            region=regions[code],
            number=number,
            name_ru=name,
        )
        for code, number, name in (
            ("KZ-ALA", "015", "Школа №7"),
            ("KZ-ALM", "15", "Школа №8"),
            ("KZ-SHY", "1/2", ""),
        )
    ]


def test_stations_are_listed_searched_and_limited_to_a_region(client, election, stations):
    assert len(get(client, "/stations/")["results"]) == 3
    assert codes(get(client, "/stations/", region="KZ-ALA")) == ["KZ-ALA:015"]
    assert len(get(client, "/stations/", region="KZ")["results"]) == 3
    assert codes(get(client, "/stations/", q="школа 8")) == ["KZ-ALM:15"]
    (station,) = get(client, "/stations/", q="15", region="KZ-ALA")["results"]
    assert station["number"] == "015"
    assert station["registered_voters"] is station["latitude"] is None


def test_a_station_is_found_by_its_code(client, election, stations):
    TurnoutFigure.objects.create(
        election=election,
        station=stations[0],
        stage="during",
        issuer="CEC",
        as_of=datetime(2021, 1, 10, 6, tzinfo=UTC),
        voted=0,
    )
    answer = get(client, "/stations/KZ-ALA:015/")
    assert answer["region"] == "KZ-ALA"
    assert answer["turnout"][0]["voted"] == 0
    assert answer["turnout"][0]["as_of"] == "2021-01-10T06:00:00Z"
    assert get(client, "/elections/kz-2021-mazhilis/")["turnout"][0]["station"] is None
    assert get(client, f"/stations/{quote('KZ-SHY:1/2', safe='')}/")["number"] == "1/2"
    get(client, "/stations/KZ-ALA:15/", 404)
    get(client, "/stations/KZ-ALA/", 404)


def test_pages_join_without_gaps(client, election):
    seen, url = [], f"{API}/regions/?limit=5"
    while url:
        answer = client.get(url).json()
        seen += codes(answer)
        url = answer["next"]
    assert len(seen) == len(set(seen)) == 18


@pytest.mark.parametrize(
    ("path", "query", "parameter", "nearest"),
    [
        ("/elections/", {"q": "x"}, "q", None),
        ("/elections/", {"limit": "1001"}, "limit", None),
        ("/elections/", {"limit": str(2**70)}, "limit", None),
        ("/regions/", {"regionset": "KZ-2018"}, "regionset", "region_set"),
        ("/regions/", {"region_set": "KZ-2019"}, "region_set", "KZ-2018"),
        ("/regions/", {"election": "kz-2021"}, "election", "kz-2021-mazhilis"),
        ("/regions/", {"geometry": "yes please"}, "geometry", None),
        (
            "/regions/",
            {"region_set": "KZ-2018", "election": "kz-2021-mazhilis"},
            "region_set",
            None,
        ),
        ("/regions/", {"q": "x" * 1001}, "q", None),
        ("/regions/KZ-ALA/", {"q": "x"}, "q", None),
        ("/stations/", {"region": "KZ-SHI"}, "region", "KZ-SHY"),
        ("/stations/", {"region": "KZ-75"}, "region", None),
        ("/stations/", {"q": ["a", "b"]}, "q", None),
        ("/stations/", {"cursor": "x"}, "cursor", None),
    ],
)
def test_a_query_that_is_not_understood_is_refused(
    client, election, path, query, parameter, nearest
):
    answer = get(client, path, 400, **query)
    (error,) = answer["errors"]
    assert error["parameter"] == parameter
    if nearest:
        assert error["nearest"] == nearest


@pytest.mark.parametrize("path", ["/elections/", "/regions/?geometry=1", "/stations/"])
def test_queries_do_not_grow_with_the_rows(client, path, django_assert_num_queries):
    def rows(count):
        for _ in range(count):
            election = ElectionFactory()
            election.poll_days.create(date=date(2021, 1, 10), region=RegionFactory())
            newest = election
        for _ in range(count):
            StationFactory(election=newest)

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    rows(2)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(API + path)
    rows(6)
    with django_assert_num_queries(len(few)):
        client.get(API + path)


def test_anybody_may_read_from_any_page_and_gets_no_cookie(client, election):
    response = client.get(f"{API}/regions/")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert not response.cookies


def test_writing_is_refused(client, election):
    assert client.post(f"{API}/regions/", {}).status_code == 405
    assert client.delete(f"{API}/elections/{election.slug}/").status_code == 405


def test_a_rehearsal_is_absent_even_for_a_token_of_it(client):
    from observers import tokens

    rehearsal = ElectionFactory(slug="drill", is_rehearsal=True)
    user = MembershipFactory(election=rehearsal).user
    _token, text = tokens.create(
        user, name="t", scopes=["published:read"], expires_in=timedelta(days=1)
    )
    response = client.get(f"{API}/elections/drill/", headers={"Authorization": f"Bearer {text}"})
    assert response.status_code == 404
