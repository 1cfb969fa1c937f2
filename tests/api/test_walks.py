"""A page found by walking an index holds the rows of the filters, in their order, on any path."""

import datetime as dt
import json
from random import Random

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from elections.keyset import order
from elections.models import Election
from elections.querysets import THE_WORLD
from incidents.filters import PublicationFilter, parse
from incidents.models import Publication, PublicationCategory, PublicationRegion
from tests.api.rows import get, published_row, refs
from tests.factories import ElectionFactory, RegionFactory, RegionSetFactory
from tests.walking import the_election, withdrawn

pytestmark = pytest.mark.django_db
CODES = ("ACC01", "ACC02", "DET03", "OBS01")
PLACES = ("KZ", "KZ-ALA", "KZ-SHY", "KZ-YUZ")
SURE = ("reported", "verified", "disputed")
NOON = dt.datetime(2021, 1, 10, 6, tzinfo=dt.UTC)


def a_country_of_rows(rng: Random) -> None:
    """Two real elections on two maps with the same codes, a rehearsal, moments shared by many."""
    real = the_election()
    other_map = RegionSetFactory(slug="KZ-2022")
    country = RegionFactory(region_set=other_map, code="KZ", kind="country")
    for code in PLACES[1:]:
        RegionFactory(region_set=other_map, parent=country, code=code)
    later = ElectionFactory(slug="kz-2023", ref_prefix="KZ2023", region_set=other_map)
    drill = ElectionFactory(slug="drill", ref_prefix="DRILL", region_set=real.region_set)
    for number in range(90):
        codes = rng.sample(CODES, rng.choice((1, 1, 2, 3)))
        published_row(
            election=(real, real, later, drill)[number % 4],
            published_at=NOON + dt.timedelta(hours=rng.randrange(12), microseconds=number % 3),
            category=codes[0],
            categories=codes,
            severity=rng.randrange(1, 5),
            verification=rng.choice(SURE),
            regions=rng.sample(PLACES[1:], rng.randrange(3)),
        )
    Election.objects.filter(pk=drill.pk).update(is_rehearsal=True)
    withdrawn()


def a_question(rng: Random) -> QueryDict:  # noqa: C901 - each filter by itself
    asked = QueryDict(mutable=True)

    def several(name, words):
        asked.setlist(name, rng.sample(words, rng.choice((1, 1, 2))))

    if rng.random() < 0.5:
        several("region", PLACES)
    if rng.random() < 0.5:
        several("category", (*CODES, "ACC", "OBS"))
    if rng.random() < 0.3:
        several("severity", ("1", "2", "3", "4"))
    if rng.random() < 0.2:
        asked["severity_min"] = rng.choice("123")
    if rng.random() < 0.3:
        several("verification", SURE)
    if rng.random() < 0.3:
        several("election", ("kz-2021-mazhilis", "kz-2023"))
    if rng.random() < 0.3:
        asked["published_from"] = f"2021-01-10T{rng.randrange(6, 12):02}:00:00Z"
    if rng.random() < 0.3:
        asked["published_to"] = f"2021-01-10T{rng.randrange(12, 18)}:00:00.000001Z"
    if rng.random() < 0.5:
        asked["ordering"] = rng.choice(("published", "-published"))
    return asked


def refs_of(page) -> list[str]:
    return [json.loads(document)["ref"] for document in page.rows]


def test_every_question_is_answered_as_by_its_filters(db):
    rng = Random(16)
    a_country_of_rows(rng)
    walked = 0
    for _ in range(150):
        asked = a_question(rng)
        filterset = PublicationFilter(asked, Publication.objects.visible_to(THE_WORLD))
        parsed = parse(filterset, also={})
        assert not parsed.errors
        expected = [row.ref for row in order(parsed.queryset, filterset.keys)]
        if filterset.walk is None:
            assert set(asked.getlist("severity")) == {"1"} or "severity_min" in asked
            assert not expected
            continue
        walked += bool(expected)
        pages, cursor = [], None
        while True:
            page = filterset.walk.page(limit=7, cursor=cursor, binding="b")
            pages.append(refs_of(page))
            if page.next is None:
                break
            cursor = page.next
        assert [ref for refs_ in pages for ref in refs_] == expected, asked.urlencode()
        while len(pages) > 1:
            page = filterset.walk.page(limit=7, cursor=page.previous, binding="b")
            pages.pop()
            assert refs_of(page) == pages[-1], asked.urlencode()
        assert page.previous is None
    assert walked > 80


def test_what_is_repeated_for_the_walks_is_what_the_publication_says(db):
    a_country_of_rows(Random(1))
    names = ("election_id", "published_at", "severity", "verification")
    for model in (PublicationRegion, PublicationCategory):
        assert model.objects.count() > 50
        for row in model.objects.select_related("publication"):
            publication = row.publication
            assert publication.live
            assert [getattr(row, n) for n in names] == [getattr(publication, n) for n in names]
    for row in PublicationRegion.objects.select_related("publication"):
        codes = json.loads(row.publication.document)["categories"]
        assert [row.category, *row.also.strip("|").split("|")] == [*codes, *[""][: 2 - len(codes)]]


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "region=KZ-ALA",
        "region=KZ&category=DET03&verification=reported",
        "category=ACC01&severity=3&severity=4",
        "election=kz-2021-mazhilis&verification=verified",
        "severity=4",
        "verification=disputed&published_to=2021-01-10",
    ],
)
def test_a_walk_sorts_nothing_but_the_page(asked):
    """The plan of each kind of question follows an index in the order of the list."""
    from incidents.filters import walks

    a_country_of_rows(Random(2))
    filterset = PublicationFilter(QueryDict(asked), Publication.objects.visible_to(THE_WORLD))
    assert not parse(filterset, also={}).errors
    statements = []
    made = walks._narrowed

    def noted(shape):
        rows, keys = made(shape)
        statements.append(order(rows, keys).values(keys[-1].field)[:5])
        return rows, keys

    walks._whole.cache_clear()
    walks._heads.cache_clear()
    try:
        walks._narrowed = noted
        filterset.walk.page(limit=5, cursor=None, binding="b")
    finally:
        walks._narrowed = made
    assert statements
    if connection.vendor != "sqlite":
        return  # for so few rows PostgreSQL reads the table, and it is right
    for rows in statements:
        sql, slots = rows.query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", ["1" for _ in slots])
            plan = [line[-1] for line in cursor.fetchall()]
        assert not [line for line in plan if "TEMP B-TREE" in line], plan
        assert any("_walk" in line or "INDEX publication_" in line for line in plan), plan


def test_a_withdrawal_is_gone_from_every_list_with_the_next_request(client):
    row = published_row()
    kept = published_row()
    for path in ("", "&region=KZ-ALA", "&category=ACC01", "&severity=2", "&verification=reported"):
        assert set(refs(get(client, f"/incidents/?limit=100{path}"))) == {row.ref, kept.ref}
    Publication.objects.filter(pk=row.pk).update(
        live=False,
        document="",
        csv_row="",
        geojson_feature="",
        search="",
        withdrawn_at=timezone.now(),
    )
    for path in ("", "&region=KZ-ALA", "&category=ACC01", "&severity=2", "&verification=reported"):
        # Whatever rows the index still had: the document is asked for as the world may see it.
        assert refs(get(client, f"/incidents/?limit=100{path}")) == [kept.ref]
