"""The page on which people make and revoke what their programs use."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from incidents.models import SavedExport
from incidents.views import account
from observers import tokens
from observers.models import ApiToken, PartnerAccess
from observers.roles import Role
from tests.contracts.stage import build_stage

pytestmark = pytest.mark.django_db
PAGE = "/account/tokens/"


@pytest.fixture
def stage():
    return build_stage("account")


def client_of(stage, person) -> Client:
    client = Client()
    client.force_login(stage.people[person])
    return client


def token_said(**more):
    return {"token-name": "For R", "token-scopes": [tokens.READS], "token-days": "30"} | more


def export_said(**more):
    return {"export-name": "For Excel", "export-query": "", "export-format": "csv"} | more


def text_of(answer) -> str:
    found = re.search(r'<input id="secret"[^>]* value="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


def test_a_token_is_shown_once_and_works(stage):
    published = stage.publish()
    client = client_of(stage, "partner")
    limits = {"token-elections": ["account"], "token-regions": "KZ-ALA, KZ-YUZ"}
    answer = client.post(PAGE, token_said(**limits))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    text = text_of(answer)
    token = tokens.find(text)
    assert token is not None
    assert token.only_elections == {stage.election.pk}
    assert token.only_regions == {stage.city.pk, stage.other_region.pk}
    assert token.scopes == [tokens.READS]
    reader = Client(headers={"Authorization": f"Bearer {text}"})
    rows = reader.get("/api/v1/partner/incidents/").json()["results"]
    assert [row["ref"] for row in rows] == [published.ref]
    page = client.get(PAGE).content.decode()
    assert text not in page
    assert token.prefix in page
    assert "For R" in page
    assert "Almaty (city)" in page


def test_revoking_takes_one_press(stage):
    client = client_of(stage, "partner")
    text = text_of(client.post(PAGE, token_said()))
    token = ApiToken.objects.get()
    answer = client.post(f"/account/tokens/{token.pk}/revoke/")
    assert (answer.status_code, answer["Location"]) == (303, f"{PAGE}#tokens")
    reader = Client(headers={"Authorization": f"Bearer {text}"})
    assert reader.get("/api/v1/partner/incidents/").status_code == 401
    page = client.get(PAGE).content.decode()
    assert "revoked" in page
    assert f"/account/tokens/{token.pk}/revoke/" not in page


def test_nobody_revokes_anothers(stage):
    token, _text = tokens.create(stage.people["partner"], name="t", scopes=[tokens.READS])
    other = stage.person(Role.PARTNER)
    client = Client()
    client.force_login(other)
    assert client.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_scopes_follow_roles(stage):
    partner = client_of(stage, "partner")
    assert 'value="desk"' not in partner.get(PAGE).content.decode()
    refused = partner.post(PAGE, token_said(**{"token-scopes": ["desk"]}))
    assert refused.status_code == 400
    assert not ApiToken.objects.exists()
    desk = client_of(stage, "coordinator")
    assert desk.post(PAGE, token_said(**{"token-scopes": ["desk"]})).status_code == 200
    assert ApiToken.objects.get().scopes == ["desk"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \u200b "),
        ("name", "x" * 101),
        ("name", "a\x00b"),
        ("scopes", []),
        ("scopes", ["reports:write"]),
        ("scopes", ["\x00"]),
        ("days", "0"),
        ("days", "367"),
        ("days", "9" * 400),
        ("days", "soon"),
        ("elections", ["elsewhere"]),
        ("regions", "KZ-XXX"),
        ("regions", "100%"),
        ("regions", "\x00"),
        ("regions", ",".join(f"R{n}" for n in range(60))),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(stage, field, value):
    client = client_of(stage, "partner")
    answer = client.post(PAGE, token_said(**{f"token-{field}": value}))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert 'class="error-summary"' in page
    if field != "name":
        assert 'value="For R"' in page
    assert not ApiToken.objects.exists()


def test_regions_are_for_reading_only(stage):
    client = client_of(stage, "coordinator")
    said = {"token-scopes": ["desk", tokens.READS], "token-regions": "KZ-ALA"}
    assert client.post(PAGE, token_said(**said)).status_code == 400
    assert not ApiToken.objects.exists()


def test_there_is_a_limit_of_one_person(stage, monkeypatch):
    monkeypatch.setattr(account, "MOST_TOKENS", 1)
    client = client_of(stage, "partner")
    assert client.post(PAGE, token_said()).status_code == 200
    assert client.post(PAGE, token_said()).status_code == 400
    tokens.revoke(ApiToken.objects.get())
    assert client.post(PAGE, token_said()).status_code == 200


def test_an_export_is_shown_once_and_works(stage):
    published = stage.publish()
    client = client_of(stage, "partner")
    columns = {"export-columns": ["ref", "title"], "export-labels": "kk"}
    query = {"export-query": "http://testserver/?category=ACC&q="}
    answer = client.post("/account/exports/", export_said(**columns, **query))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    address = text_of(answer)
    assert "://" in address
    file = Client().get(path := urlsplit(address).path)
    assert published.ref in b"".join(file.streaming_content).decode()
    export = SavedExport.objects.get()
    assert (export.query, export.columns, export.labels) == (
        "category=ACC",
        ["ref", "title"],
        "kk",
    )
    page = client.get(PAGE).content.decode()
    assert "For Excel" in page
    assert "category=ACC" in page
    assert "/data/saved/" not in page
    answer = client.post(f"/account/exports/{export.pk}/revoke/")
    assert (answer.status_code, answer["Location"]) == (303, f"{PAGE}#exports")
    assert Client().get(path).status_code == 410


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("query", "regin=KZ-ALA"),
        ("query", "severity=9"),
        ("query", "&".join(["a"] * 1999)),
        ("query", "q=\x00"),
        ("format", "exe"),
        ("labels", "de"),
        ("columns", ["teams"]),
    ],
)
def test_an_export_that_cannot_be_is_refused(stage, field, value):
    client = client_of(stage, "partner")
    answer = client.post("/account/exports/", export_said(**{f"export-{field}": value}))
    assert answer.status_code == 400
    assert 'class="error-summary"' in answer.content.decode()
    assert not SavedExport.objects.exists()


def test_a_partner_sees_what_was_read_in_their_name_and_nothing_else(stage):
    stage.publish()
    for name in ("partner", "other"):
        user = stage.people.setdefault(name, stage.person(Role.PARTNER))
        _token, text = tokens.create(user, name="t", scopes=[tokens.READS])
        reader = Client(headers={"Authorization": f"Bearer {text}"})
        reader.get("/api/v1/partner/incidents/?region=KZ-ALA")
    page = client_of(stage, "partner").get(PAGE).content.decode()
    mine = PartnerAccess.objects.get(user=stage.people["partner"])
    theirs = PartnerAccess.objects.get(user=stage.people["other"])
    assert f"dauys_{mine.prefix}_" in page
    assert f"dauys_{theirs.prefix}_" not in page
    assert "region=KZ-ALA" in page
    assert "partner/incidents" in page


def test_a_desk_without_a_partner_has_no_log(stage):
    assert "accesses-heading" not in client_of(stage, "coordinator").get(PAGE).content.decode()


def test_a_partner_lands_there(stage):
    answer = client_of(stage, "partner").get(reverse("home"))
    assert answer["Location"] == PAGE


@pytest.mark.parametrize("person", ["observer", "admin"])
def test_it_is_not_for_everybody(stage, person):
    client = client_of(stage, person)
    assert client.get(PAGE).status_code == 403
    assert client.post("/account/exports/", export_said()).status_code == 403
    assert Client().get(PAGE).status_code == 302


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_it_speaks_the_readers_language(stage, language):
    answer = client_of(stage, "partner").get(PAGE, headers={"Accept-Language": language})
    assert f'<html lang="{language}"' in answer.content.decode()
