"""What an observer sees afterwards: that it arrived and its fate, never a word of it."""

import re
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from elections.models import Region
from incidents import workflow
from tests import walking

pytestmark = pytest.mark.django_db
SECRET = "Text that nobody may read on a phone"


@pytest.fixture
def observer():
    client = Client()
    client.force_login(walking.person("observer"))
    return client


@pytest.fixture
def report():
    Region.objects.filter(code="KZ-YUZ").update(time_zone="Asia/Aqtobe")
    return walking.filed_report(
        text=SECRET, place=SECRET, told_by=SECRET, station="999", persons_words=SECRET
    )


def words(client: Client, path: str = "/report/mine/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_receipt_says_when_it_arrived_its_reference_and_that_nobody_has_read_it(
    observer, report
):
    text = words(observer, f"/report/sent/{report.pk}/")
    assert re.search(r"Received \d\d:\d\d\.", text)
    assert f"Reference {report.ref}" in text
    assert "Nobody has read it yet." in text
    assert "success" not in text.casefold()
    assert "not in our list" in text


def test_the_clock_of_a_receipt_is_that_of_its_place(observer):
    walking.the_election()
    Region.objects.filter(code="KZ-YUZ").update(time_zone="Pacific/Kiritimati")
    report = walking.filed_report(region="KZ-YUZ")
    there = report.received_at.astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert f"Received {there:%H:%M}." in words(observer, f"/report/sent/{report.pk}/")


@pytest.mark.parametrize("path", ["/report/mine/", "/report/sent/{report.pk}/"])
def test_nothing_of_the_report_is_shown_and_no_place(observer, report, path):
    html = observer.get(path.format(report=report)).content.decode()
    assert report.ref in html
    for told in (SECRET, "999", "KZ-ALA", "Almaty (city)", "ACC01", "refused entry"):
        assert told not in html, told


def test_a_report_of_somebody_else_is_not_there(observer):
    other = walking.filed_report(walking.person("observer", number=2))
    assert observer.get(f"/report/sent/{other.pk}/").status_code == 404
    assert other.ref not in words(observer)


def test_the_fate_is_told_in_words(observer):
    fates = {
        "Nobody has read it yet.": walking.filed_report(),
        "A person read it": walking.filed_report(),
        "It is part of an incident.": walking.filed_report(),
        "It was closed: a test, not an event": walking.filed_report(),
    }
    _new, seen, linked, dismissed = fates.values()
    workflow.mark_seen(seen, by=walking.person("coordinator"))
    walking.opened(linked)
    walking.step_on(dismissed, "dismiss", reason="a test, not an event")
    text = words(observer)
    for fate, report in fates.items():
        at = text.index(report.ref)
        assert fate in text[at : at + 200], fate


def test_a_report_in_quarantine_looks_like_one_that_was_read(observer):
    """Who took the phone must not learn that the desk has noticed."""
    report = walking.filed_report()
    walking.step_on(report, "quarantine", reason="The phone was taken.")
    text = words(observer)
    assert "A person read it" in text
    assert "quarantine" not in text.casefold()
    assert "taken" not in text


def test_without_reports_the_page_says_what_to_do(observer):
    text = words(observer)
    assert "You have not sent a report yet." in text
    assert "Send a report" in text


def test_a_long_list_is_walked_page_by_page(observer, monkeypatch):
    monkeypatch.setattr("incidents.views.field.ROWS", 2)
    refs = [walking.filed_report().ref for _ in range(3)]
    html = observer.get("/report/mine/").content.decode()
    onward = re.search(r'rel="next" href="([^"]+)"', html)[1]
    older = observer.get(onward).content.decode()
    seen = re.findall(r">(KZ2021-[0-9A-Z]{5})<", html) + re.findall(
        r">(KZ2021-[0-9A-Z]{5})<", older
    )
    assert seen == refs[::-1]
    assert observer.get("/report/mine/?cursor=x").status_code == 302


def test_a_receipt_leads_on_to_an_addition(observer, report):
    html = observer.get(f"/report/sent/{report.pk}/").content.decode()
    onward = re.search(r'href="(/report/\?election=[^"]+)"', html)[1].replace("&amp;", "&")
    form = observer.get(onward).content.decode()
    assert f'name="follow_up_of" value="{report.ref}"' in form
    assert "Add to a report" in form
    assert SECRET not in form
