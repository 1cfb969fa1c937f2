"""axe finds nothing on the page of tokens and saved exports, in each language, light and dark."""

import pytest
from django.db import transaction
from django.test import Client

from incidents import saving
from observers import tokens
from tests.contracts.axe import Look, Shown, faults
from tests.contracts.stage import Stage, build_stage

pytestmark = [pytest.mark.browser, pytest.mark.once]
PAGE = "/account/tokens/"
TOKEN = {"token-name": "R", "token-scopes": [tokens.READS], "token-days": "30"}
# What is wider than the window scrolls the page sideways.
UNFOLD = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
CHOSEN = """() => {
  const field = document.getElementById("secret");
  return field.value.slice(field.selectionStart, field.selectionEnd);
}"""
WIDTH = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def stage(chromium, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        made = build_stage("account")
        made.publish()
        partner = made.people["partner"]
        names = ("For the weekly table of all our partners in three countries", "R")
        for name in names:
            limits = {"elections": [made.election], "regions": [made.city, made.other_region]}
            token, text = tokens.create(partner, name=name, scopes=[tokens.READS], **limits)
            reader = Client(headers={"Authorization": f"Bearer {text}"})
            reader.get("/api/v1/partner/incidents/?region=KZ-ALA,KZ-YUZ&category=ACC,DET,NET")
            said = {"name": name, "query": "region=KZ-ALA,KZ-YUZ&category=ACC,DET&q=наблюдатель"}
            export, _secret = saving.make(by=partner, format_="csv", columns=["ref"], **said)
        tokens.revoke(token)
        saving.revoke(export)
        yield made
        transaction.set_rollback(True)


def signed_in(stage: Stage, person: str) -> Client:
    client = Client()
    client.force_login(stage.people[person])
    return client


def pages(stage: Stage) -> list[Shown]:
    partner, desk = signed_in(stage, "partner"), signed_in(stage, "coordinator")
    export = {"export-name": "Excel", "export-format": "csv"}
    _export, secret = stage.saved_export
    saving.revoke(stage.saved_export[0])
    return [
        Shown(PAGE, partner),
        Shown(PAGE, desk, plain=True),
        Shown(PAGE, partner, sent={}, status=400),
        Shown("/account/exports/", partner, sent={"export-query": "regin=1"}, status=400),
        Shown(PAGE, partner, sent=TOKEN),
        Shown("/account/exports/", partner, sent=export, plain=True),
        Shown(f"/data/saved/{stage.saved_export[0].pk}/{secret}.csv", Client(), status=410),
    ]


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_axe_finds_nothing(chromium, stage, language):
    assert faults(chromium, language, pages(stage)) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window(chromium, stage, width):
    look = Look(chromium, "kk", width)
    try:
        wide = {}
        for shown in pages(stage):
            _status, look.now["now"] = shown.answer("kk")
            look.page.goto(f"http://pages.test{shown.path}", wait_until="load")
            look.page.evaluate(UNFOLD)
            if (over := look.page.evaluate(WIDTH)) > 0:
                wide[shown.path] = over
        assert wide == {}
    finally:
        look.page.close()


def test_the_button_chooses_all_of_the_secret(chromium, stage):
    shown = Shown(PAGE, signed_in(stage, "partner"), sent=TOKEN)
    look = Look(chromium, "en")
    try:
        _status, look.now["now"] = shown.answer("en")
        look.page.goto(f"http://pages.test{PAGE}", wait_until="load")
        button = look.page.get_by_role("button", name="Copy")
        button.wait_for()
        button.click()
        text = look.page.input_value("#secret")
        assert text.startswith("dauys_")
        assert look.page.evaluate(CHOSEN) == text
    finally:
        look.page.close()
