"""Middleware and error pages; they belong to no app, so they are tested where people come in."""

import json

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import include, path, reverse

from config import errors
from config.middleware import CleanRequest, Locale, PrivateByDefault
from observers.roles import Role
from tests.factories import UserFactory, member

pytestmark = pytest.mark.django_db


def fails(request, kind, **kwargs):
    exceptions = {
        "400": SuspiciousOperation("canary"),
        "403": PermissionDenied("Only an editor may do this."),
        "404": Http404("canary"),
        "500": ValueError("canary"),
        "503": OperationalError("canary: could not connect"),
    }
    raise exceptions[kind]


urlpatterns = [
    path("fails/<kind>/", fails),
    path("api/fails/<kind>/", fails),
    path("", include(settings.ROOT_URLCONF)),
]
handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"


@pytest.fixture
def failing():
    with override_settings(ROOT_URLCONF="tests.observers.test_request_handling"):
        yield Client(raise_request_exception=False)


@pytest.mark.parametrize("kind", ["400", "403", "404", "500", "503"])
def test_a_failure_is_a_designed_page(failing, kind):
    answer = failing.get(f"/fails/{kind}/")
    page = answer.content.decode()
    assert answer.status_code == int(kind)
    assert "<h1>" in page
    assert "canary" not in page
    assert 'href="/"' in page
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer.get("Retry-After") == ("5" if kind == "503" else None)


@pytest.mark.parametrize("kind", ["400", "403", "404", "500", "503"])
def test_a_failure_under_the_api_is_a_problem(failing, kind):
    answer = failing.get(f"/api/fails/{kind}/", headers={"Accept-Language": "ru"})
    assert answer.status_code == int(kind)
    assert answer["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert problem["status"] == int(kind)
    assert problem["title"].isascii()
    assert "canary" not in answer.content.decode()


def test_a_refusal_may_say_why(failing):
    assert "Only an editor may do this." in failing.get("/fails/403/").content.decode()


def test_the_last_resort_needs_no_template(failing):
    bare = [settings.TEMPLATES[0] | {"DIRS": [], "APP_DIRS": False}]
    with override_settings(TEMPLATES=bare):
        answer = failing.get("/fails/500/")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.content.decode()


def test_a_page_for_everybody_who_is_lost_speaks_his_language(failing, monkeypatch):
    answer = failing.get("/nowhere/at/all/", headers={"Accept-Language": "kk"})
    assert answer.status_code == 404
    assert '<html lang="kk"' in answer.content.decode()


def test_a_wrong_host_is_a_page_too():
    answer = Client().get("/account/login/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "could not be read" in answer.content.decode()


def test_a_form_without_its_token_is_explained():
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(reverse("account_login"), {"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "open too long" in answer.content.decode()
    assert errors.csrf_failure(RequestFactory().post("/api/v1/desk/")).status_code == 403


DIRTY = ["%00", "%ED%A0%80", "%FF", "%C0%80", "a%00b"]


@pytest.mark.parametrize("dirt", DIRTY)
def test_addresses_no_database_can_hold_are_refused(client, dirt):
    for address in (f"/incidents/{dirt}/", f"/?q={dirt}", f"/?{dirt}=1"):
        answer = client.get(address)
        assert answer.status_code == 400, address
        assert "could not be read" in answer.content.decode()
        assert not answer.cookies
        assert answer["X-Frame-Options"] == "DENY"
    for address in (f"/api/v1/{dirt}/", f"/api/v1/?q={dirt}"):
        answer = client.get(address)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_raw_bytes_that_are_not_utf8_are_refused():
    request = RequestFactory().get("/")
    request.META["QUERY_STRING"] = "q=\xff"
    answer = CleanRequest(lambda request: HttpResponse("through"))(request)
    assert answer.status_code == 400


@pytest.mark.parametrize("text", ["Шымкент", "Ұлы дала", "a+b", "%25", "😀", "q=%EF%BF%BD"])
def test_all_other_text_passes(text):
    request = RequestFactory().get("/", {"q": text})
    answer = CleanRequest(lambda request: HttpResponse("through"))(request)
    assert answer.content == b"through"


def after(middleware, path, **kwargs):
    request = RequestFactory(**kwargs).get(path)
    request.user = AnonymousUser()
    return middleware(lambda request: HttpResponse("page"))(request)


@pytest.mark.parametrize("path", ["/desk/", "/report/", "/account/login/", "/admin/x/"])
def test_private_pages_are_stored_nowhere(path):
    assert after(PrivateByDefault, path)["Cache-Control"] == "no-store"


def test_what_a_known_person_sees_is_stored_nowhere(client):
    assert "Cache-Control" not in after(PrivateByDefault, "/incidents/")
    with_token = RequestFactory().get("/api/v1/incidents/", headers={"Authorization": "Bearer x"})
    answer = PrivateByDefault(lambda request: HttpResponse("data"))(with_token)
    assert answer["Cache-Control"] == "no-store"
    client.force_login(UserFactory())
    assert client.get("/nowhere/")["Cache-Control"] == "no-store"


def test_sensors_are_for_the_field_page_only():
    assert after(PrivateByDefault, "/")["Permissions-Policy"].count("=()") == 3
    assert after(PrivateByDefault, "/report/")["Permissions-Policy"].count("=(self)") == 3


def test_a_page_speaks_the_language_of_the_cookie_then_of_the_browser():
    russian = {"HTTP_ACCEPT_LANGUAGE": "ru"}
    answer = after(Locale, "/", **russian)
    assert answer["Content-Language"] == "ru"
    assert {"Cookie", "Accept-Language"} <= set(answer["Vary"].split(", "))
    answer = after(Locale, "/", HTTP_COOKIE="django_language=kk", **russian)
    assert answer["Content-Language"] == "kk"


def test_the_api_has_one_language():
    answer = after(Locale, "/api/v1/", HTTP_COOKIE="django_language=kk", HTTP_ACCEPT_LANGUAGE="ru")
    assert "Content-Language" not in answer
    assert "Vary" not in answer


def test_every_page_carries_the_safety_headers(client):
    member(Role.OBSERVER)
    answer = client.get(reverse("account_login"))
    policy = answer["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
