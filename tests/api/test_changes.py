import json

import pytest

from tests.api.rows import get, published_row
from tests.factories import ElectionFactory
from tests.walking import published, take, withdrawn

pytestmark = pytest.mark.django_db


def test_a_follower_ends_with_what_is_published(client):
    kept, gone = published(), published()
    copy, since = {}, 0
    for step in (lambda: None, lambda: withdrawn(gone), lambda: None):
        step()
        answer = get(client, f"/changes/?since={since}&limit=1")
        while True:
            for change in answer["results"]:
                if change["op"] == "upsert":
                    copy[change["ref"]] = change["incident"]
                else:
                    copy.pop(change["ref"], None)
            since = answer["next_since"]
            if not answer["has_more"]:
                break
            answer = get(client, f"/changes/?since={since}&limit=1")
    assert copy == {kept.ref: json.loads(kept.document)}
    assert since == 3


def test_a_publication_appears_once_with_its_newest_state(client):
    first, second = published_row(), published_row()
    withdrawn()
    results = get(client, "/changes/")["results"]
    assert [change["ref"] for change in results][:2] == [first.ref, second.ref]
    assert [change["op"] for change in results] == ["upsert", "upsert", "retract"]
    assert [change["seq"] for change in results] == [1, 2, 4]


def test_a_retraction_has_no_content(client):
    row = withdrawn(kind="error")
    [change] = get(client, "/changes/?since=1")["results"]
    assert change == {
        "seq": 2,
        "op": "retract",
        "id": str(row.id),
        "ref": row.ref,
        "at": change["at"],
        "reason": "error",
        "merged_into": None,
    }


def test_a_merge_tells_where_to_look(client):
    loser, survivor = published(), published()
    take(loser.incident, "merge", into=survivor.ref, reason="The same event.")
    change = get(client, "/changes/?since=2")["results"][0]
    assert (change["op"], change["reason"]) == ("retract", "merged")
    assert change["merged_into"] == survivor.ref


def test_a_follower_of_one_election_moves_on_past_the_others(client):
    published_row()
    other = ElectionFactory(slug="kz-2019")
    published_row(other, regions=[])
    answer = get(client, "/changes/?election=kz-2021-mazhilis")
    assert len(answer["results"]) == 1
    assert answer["next_since"] == 2
    assert get(client, "/changes/?election=kz-2021-mazhilis&since=2")["results"] == []
    assert get(client, "/changes/?election=kz-2020", 400)["errors"][0]["parameter"] == "election"


def test_nothing_new_is_304(client):
    published_row()
    tag = client.get("/api/v1/changes/?since=0")["ETag"]
    headers = {"If-None-Match": tag}
    assert client.get("/api/v1/changes/?since=0", headers=headers).status_code == 304
    published_row()
    assert client.get("/api/v1/changes/?since=0", headers=headers).status_code == 200
