import datetime as dt

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.api.rows import get, published_row, refs, refused

pytestmark = pytest.mark.django_db


def walk(client, path: str, between=lambda: None) -> list[str]:
    """Every reference, page after page by `next`."""
    seen, answer = [], get(client, path)
    while True:
        seen += refs(answer)
        if answer["next"] is None:
            return seen
        between()
        answer = get(client, answer["next"].partition("/api/v1")[2])


@pytest.mark.parametrize("ordering", ["-published", "published", "-occurred", "occurred"])
def test_a_walk_meets_every_row_once_while_others_arrive_and_change(client, ordering):
    rows = [published_row() for _ in range(12)]

    def meanwhile():
        published_row()
        rows[3].severity = 3
        rows[3].save(update_fields=["severity"])

    seen = walk(client, f"/incidents/?limit=3&ordering={ordering}", meanwhile)
    assert len(seen) == len(set(seen))
    assert {row.ref for row in rows} <= set(seen)


def test_pages_lead_back_to_where_they_came_from(client):
    for _ in range(7):
        published_row()
    first = get(client, "/incidents/?limit=3")
    assert first["previous"] is None
    second = get(client, first["next"].partition("/api/v1")[2])
    third = get(client, second["next"].partition("/api/v1")[2])
    assert third["next"] is None
    assert len(third["results"]) == 1
    back = get(client, third["previous"].partition("/api/v1")[2])
    assert refs(back) == refs(second)
    again = get(client, back["previous"].partition("/api/v1")[2])
    assert refs(again) == refs(first)
    assert again["previous"] is None


def test_rows_of_one_moment_are_still_told_apart(client):
    moment = timezone.now() - dt.timedelta(hours=1)
    rows = {published_row(published_at=moment).ref for _ in range(5)}
    assert set(walk(client, "/incidents/?limit=1")) == rows


def test_links_stand_in_the_header_too(client):
    for _ in range(3):
        published_row()
    answer = client.get("/api/v1/incidents/?limit=2")
    assert answer["Link"] == f'<{answer.json()["next"]}>; rel="next"'


@pytest.mark.parametrize(
    "other", ["region=KZ", "severity=2", "ordering=published", "region=KZ&severity=2"]
)
def test_a_cursor_belongs_to_its_filters(client, other):
    for _ in range(3):
        published_row()
    following = get(client, "/incidents/?limit=1")["next"]
    cursor = following.partition("cursor=")[2]
    refused(client, f"/incidents/?limit=1&{other}&cursor={cursor}", "cursor")


def test_a_cursor_with_one_letter_changed_is_refused(client):
    for _ in range(3):
        published_row()
    cursor = get(client, "/incidents/?limit=1")["next"].partition("cursor=")[2]
    for place in range(0, len(cursor), 5):
        letter = "A" if cursor[place] != "A" else "B"
        changed = cursor[:place] + letter + cursor[place + 1 :]
        refused(client, f"/incidents/?limit=1&cursor={changed}", "cursor")


def test_the_size_of_a_page_may_change_on_the_way(client):
    rows = {published_row().ref for _ in range(5)}
    first = get(client, "/incidents/?limit=2")
    cursor = first["next"].partition("cursor=")[2]
    rest = get(client, f"/incidents/?limit=100&cursor={cursor}")
    assert {*refs(first), *refs(rest)} == rows


def test_counting_is_done_only_when_asked(client, django_assert_num_queries, settings):
    for _ in range(3):
        published_row()
    plain = get(client, "/incidents/?limit=1")
    assert "count" not in plain["meta"]
    counted = get(client, "/incidents/?limit=1&count=true")
    assert counted["meta"]["count"] == 3


def test_queries_do_not_grow_with_rows(client):
    from django.db import connection

    published_row()
    with CaptureQueriesContext(
        connection,
    ) as few:
        get(client, "/incidents/?region=KZ-ALA&labels=ru")
    for _ in range(10):
        published_row()
    with CaptureQueriesContext(connection) as many:
        get(client, "/incidents/?region=KZ-ALA&labels=ru")
    assert len(many) == len(few) <= 7, [q["sql"] for q in many]
    assert not any("count(" in str(q["sql"]).lower() for q in many)


def test_what_was_understood_is_echoed(client):
    published_row()
    query = "region=KZ-ALA,KZ-YUZ&severity_min=2&q=Observers+Refused&count=true&category=ACC"
    meta = get(client, f"/incidents/?{query}")["meta"]
    assert meta["filters_applied"] == {
        "region": ["KZ-ALA", "KZ-YUZ"],
        "severity_min": 2,
        "q": ["observers", "refused"],
        "category": ["ACC"],
    }
    assert meta["licence"] == "CC-BY-4.0"
    assert meta["data_version"] == 1
