"""What an open desk is told while it is open: everything it may see, nothing else."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.views.desk_standing import Standing, opened
from incidents.workflow import leases
from tests import walking
from tests.factories import ElectionFactory

pytestmark = pytest.mark.django_db


class Desk:
    """A page that stands open and asks."""

    def __init__(self, role: str = "coordinator", query: str = "", number: int = 1, election=None):
        self.user = walking.person(role, election or walking.the_election(), number)
        self.client = Client()
        self.client.force_login(self.user)
        page = self.client.get(f"/desk/?{query}").content.decode()
        self.url = unescape(re.search(r'data-news="([^"]+)"', page)[1])

    def ask(self) -> tuple[int, str]:
        answer = self.client.get(self.url)
        if standing := answer.headers.get("Desk-Standing"):
            self.url = re.sub(r"since=[^&]+", f"since={standing}", self.url)
        return answer.status_code, answer.content.decode()


def test_nothing_new_is_an_empty_answer_for_few_queries():
    walking.filed_report()
    desk = Desk()
    desk.ask()
    with CaptureQueriesContext(connection) as queries:
        assert desk.ask() == (204, "")
    assert len(queries) <= 5


def test_a_new_report_arrives_as_its_row_with_its_place():
    walking.filed_report(text="Was here before.")
    desk = Desk()
    report = walking.filed_report(text="They are holding us.", danger="observer")
    status, text = desk.ask()
    assert status == 200
    assert "They are holding us." in text
    assert f'id="line-{report.ref}"' in text
    assert "Was here before." not in text
    assert desk.ask()[0] == 204


def test_what_left_the_list_is_named():
    report = walking.filed_report()
    desk = Desk(query="list=reports")
    walking.step_on(report, "dismiss", reason="Sent twice.")
    _status, text = desk.ask()
    assert f"<li>{report.ref}</li>" in text
    assert f'id="line-{report.ref}"' not in text


def test_a_filtered_desk_hears_of_what_fits_its_filters():
    desk = Desk(query="list=reports&region=KZ-YUZ")
    walking.filed_report(region="KZ-ALA", text="In the city.")
    walking.filed_report(region="KZ-YUZ", text="In the south.")
    text = desk.ask()[1]
    assert "In the south." in text
    assert "In the city." not in text


def test_after_a_long_time_away_nothing_is_missing():
    desk = Desk()
    reports = [walking.filed_report(text=f"While away {n}.") for n in range(30)]
    text = desk.ask()[1]
    assert all(f'id="line-{report.ref}"' in text for report in reports)


def test_after_too_much_the_whole_list_is_asked_for(monkeypatch):
    monkeypatch.setattr("incidents.views.desk_news.MOST", 2)
    desk = Desk()
    for _ in range(3):
        walking.filed_report()
    assert desk.ask()[0] == 205


@pytest.mark.parametrize("since", ["", "nonsense", "é", "AAAA" * 15, "A" * 5000])
def test_a_standing_of_somebody_else_or_of_nobody_asks_for_the_whole_list(since):
    client = Client()
    client.force_login(walking.person("coordinator"))
    assert client.get("/desk/news/", {"since": since}).status_code == 205
    foreign = Standing(1).sealed(walking.person("editor"))
    assert client.get("/desk/news/", {"since": foreign}).status_code == 205


def test_a_sealed_report_wakes_nobody_but_security():
    desk, security = Desk(), Desk("security")
    sealed = walking.filed_report(text="Only for security.", audience="security_only")
    assert desk.ask() == (204, "")
    assert "Only for security." in security.ask()[1]
    leases.hold(sealed, by=walking.person("security", number=2))
    assert desk.ask() == (204, "")
    assert security.ask()[0] == 200


def test_linking_a_sealed_report_does_not_wake_those_who_see_the_incident():
    incident = walking.opened()
    sealed = walking.filed_report(text="Only for security.", audience="security_only")
    desk, security = Desk(), Desk("security")
    walking.step_on(sealed, "link", "security", incident=incident.ref)
    assert desk.ask() == (204, "")
    assert incident.ref in security.ask()[1]


def test_another_election_wakes_nobody_and_its_numbers_are_hidden():
    abroad = ElectionFactory(slug="elsewhere", ref_prefix="XX2022")
    desk = Desk(election=abroad)
    walking.filed_report()
    before = desk.url
    assert desk.ask() == (204, "")
    assert desk.url != before
    quiet = desk.url
    assert desk.ask() == (204, "")
    # A fresh text each time: it does not tell whether anything happened elsewhere.
    assert desk.url != quiet
    assert len(desk.url) == len(before)


def test_a_standing_opens_for_its_owner_alone():
    mine, other = walking.person("coordinator"), walking.person("editor")
    sealed = Standing(41, 2**63, 7).sealed(mine)
    assert opened(sealed, mine) == Standing(41, 2**63, 7)
    assert opened(sealed, other) is None
    assert opened(sealed[:-1] + ("A" if sealed[-1] != "A" else "B"), mine) is None


def test_a_colleague_at_work_shows_within_one_question():
    incident = walking.opened()
    desk = Desk()
    colleague = walking.person("coordinator", number=2)
    leases.hold(incident, by=colleague)
    assert f"{colleague.username} is at it now" in desk.ask()[1]
    assert desk.ask()[0] == 204
    leases.let_go(incident, by=colleague)
    status, text = desk.ask()
    assert status == 200
    assert str(incident.pk) not in text
