"""The whole way of one event, through HTTP only: from two observers to an NGO, and back again.

Everybody signs in with a password on the real page and uses the forms they find there. Nothing
below calls a verb of the product.
"""

import csv
import json
import uuid
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, TeamFactory, member
from tests.journeys.browsing import Browser, Form, Page
from tests.walking import the_election

pytestmark = pytest.mark.django_db
SEEN = "The chairwoman let nobody with a badge of our group in."
HEARD = "We stood outside until nine, the guard asked for a test."
TITLE = {
    "en": "Observers kept out of a polling station",
    "ru": "Наблюдателей не пустили на участок",
    "kk": "Байқаушылар учаскеге кіргізілмеді",
}
SUMMARY = {
    "en": "Two groups of observers say they were not let in.",
    "ru": "Две группы наблюдателей говорят, что их не пустили.",
    "kk": "Байқаушылардың екі тобы кіргізілмегенін айтады.",
}
FORMATS = ("json", "ndjson", "csv", "geojson")
CHANGED = "A third group has spoken."
CORRECTED = "Three groups of observers say they were not let in."


@pytest.fixture
def sign_in():
    """`sign_in("editor")` is a browser in which a new editor has just signed in."""
    election = the_election()

    def signed_in(role: str, name: str = "") -> tuple[Browser, Page]:
        username = name or role
        team = TeamFactory() if role == "observer" else None
        member(role, election, team=team, user__username=username)
        browser = Browser()
        page = browser.sign_in(username, PASSWORD)
        assert page.status == 200
        return browser, page

    return signed_in


# --- What the world reads ----------------------------------------------------------------------


def api(path: str, status: int = 200, **query):
    answer = Client().get(f"/api/v1/{path}", query)
    assert answer.status_code == status, answer.getvalue()
    return answer


def rows_in_every_format() -> dict[str, list[str]]:
    """Format -> the references it holds."""
    lines = api("incidents/", format="ndjson").getvalue().decode().splitlines()
    table = csv.DictReader(StringIO(api("incidents/", format="csv").getvalue().decode()))
    features = json.loads(api("incidents/", format="geojson").getvalue())["features"]
    return {
        "json": [row["ref"] for row in api("incidents/").json()["results"]],
        "ndjson": [json.loads(line)["ref"] for line in lines],
        "csv": [row["ref"] for row in table],
        "geojson": [feature["properties"]["ref"] for feature in features],
    }


def changes(since: int = 0) -> list[dict]:
    return api("changes/", since=since).json()["results"]


def nobody_outside_reads(*words: str) -> None:
    for path in ("", "api/v1/incidents/", "api/v1/changes/", "api/v1/incidents/?format=csv"):
        said = Client().get(f"/{path}").getvalue().decode()
        for word in words:
            assert word not in said, f"“{word}” stands on /{path}"


# --- The desk ----------------------------------------------------------------------------------


def form_of(browser: Browser, path: str, name: str) -> tuple[Page, Form]:
    """Where the step is taken: on the page itself or on one of its own."""
    page = browser.open(path)
    address = f"{path}steps/{name}/"
    if address in page.links:
        page = browser.open(address)
    return page, page.form(address)


def step(browser: Browser, path: str, name: str, **values) -> Page:
    page, form = form_of(browser, path, name)
    asked = {field: "checked" for field in form.names if field.startswith("answer_")}
    done = browser.send(page, form, **asked | values)
    assert done.status == 200, (name, done.status, done.text)
    return done


def not_alone(writer: Browser, approver: Browser, desk: str) -> None:
    """Who wrote the text finds no form to approve it, and is refused what the other would send."""
    page = writer.open(desk)
    assert not page.offers("/steps/approve/")
    digest = form_of(approver, desk, "approve")[1].fields["digest"][0]
    refused = writer.post(f"{desk}steps/approve/", page, digest=digest)
    assert refused.status == 403
    assert "second editor" in refused.text


def texts(**more: str) -> dict[str, str]:
    said = {f"title_{language}": text for language, text in TITLE.items()}
    return said | {f"summary_{language}": text for language, text in SUMMARY.items()} | more


def test_from_the_phone_to_the_ngo_and_back_out_again(sign_in):
    observer, first = by_page(sign_in)
    second = by_put(sign_in)
    nobody_outside_reads(SEEN, HEARD)
    desk = one_incident_of(sign_in, first, second)
    assert "It is part of an incident." in observer.open(reverse("field-reports")).text
    ref = desk.rstrip("/").rpartition("/")[2]
    writer, approver = sign_in("editor", "editor-one")[0], sign_in("editor", "editor-two")[0]
    publish(writer, approver, desk)
    the_world_reads(ref, version=1, summary=SUMMARY["en"])
    correct(writer, approver, desk)
    the_world_reads(ref, version=2, summary=CORRECTED)
    assert CHANGED in Browser().open(reverse("public-incident", args=[ref])).text
    withdraw(approver, desk)
    the_world_reads_no_more(ref)
    restore(writer, approver, desk)
    the_world_reads(ref, version=3, summary=CORRECTED)


def by_page(sign_in) -> tuple[Browser, str]:
    """By the form of the page, without script. Returns the report's id."""
    browser, page = sign_in("observer", "observer-one")
    assert page.path == reverse("field-report")
    sent = browser.send(page, page.form(has="text"), category="ACC01", text=SEEN, region="KZ-ALA")
    assert "KZ2021-" in sent.text
    mine = browser.open(reverse("field-reports"))
    assert "Nobody has read it yet." in mine.text
    assert SEEN not in mine.text
    return browser, sent.path.rstrip("/").rpartition("/")[2]


def by_put(sign_in) -> str:
    """By a program with a token, twice, as after a lost answer. Returns the report's id."""
    sign_in("observer", "observer-two")
    token = StringIO()
    call_command("create_token", "observer-two", "--scope", "reports:write", stdout=token)
    phone = Client(headers={"authorization": f"Bearer {token.getvalue().strip()}"})
    report_id = str(uuid.uuid4())
    path = f"/api/v1/reports/{report_id}/"
    body = {"category": "ACC01", "text": HEARD, "region": "KZ-ALA", "source": "direct_witness"}
    answers = [phone.put(path, body, content_type="application/json") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    (own,) = phone.get("/api/v1/reports/").json()["results"]
    assert own["id"] == report_id
    assert HEARD not in json.dumps(own)
    return report_id


def one_incident_of(sign_in, first: str, second: str) -> str:
    """The coordinator makes one corroborated incident of both. Returns its address."""
    browser, queue = sign_in("coordinator")
    assert queue.path.startswith(reverse("desk-queue"))
    about_first = reverse("desk-report", args=[first])
    assert about_first in queue.html
    step(browser, about_first, "open_incident", title="Observers kept out, Almaty")
    about = next(
        link for link in browser.open(about_first).links if link.startswith("/desk/incidents/")
    )
    ref = about.rstrip("/").rpartition("/")[2]
    step(browser, reverse("desk-report", args=[second]), "link", incident=ref)
    page = step(browser, about, "corroborate", grounds="Two groups that do not know each other.")
    assert "Corroborated" in page.text
    assert SEEN in page.text
    assert HEARD in page.text
    return about


def publish(writer: Browser, approver: Browser, desk: str) -> None:
    step(writer, desk, "draft")
    step(writer, desk, "write", **texts())
    step(writer, desk, "submit")
    nobody_outside_reads(TITLE["en"], SUMMARY["en"])
    not_alone(writer, approver, desk)
    step(approver, desk, "approve")
    nobody_outside_reads(TITLE["en"], SUMMARY["en"])
    step(approver, desk, "publish")


def the_world_reads(ref: str, *, version: int, summary: str) -> None:
    page = Browser().open(reverse("public-incident", args=[ref]))
    assert page.status == 200
    assert TITLE["en"] in page.text
    assert summary in page.text
    assert TITLE["ru"] in Browser("ru").open(page.path).text
    assert TITLE["kk"] in Browser("kk").open(page.path).text
    assert TITLE["en"] in Browser().open(reverse("public-home")).text
    said = api(f"incidents/{ref}/").json()
    assert (said["version"], said["verification"], said["sources"]) == (version, "corroborated", 2)
    assert said["summary"]["en"] == summary
    assert said["regions"] == ["KZ-ALA"]
    assert said["persons_min"] is said["persons_max"] is None
    assert rows_in_every_format() == {form: [ref] for form in FORMATS}
    (change,) = changes()
    assert (change["op"], change["ref"], change["incident"]) == ("upsert", ref, said)
    versions = api(f"incidents/{ref}/versions/").json()["results"]
    assert [row["version"] for row in versions] == list(range(1, version + 1))
    nobody_outside_reads(SEEN, HEARD, "observer-one", "observer-two", "editor-one", "coordinator")


def correct(writer: Browser, approver: Browser, desk: str) -> None:
    step(writer, desk, "correct", what_changed=CHANGED)
    step(writer, desk, "write", summary_en=CORRECTED)
    nobody_outside_reads(CORRECTED)
    step(writer, desk, "submit")
    not_alone(writer, approver, desk)
    step(approver, desk, "approve")
    step(approver, desk, "publish")


def withdraw(editor: Browser, desk: str) -> None:
    """One person alone, at once."""
    step(editor, desk, "withdraw", kind="safety", note="Somebody could be recognised.")


def the_world_reads_no_more(ref: str) -> None:
    page = Browser().open(reverse("public-incident", args=[ref]))
    assert page.status == 410
    assert "Somebody could be recognised." in page.text
    tombstone = api(f"incidents/{ref}/", status=410).json()
    assert (tombstone["ref"], tombstone["reason"]) == (ref, "safety")
    api(f"incidents/{ref}/versions/", status=410)
    assert rows_in_every_format() == {form: [] for form in FORMATS}
    (change,) = changes()
    assert (change["op"], change["ref"], change["reason"]) == ("retract", ref, "safety")
    for said in (page.html, json.dumps(tombstone), json.dumps(changes(), ensure_ascii=False)):
        assert not any(word in said for word in (*TITLE.values(), CORRECTED, "KZ-ALA"))
    nobody_outside_reads(*TITLE.values(), CORRECTED)


def restore(asker: Browser, approver: Browser, desk: str) -> None:
    step(asker, desk, "restore", reason="The place is coarse enough after all.")
    nobody_outside_reads(TITLE["en"])
    not_alone(asker, approver, desk)
    step(approver, desk, "approve")
    step(approver, desk, "publish")
