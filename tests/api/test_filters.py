"""Which incidents a query finds."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict

from incidents.filters import PublicationFilter, parse
from incidents.models import Publication
from tests.api.rows import get, published_row, refs
from tests.factories import ElectionFactory
from tests.walking import the_election

pytestmark = pytest.mark.django_db
DAY = "2021-01-10T"


def found(client, query: str) -> set[str]:
    return set(refs(get(client, f"/incidents/?{query}")))


def test_a_region_includes_what_lies_below_it(client):
    almaty, nowhere = published_row(), published_row(regions=[])
    several = published_row(regions=["KZ-SHY", "KZ-YUZ"], regions_at_least=3)
    assert found(client, "region=KZ") == {almaty.ref, nowhere.ref, several.ref}
    assert found(client, "region=KZ-ALA") == {almaty.ref}
    assert found(client, "region=KZ-SHY,KZ-YUZ") == {several.ref}
    assert found(client, "region=KZ-SHY&region=KZ-ALA") == {several.ref, almaty.ref}


def test_a_group_of_categories_finds_all_of_them_secondary_ones_too(client):
    detained = published_row(category="DET03")
    both = published_row(category="ACC01", categories=["ACC01", "DET06"])
    published_row(category="NET00")
    assert found(client, "category=DET") == {detained.ref, both.ref}
    assert found(client, "category=DET06,NET00") > {both.ref}


def test_severity_and_verification(client):
    low = published_row(severity=1)
    high = published_row(severity=3, verification="verified")
    assert found(client, "severity_min=2") == {high.ref}
    assert found(client, "severity=1,3") == {low.ref, high.ref}
    assert found(client, "verification=verified&severity=3") == {high.ref}


TIMES = {
    "exact": {"occurred_start": f"{DAY}10:00:00+06:00", "occurred_end": None},
    "hour": {"occurred_start": f"{DAY}12:00:00+06:00", "occurred_end": None},
    "range": {
        "occurred_start": f"{DAY}14:00:00+06:00",
        "occurred_end": f"{DAY}16:00:00+06:00",
    },
    "run_up": {"occurred_start": None, "occurred_end": f"{DAY}07:00:00+06:00"},
    "unknown": {"occurred_start": None, "occurred_end": None},
}


@pytest.mark.parametrize(
    ("first", "last", "precisions"),
    [
        ("09:30", "10:30", {"exact"}),
        ("10:01", "11:59", set()),
        ("12:30", "12:40", {"hour"}),
        ("13:01", "13:59", set()),
        ("15:00", "23:00", {"range"}),
        ("16:01", "23:00", set()),
        ("00:00", "06:00", {"run_up"}),
        ("00:00", "23:59", {"exact", "hour", "range", "run_up"}),
    ],
)
def test_a_window_finds_what_may_have_happened_in_it_and_nothing_else(
    client, first, last, precisions
):
    rows = {name: published_row(occurred_precision=name, **when) for name, when in TIMES.items()}
    query = f"occurred_from={DAY}{first}%2B06:00&occurred_to={DAY}{last}%2B06:00"
    expected = {rows[name].ref for name in precisions | {"unknown"}}
    assert found(client, query) == expected


def test_a_day_is_a_day_of_the_election(client):
    late = published_row(
        occurred_start="2021-01-10T23:30:00+06:00",
        occurred_end="2021-01-10T23:40:00+06:00",
    )
    early = published_row(
        occurred_start="2021-01-11T00:10:00+06:00",
        occurred_end="2021-01-11T00:20:00+06:00",
    )
    assert found(client, "occurred_from=2021-01-10&occurred_to=2021-01-10") == {late.ref}
    assert found(client, "occurred_from=2021-01-11") == {early.ref}


def test_a_plus_that_became_a_space_is_understood(client):
    row = published_row()
    query = "occurred_from=2021-01-10T10:00:00+06:00"
    assert found(client, query) == {row.ref}
    applied = get(client, f"/incidents/?{query}")["meta"]["filters_applied"]
    assert applied == {"occurred_from": "2021-01-10T10:00:00+06:00"}


def test_a_box_may_cross_the_180th_meridian(client):
    east = published_row(longitude=179.0, latitude=10.0)
    west = published_row(longitude=-179.0, latitude=10.0)
    published_row(longitude=0.0, latitude=10.0)
    published_row(longitude=None, latitude=None)
    assert found(client, "bbox=178,0,-178,20") == {east.ref, west.ref}
    assert found(client, "bbox=-10,0,10,20").isdisjoint({east.ref, west.ref})


def test_near_measures_over_the_sphere(client):
    here = published_row(longitude=76.9, latitude=43.2)
    # One degree of longitude at 43.2° north is about 81 km.
    there = published_row(longitude=77.9, latitude=43.2)
    assert found(client, "near=76.9,43.2&radius_m=80000") == {here.ref}
    assert found(client, "near=76.9,43.2&radius_m=82000") == {here.ref, there.ref}
    over = published_row(longitude=-179.99, latitude=0.0)
    assert found(client, "near=179.99,0&radius_m=3000") == {over.ref}
    pole = published_row(longitude=-90.0, latitude=89.9)
    assert found(client, "near=90,89.9&radius_m=30000") == {pole.ref}


def test_search_finds_every_word_however_it_is_spelt(client):
    row = published_row(title={"ru": "Задержан ещё один наблюдатель"})
    assert found(client, "q=НАБЛЮДАТЕЛЬ") == {row.ref}
    assert found(client, "q=еще") == {row.ref}
    assert found(client, "q=задержан+наблюдатель") == {row.ref}
    assert found(client, "q=задержан+космонавт") == set()
    assert found(client, f"q={row.ref}") == {row.ref}


def test_with_and_without_an_official_response(client):
    answered = published_row(responses=[{"issuer": "Ministry", "position": "denies"}])
    silent = published_row()
    assert found(client, "has_response=true") == {answered.ref}
    assert found(client, "has_response=false") == {silent.ref}


def test_an_election_limits_the_regions_too(client):
    published_row()
    other = ElectionFactory(slug="kz-2019")
    row = published_row(other, regions=[])
    assert found(client, "election=kz-2019") == {row.ref}


def test_a_rehearsal_is_nowhere(client):
    rehearsal = ElectionFactory(slug="drill", is_rehearsal=True)
    row = published_row(rehearsal, regions=[])
    assert found(client, "") == set()
    get(client, f"/incidents/{row.ref}/", 404)
    assert get(client, "/changes/")["results"] == []
    get(client, "/incidents/?election=drill", 400)


def test_a_page_reads_the_same_filter_and_forgives_empty_fields():
    row = published_row()
    data = QueryDict("region=KZ-ALA&category=&q=&occurred_from=")
    seen = Publication.objects.visible_to(AnonymousUser())
    filterset = PublicationFilter(data, seen, page=True)
    parsed = parse(filterset, also={})
    assert [p.ref for p in parsed.queryset] == [row.ref]
    assert parsed.applied == {"region": ["KZ-ALA"]}
    assert "option" in str(filterset.form["category"])


def test_a_page_shows_what_it_did_not_understand():
    the_election()
    data = QueryDict("region=KZ-ALM&colour=red&page=2")
    seen = Publication.objects.visible_to(AnonymousUser())
    parsed = parse(PublicationFilter(data, seen, page=True), also={"page": False})
    assert {fault.parameter for fault in parsed.errors} == {"colour"}
    del data  # the values are only read when every name is known
    parsed = parse(PublicationFilter(QueryDict("region=KZ-ALM"), seen, page=True), also={})
    assert [(f.parameter, f.nearest) for f in parsed.errors] == [("region", "KZ-ALA")]
    assert list(parsed.queryset) == []
