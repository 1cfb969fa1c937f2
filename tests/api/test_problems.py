"""Every error is a problem of RFC 9457, and its type is a page."""

import json

import pytest
from django.db import OperationalError
from django.test import Client

from config.problems import KINDS
from incidents import feed
from tests.api.rows import get
from tests.walking import opened, person

pytestmark = pytest.mark.django_db


def problem_of(answer, status: int) -> dict:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["status"] == status
    assert problem["detail"]
    return problem


@pytest.mark.parametrize("code", KINDS)
def test_the_type_of_a_problem_is_a_page(client, code):
    told = get(client, f"/problems/{code}/")
    assert told["type"] == f"/api/v1/problems/{code}/"
    assert told["advice"]
    assert told["status"] == KINDS[code].status


def test_an_unknown_kind_of_problem_is_404(client):
    problem_of(client.get("/api/v1/problems/nonsense/"), 404)


@pytest.mark.parametrize("path", ["/api/", "/api/v2/", "/api/v1/nonsense/", "/api/v1/desk/x/"])
def test_an_address_that_does_not_exist(client, path):
    problem_of(client.get(path), 404)


def test_who_is_not_signed_in(client):
    answer = client.get("/api/v1/desk/incidents/")
    problem_of(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_who_has_no_right(client):
    client.force_login(person("observer"))
    problem_of(client.get("/api/v1/desk/incidents/"), 403)


def test_a_session_without_its_csrf_token_changes_nothing():
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    incident = opened()
    client.force_login(person("coordinator"))
    body = {"step": "claim", "version": incident.version}
    path = f"/api/v1/desk/incidents/{incident.ref}/steps/"
    problem_of(client.post(path, body, content_type="application/json"), 403)
    incident.refresh_from_db()
    assert incident.status == "open"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_the_page_of_the_description_refuses_as_the_api_does(method):
    answer = getattr(Client(enforce_csrf_checks=True), method)("/api/v1/docs/")
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
    assert answer["Allow"] == "GET, HEAD"


def test_a_format_that_is_not_offered(client):
    answer = client.get("/api/v1/incidents/", headers={"Accept": "image/png"})
    problem_of(answer, 406)


def test_a_body_that_is_not_json(client):
    client.force_login(person("coordinator"))
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = client.post("/api/v1/desk/steps/", "x=1", content_type=content_type)
        problem_of(answer, 415)


def test_a_body_that_is_too_large(client, settings):
    client.force_login(person("coordinator"))
    body = b'{"steps": "' + b"x" * settings.BODY_LIMIT + b'"}'
    answer = client.post("/api/v1/desk/steps/", body, content_type="application/json")
    assert problem_of(answer, 413)["type"].endswith("/too-large/")


def test_a_database_that_does_not_answer(client, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("server closed the connection: password=secret")

    monkeypatch.setattr(feed, "data_version", away)
    answer = client.get("/api/v1/incidents/")
    problem = problem_of(answer, 503)
    assert answer["Retry-After"] == "5"
    assert "secret" not in json.dumps(problem)


def test_a_mistake_of_ours_tells_nothing(client, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the text of a report")

    monkeypatch.setattr(feed, "data_version", broken)
    client.raise_request_exception = False
    answer = client.get("/api/v1/incidents/")
    problem_of(answer, 500)
    assert b"report" not in answer.content
