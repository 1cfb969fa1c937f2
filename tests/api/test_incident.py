"""One published incident: found, corrected, merged, withdrawn."""

import pytest

from tests.api.rows import get, published_row
from tests.walking import filed_report, opened, person, published, take, withdrawn

pytestmark = pytest.mark.django_db


def test_it_is_found_by_reference_in_any_case_and_by_id(client):
    row = published_row()
    for key in (row.ref, row.ref.lower(), str(row.id), str(row.id).upper()):
        assert get(client, f"/incidents/{key}/")["ref"] == row.ref


NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("key", ["KZ2021-00000", NOBODYS, "x" * 500, "%20", "..%2f"])
def test_what_does_not_exist_is_404(client, key):
    problem = get(client, f"/incidents/{key}/", 404)
    assert problem["type"] == "/api/v1/problems/not-found/"


def test_an_unpublished_incident_looks_like_none(client):
    incident = opened()
    assert get(client, f"/incidents/{incident.ref}/", 404) == get(client, "/incidents/X-1/", 404)


def test_a_withdrawn_one_leaves_a_tombstone_without_text(client):
    row = withdrawn(kind="safety", note="At the request of a witness.")
    answer = client.get(f"/api/v1/incidents/{row.ref}/")
    assert answer.status_code == 410
    assert answer["Content-Type"] == "application/problem+json"
    tombstone = answer.json()
    assert tombstone["ref"] == row.ref
    assert tombstone["id"] == str(row.id)
    assert tombstone["reason"] == "safety"
    assert tombstone["public_note"] == "At the request of a witness."
    assert "T" in tombstone["withdrawn_at"]
    assert "refused" not in answer.content.decode()
    get(client, f"/incidents/{row.ref}/versions/", 410)
    assert get(client, "/incidents/")["results"] == []


def merge(loser, survivor):
    take(loser.incident, "merge", into=survivor.incident.ref, reason="The same event.")


def test_a_merged_one_sends_to_the_survivor(client):
    loser, survivor = published(), published()
    merge(loser, survivor)
    answer = client.get(f"/api/v1/incidents/{loser.ref}/?labels=en")
    assert answer.status_code == 308
    assert answer["Location"] == f"/api/v1/incidents/{survivor.ref}/?labels=en"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer.json()["merged_into"] == survivor.ref
    assert client.get(answer["Location"]).json()["ref"] == survivor.ref
    versions = client.get(f"/api/v1/incidents/{loser.ref}/versions/")
    assert versions["Location"] == f"/api/v1/incidents/{survivor.ref}/versions/"


def test_a_survivor_that_nobody_may_read_is_not_pointed_to(client):
    loser = published()
    hidden = opened(filed_report())
    take(loser.incident, "merge", into=hidden.ref, reason="The same event.")
    assert get(client, f"/incidents/{loser.ref}/", 410)["reason"] == "merged"


def test_versions_tell_when_and_why_but_never_the_old_text(client):
    row = published()
    take(row.incident, "correct", "editor", what_changed="A wrong street.")
    take(row.incident, "write", "editor", content={"title": {"en": "New title"}})
    take(row.incident, "submit", "editor")
    second = person("editor", row.election, 2)
    take(row.incident, "approve", second)
    take(row.incident, "publish", second)
    answer = client.get(f"/api/v1/incidents/{row.ref}/versions/")
    results = answer.json()["results"]
    assert [(v["version"], v["what_changed"]) for v in results] == [
        (1, ""),
        (2, "A wrong street."),
    ]
    assert set(results[0]) == {"version", "published_at", "what_changed"}
    assert "Observers were refused" not in answer.content.decode()


def test_an_unchanged_incident_is_304_and_a_corrected_one_is_not(client):
    row = published_row()
    first = client.get(f"/api/v1/incidents/{row.ref}/")
    again = client.get(f"/api/v1/incidents/{row.ref}/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Access-Control-Allow-Origin"] == "*"
    row.last_seq += 1
    row.save(update_fields=["last_seq"])
    changed = client.get(f"/api/v1/incidents/{row.ref}/", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_the_tag_of_a_list_moves_with_its_own_election_only(client):
    from tests.factories import ElectionFactory

    published_row()
    address = "/api/v1/incidents/?election=kz-2021-mazhilis"
    tag = client.get(address)["ETag"]
    other = ElectionFactory(slug="kz-2019")
    published_row(other, regions=[])
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    everything = client.get("/api/v1/incidents/", headers={"If-None-Match": tag})
    assert everything.status_code == 200
    published_row()
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_licence_stands_in_the_header(client):
    row = published_row()
    answer = client.get(f"/api/v1/incidents/{row.ref}/")
    assert 'rel="license"' in answer["Link"]
