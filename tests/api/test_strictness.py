"""What is not understood is refused and named; nothing is silently ignored."""

import pytest

from tests.api.rows import get, published_row, refs, refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "parameter", "nearest"),
    [
        ("regoin=KZ-ALA", "regoin", "region"),
        ("region=KZ-ALM", "region", "KZ-ALA"),
        ("region=kz-ala", "region", "KZ-ALA"),
        ("election=kz-2021", "election", "kz-2021-mazhilis"),
        ("category=DET55", "category", "DET05"),
        ("category=ACCESS", "category", "ACC"),
        ("verification=verifed", "verification", "verified"),
        ("ordering=-publish", "ordering", "-published"),
        ("fields=ref,titel", "fields", "title"),
        ("labels=rus", "labels", "ru"),
        ("format=jsn", "format", "json"),
        ("phase=VOTE", "phase", "VOT"),
        ("station=KZ-ALA:8", "station", "KZ-ALA:7"),
    ],
)
def test_a_typo_is_refused_and_the_nearest_is_named(client, query, parameter, nearest):
    published_row()
    assert refused(client, f"/incidents/?{query}", parameter)["nearest"] == nearest


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        (f"limit={2**70}", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("limit=", "limit"),
        ("q=", "q"),
        ("q=!!!", "q"),
        ("region=", "region"),
        ("region=KZ-ALA,", "region"),
        ("severity=5", "severity"),
        ("severity=1.5", "severity"),
        ("severity_min=0", "severity_min"),
        ("severity_min=1&severity_min=2", "severity_min"),
        ("has_response=maybe", "has_response"),
        ("count=perhaps", "count"),
        ("occurred_from=0001-01-01", "occurred_from"),
        ("occurred_from=9999-12-31", "occurred_from"),
        ("occurred_to=9999-12-31T23:59:59Z", "occurred_to"),
        ("occurred_from=2021-13-01", "occurred_from"),
        ("occurred_from=yesterday", "occurred_from"),
        ("occurred_from=2021-01-11&occurred_to=2021-01-10", "occurred_from"),
        ("published_from=2021-01-11&published_to=2021-01-10", "published_from"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("bbox=nan,0,1,1", "bbox"),
        ("bbox=inf,0,1,1", "bbox"),
        ("bbox=0,10,1,5", "bbox"),
        ("bbox=0,0,200,5", "bbox"),
        ("near=76.9,43.2", "near"),
        ("radius_m=100", "radius_m"),
        ("near=43.2,176.9&radius_m=100", "near"),
        ("near=76.9,43.2&radius_m=500001", "radius_m"),
        ("near=76.9,43.2&radius_m=0", "radius_m"),
        ("cursor=abc", "cursor"),
        ("cursor=%F0%9F%98%80", "cursor"),
        ("q=" + "x" * 1001, "q"),
        ("format=csv&count=true", "count"),
        ("bom=true", "bom"),
        ("format=xlsx&count=true", "count"),
        ("format=xlsx&bom=true", "bom"),
        ("hxl=true", "hxl"),
        ("format=geojson&hxl=true", "hxl"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(client, query, parameter):
    published_row()
    refused(client, f"/incidents/?{query}", parameter)


@pytest.mark.parametrize("path", ["/", "/categories/", "/codebook/", "/changes/", "/schema/"])
def test_every_list_refuses_a_parameter_it_does_not_know(client, path):
    refused(client, f"{path}?colour=red", "colour")


def test_a_reference_takes_no_filters(client):
    row = published_row()
    refused(client, f"/incidents/{row.ref}/?region=KZ-ALA", "region")


def test_a_limit_of_one_thousand_is_allowed(client):
    row = published_row()
    assert refs(get(client, "/incidents/?limit=1000")) == [row.ref]


def test_all_faults_of_a_query_are_told_at_once(client):
    published_row()
    problem = get(client, "/incidents/?severity=9&phase=NOW&verification=sure", 400)
    assert {e["parameter"] for e in problem["errors"]} == {"severity", "phase", "verification"}


@pytest.mark.parametrize("query", ["q=%00", "q=%ED%A0%80", "q=a%00b", "%00=1"])
def test_nul_and_surrogates_in_an_address_are_refused(client, query):
    answer = client.get(f"/api/v1/incidents/?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_control_characters_are_refused(client):
    refused(client, "/incidents/?q=a%07b", "q")


def test_five_hundred_parameters_are_refused(client):
    answer = client.get("/api/v1/incidents/?" + "&".join(f"a{n}=1" for n in range(500)))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_a_long_unknown_parameter_is_answered_at_once(client):
    problem = get(client, "/incidents/?" + "x" * 3000 + "=1", 400)
    assert len(problem["errors"][0]["parameter"]) < 100


@pytest.mark.parametrize("since", ["-1", "x", str(2**70), "", "5&since=6"])
def test_the_feed_refuses_a_number_it_cannot_have_given(client, since):
    refused(client, f"/changes/?since={since}", "since")


def test_the_feed_refuses_a_number_from_the_future(client):
    row = published_row()
    assert str(row.last_seq) in refused(client, "/changes/?since=100000", "since")["detail"]
