"""What people type and what they find, in three scripts, on the page and in the API alike."""

import pytest
from django.test import Client

from tests import walking

pytestmark = pytest.mark.django_db
TEXTS = {
    "ru": "Наблюдателей не пустили, ещё одну справку потребовали на участке № 12",
    "kk": "Байқаушыларды кіргізбеді, үйге қайтарды",
    "en": "Observers were refused entry at station 107",
}
# typed, texts found
CASES = [
    ("НАБЛЮДАТЕЛЕЙ", "ru"),
    ("еще", "ru"),
    ("ещё", "ru"),
    ("cпрaвку", "ru"),  # with a Latin c and a
    ("№12", "ru"),
    ("№ 012", "ru"),
    ("12", "ru"),
    ("2", ""),
    ("10", ""),
    ("107", "en"),
    ("#0107", "en"),
    ("байқаушы", "kk"),
    ("БАЙҚАУШЫ", "kk"),
    ("байкаушы", "kk"),  # on a phone without Kazakh letters
    ("уйге", "kk"),
    ("Observers ENTRY", "en"),
    ("observers справку", ""),
    ("%", None),
    ("справку%", "ru"),
    ("_", None),
]


@pytest.mark.parametrize(("typed", "found"), CASES)
def test_reports_and_incidents_are_found_by_what_people_type(typed, found):
    for text in TEXTS.values():
        walking.filed_report(text=text)
        walking.opened(walking.filed_report(text="x", category="ACC01"), title=text)
    client = Client()
    client.force_login(walking.person("coordinator"))
    for kind in ("reports", "incidents"):
        answer = client.get("/desk/", {"list": kind, "q": typed})
        if found is None:
            assert answer.status_code == 400
            continue
        shown = answer.content.decode()
        assert [name for name, text in TEXTS.items() if text in shown] == (
            [found] if found else []
        )
        listed = client.get(f"/api/v1/desk/{kind}/", {"q": typed}).json()["results"]
        assert [row.get("text", row.get("title")) for row in listed] == (
            [TEXTS[found]] if found else []
        )


@pytest.mark.parametrize("typed", ["№ 007", "7", "№7", "007"])
def test_a_number_finds_the_station_and_not_its_neighbours(typed):
    report = walking.filed_report(text="Here.", station="KZ-ALA:7")
    walking.filed_report(text="Seventy-seven is 77.")
    incident = walking.opened(report)
    client = Client()
    client.force_login(walking.person("coordinator"))
    text = client.get("/desk/", {"list": "incidents", "q": typed}).content.decode()
    assert incident.ref in text
    text = client.get("/desk/?list=reports&state=linked,received", {"q": typed}).content.decode()
    listed = client.get("/api/v1/desk/reports/", {"q": typed}).json()["results"]
    assert [row["ref"] for row in listed] == [report.ref]


def test_an_incident_is_found_by_its_place_and_by_its_reference():
    incident = walking.opened(walking.filed_report(region="KZ-YUZ"), title="A title")
    walking.opened(walking.filed_report(region="KZ-ALA"), title="Another")
    client = Client()
    client.force_login(walking.person("coordinator"))
    for typed in ("turkestan", incident.ref, incident.ref.lower()):
        listed = client.get("/api/v1/desk/incidents/", {"q": typed}).json()["results"]
        assert [row["ref"] for row in listed] == [incident.ref]


def test_a_report_is_found_by_its_reference():
    report = walking.filed_report()
    walking.filed_report(text="Another.")
    client = Client()
    client.force_login(walking.person("coordinator"))
    listed = client.get("/api/v1/desk/reports/", {"q": f" {report.ref.lower()} "}).json()
    assert [row["ref"] for row in listed["results"]] == [report.ref]


def test_a_text_as_long_as_a_report_may_be_is_found_by_its_last_word():
    walking.filed_report(text="слово " * 2600 + "последнее")
    client = Client()
    client.force_login(walking.person("coordinator"))
    listed = client.get("/api/v1/desk/reports/", {"q": "последнее"}).json()["results"]
    assert len(listed) == 1


@pytest.mark.parametrize(("value", "count"), [("true", 1), ("false", 1)])
def test_what_is_overdue_is_a_filter_of_page_and_api(value, count):
    from datetime import timedelta

    from django.utils import timezone

    from incidents.models import Incident, Report

    late = walking.filed_report(text="Late.")
    walking.filed_report(text="In time.")
    Report.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=1))
    client = Client()
    client.force_login(walking.person("coordinator"))
    listed = client.get("/api/v1/desk/reports/", {"overdue": value}).json()["results"]
    assert [row["text"] for row in listed] == ["Late." if value == "true" else "In time."]
    shown = client.get("/desk/", {"list": "reports", "overdue": value}).content.decode()
    assert ("Late." in shown) == (value == "true")
    assert ("overdue: nobody has read it" in shown) == (value == "true") or value == "false"
    incident = walking.opened(title="An incident")
    Incident.objects.filter(pk=incident.pk).update(due_at=timezone.now() - timedelta(hours=1))
    found = client.get("/api/v1/desk/incidents/", {"overdue": value}).json()["results"]
    assert len(found) == (1 if value == "true" else 0)
