"""Observers file reports under ids of their own and see their fate."""

import json
import uuid

import pytest
from django.test import Client

from incidents.models import RawReport, Report
from observers import tokens
from tests.walking import filed_report, opened, person, step_on, the_election

pytestmark = pytest.mark.django_db
BODY = {"category": "ACC01", "text": "We were not let in.", "region": "KZ-ALA"}


@pytest.fixture
def observer(client):
    user = person("observer")
    client.force_login(user)
    return user


def put(client, body=BODY, key=None, status: int = 201, **more):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    more.setdefault("content_type", "application/json")
    answer = client.put(f"/api/v1/reports/{key or uuid.uuid4()}/", raw, **more)
    assert answer.status_code == status, answer.content[:2000]
    return answer.json()


def test_a_report_is_filed_and_its_repeat_gets_the_same_receipt(client, observer):
    key = uuid.uuid4()
    receipt = put(client, key=key)
    assert set(receipt) == {"id", "ref", "sha256", "received_at", "state", "unresolved"}
    assert receipt["id"] == str(key)
    assert receipt["state"] == "received"
    assert put(client, key=key, status=200) == receipt
    assert Report.objects.count() == 1


def test_upper_and_lower_case_name_the_same_report(client, observer):
    key = str(uuid.uuid4())
    receipt = put(client, key=key.upper())
    assert put(client, key=key, status=200) == receipt


def test_other_content_under_the_same_id_is_a_conflict_and_both_are_kept(client, observer):
    key = uuid.uuid4()
    put(client, key=key)
    problem = put(client, BODY | {"text": "Otherwise."}, key=key, status=409)
    assert problem["type"] == "/api/v1/problems/conflict/"
    assert RawReport.objects.filter(report_id=key).count() == 2
    assert put(client, key=key, status=200)


def test_unknown_fields_are_named_and_the_bytes_are_kept(client, observer):
    key = uuid.uuid4()
    problem = put(client, BODY | {"txet": "x", "colour": "red"}, key=key, status=400)
    assert {error["field"] for error in problem["errors"]} == {"txet", "colour"}
    assert b"txet" in bytes(RawReport.objects.get(report_id=key).body)


@pytest.mark.parametrize(
    "body",
    [{"text": 5}, {"text": ["a"]}, {"persons_min": "three"}, {"latitude": True}, {"details": []}],
)
def test_a_wrong_type_is_named(client, observer, body):
    problem = put(client, {"category": "ACC01"} | body, status=400)
    assert problem["errors"][0]["field"] in body


@pytest.mark.parametrize(
    "body",
    [
        {"category": "ZZZ99"},
        {"region": "XX-01"},
        {"station": "no such station"},
        {"occurred_start": "0001-01-01T00:00:00Z"},
        {"occurred_start": "9999-12-31T23:59:59+06:00"},
        {"persons_min": 5, "persons_max": 1},
        {"persons_min": 2**40},
        {"latitude": 500, "longitude": 0},
        {"danger": "very"},
        {"audience": "everybody"},
    ],
)
def test_what_means_nothing_here_is_accepted_and_left_to_the_desk(client, observer, body):
    receipt = put(client, BODY | body)
    assert set(receipt["unresolved"]) & set(body)


HOSTILE = {
    "nul": b'{"text": "a\\u0000b", "category": "ACC01"}',
    "raw nul": b'{"text": "a\x00b"}',
    "surrogate": b'{"text": "\\ud800", "category": "ACC01"}',
    "surrogate key": b'{"\\udfff": 1}',
    "surrogate detail": b'{"category": "ACC01", "details": {"\\ud800": "\\udc00"}}',
    "depth": b"[" * 100_000,
    "deep object": b'{"a":' * 40_000,
    "deep details": b'{"text": "a", "details": ' + b'{"a":' * 50 + b"1" + b"}" * 51,
    "not utf-8": b'{"text": "\xff\xfe"}',
    "nan": b'{"latitude": NaN, "longitude": 1}',
    "huge number": b'{"persons_min": 1' + b"0" * 5000 + b"}",
    "doubled key": b'{"text": "a", "text": "b"}',
    "list": b"[]",
    "text": b'"hello"',
    "null": b"null",
    "blank": b" ",
    "truncated": b'{"text": "a',
    "html": b"<html>",
    "many values": json.dumps({"text": "a", "details": {str(n): n for n in range(5000)}}).encode(),
    "id as text": b'{"id": "x", "text": "a"}',
    "bidi": '{"text": "a\u202eb"}'.encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_body_makes_the_server_fail(client, observer, name):
    key = uuid.uuid4()
    answer = client.put(f"/api/v1/reports/{key}/", HOSTILE[name], content_type="application/json")
    assert answer.status_code in {200, 201, 400}, answer.content
    assert RawReport.objects.filter(report_id=key).exists()
    if answer.status_code == 400:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_body_makes_a_step_fail(client, name):
    client.force_login(person("coordinator"))
    incident = opened()
    for path in (f"incidents/{incident.ref}/steps/", "steps/"):
        answer = client.post(
            f"/api/v1/desk/{path}", HOSTILE[name], content_type="application/json"
        )
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"


def test_ten_megabytes_are_refused(client, observer):
    body = json.dumps({"text": "x" * 10_000_000}).encode()
    problem = put(client, body, status=413)
    assert problem["type"] == "/api/v1/problems/too-large/"
    assert Report.objects.count() == 0


@pytest.mark.parametrize("key", ["x", "123", "00000000-0000-0000-0000-00000000000g"])
def test_an_id_that_is_none_is_404(client, observer, key):
    put(client, key=key, status=404)


def test_only_json_is_a_report(client, observer):
    put(client, status=415, content_type="text/plain")


def test_a_session_needs_its_csrf_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("observer"))
    put(client, status=403)
    assert Report.objects.count() == 0


def test_a_token_needs_the_right_scope(client):
    user = person("observer")
    _token, wrong = tokens.create(user, name="read", scopes=["published:read"])
    put(client, status=403, headers={"Authorization": f"Bearer {wrong}"})
    _token, right = tokens.create(user, name="write", scopes=["reports:write"])
    put(client, headers={"Authorization": f"Bearer {right}"})
    assert client.get("/api/v1/reports/", headers={"Authorization": f"Bearer {right}"}).json()


def test_who_files_nothing_is_refused(client):
    client.force_login(person("partner"))
    put(client, status=403)
    client.logout()
    put(client, status=401)


def test_the_id_of_somebody_else_is_taken_and_tells_nothing(client, observer):
    other = filed_report(person("observer", number=2), text="A secret.")
    problem = put(client, key=other.id, status=409)
    assert other.ref not in json.dumps(problem)
    assert "secret" not in json.dumps(problem)


def test_own_reports_are_listed_with_their_fate_and_without_their_text(client, observer):
    mine = filed_report(observer, text="The text.")
    filed_report(person("observer", number=2))
    opened(mine)
    answer = client.get("/api/v1/reports/")
    [row] = answer.json()["results"]
    assert (row["ref"], row["state"]) == (mine.ref, "linked")
    assert row["seen_at"]
    assert "The text." not in answer.content.decode()


def test_a_coordinator_lists_own_reports_only(client):
    filed_report(person("observer"))
    client.force_login(person("coordinator"))
    assert client.get("/api/v1/reports/").json()["results"] == []


def test_a_dismissed_report_still_answers_its_repeat(client, observer):
    key = uuid.uuid4()
    put(client, key=key)
    step_on(Report.objects.get(pk=key), "dismiss", reason="A test.")
    assert put(client, key=key, status=200)["id"] == str(key)
    assert the_election()
