"""The queue: who may come in, what is shown first, how it is narrowed."""

from itertools import count
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents.models import Report
from incidents.views import desk
from tests import walking
from tests.factories import ElectionFactory, member

pytestmark = pytest.mark.django_db


def signed_in(role: str, election=None) -> Client:
    client = Client()
    client.force_login(walking.person(role, election or walking.the_election()))
    return client


def test_who_is_not_signed_in_is_asked_to():
    answer = Client().get("/desk/?status=parked")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/?next=/desk/%3Fstatus%3Dparked")


@pytest.mark.parametrize("role", ["observer", "partner", "admin"])
def test_other_roles_are_told_whom_the_desk_is_for(role):
    answer = signed_in(role).get("/desk/")
    assert answer.status_code == 403
    assert "The desk is for coordinators" in answer.content.decode()


def test_an_empty_queue_says_so():
    text = signed_in("coordinator").get("/desk/").content.decode()
    assert "Nothing needs a person now." in text


def test_danger_comes_first_then_the_oldest():
    walking.filed_report(text="Old and calm.")
    walking.filed_report(text="Young and calm.")
    walking.filed_report(text="They are holding us.", danger="observer")
    walking.opened(walking.filed_report(text="In an incident."), title="Already at work")
    text = signed_in("coordinator").get("/desk/").content.decode()
    places = [
        text.index(words)
        for words in (
            "They are holding us.",
            "Old and calm.",
            "Young and calm.",
            "Already at work",
        )
    ]
    assert places == sorted(places)
    assert "The observer is in danger" in text
    in_list = signed_in("coordinator").get("/desk/?list=reports").content.decode()
    assert in_list.index("They are holding us.") < in_list.index("Old and calm.")


def test_each_row_says_what_a_tired_person_needs():
    incident = walking.opened(walking.filed_report(occurred_start="2021-01-10T11:05"))
    walking.take(incident, "claim")
    text = signed_in("coordinator").get("/desk/").content.decode()
    assert incident.ref in text
    assert "<b>2</b> serious" in text
    assert "reported" in text
    assert "Almaty" in text
    assert "10 January 2021" in text
    assert "11:05" in text
    assert "in review" in text
    assert f"by {walking.person('coordinator').username}" in text


def test_a_state_that_is_finished_is_shown_when_asked_for():
    incident = walking.opened(title="A finished one")
    walking.take(incident, "close", outcome="resolved", reason="Let in after an hour.")
    client = signed_in("coordinator")
    assert "A finished one" not in client.get("/desk/").content.decode()
    assert "A finished one" in client.get("/desk/?status=closed").content.decode()


def test_the_filters_are_those_of_the_api():
    walking.opened(walking.filed_report(region="KZ-ALA"), title="In the city")
    walking.opened(walking.filed_report(region="KZ-YUZ"), title="In the south")
    client = signed_in("coordinator")
    text = client.get("/desk/?region=KZ-YUZ&severity_min=2").content.decode()
    assert "In the south" in text
    assert "In the city" not in text
    assert "Region: Turkestan" in text
    both = client.get("/desk/?q=south").content.decode()
    assert "In the south" in both
    assert "In the city" not in both


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("severty=3", "Did you mean “severity”"),
        ("status=opne", "Did you mean “open”"),
        ("region=KZ-AAA", "KZ-A"),
        ("list=reports&cursor=nonsense", "no longer good"),
        ("q=%E2%80%94", "Search for"),
        ("severity=2**70", "whole number"),
        ("occurred_from=2021-01-11&occurred_to=2021-01-10", "later than"),
        ("list=reports&severity=3", "no parameter"),
    ],
)
def test_a_question_that_is_not_understood_is_answered_with_its_fault(query, said):
    answer = signed_in("coordinator").get(f"/desk/?{query}")
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_a_list_of_many_pages_shows_each_row_once():
    for number in range(53):
        walking.filed_report(text=f"Report number {number:02} of many.")
    client = signed_in("coordinator")
    first = client.get("/desk/?list=reports").content.decode()
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(following).content.decode()
    seen = [n for n in range(53) if f"Report number {n:02} " in first]
    rest = [n for n in range(53) if f"Report number {n:02} " in second]
    assert sorted(seen + rest) == list(range(53))
    assert len(seen) == 50


def test_a_coordinator_of_one_region_sees_that_region():
    election = walking.the_election()
    walking.filed_report(text="From the city.", region="KZ-ALA")
    walking.filed_report(text="From the south.", region="KZ-YUZ")
    client = Client()
    client.force_login(
        member("coordinator", election, regions=[walking.region("KZ-YUZ", election)])
    )
    text = client.get("/desk/").content.decode()
    assert "From the south." in text
    assert "From the city." not in text


def test_another_election_is_another_world():
    walking.filed_report(text="Of this election.")
    abroad = ElectionFactory(slug="elsewhere", ref_prefix="XX2022")
    client = Client()
    client.force_login(member("coordinator", abroad))
    assert "Of this election." not in client.get("/desk/").content.decode()


def test_what_is_for_security_is_for_security():
    walking.filed_report(text="Only for security.", audience="security_only")
    assert "Only for security." not in signed_in("coordinator").get("/desk/").content.decode()
    assert "Only for security." in signed_in("security").get("/desk/").content.decode()


def test_what_could_not_be_read_is_announced():
    walking.refused_arrival(b'{"text": ')
    text = signed_in("coordinator").get("/desk/").content.decode()
    assert "Could not be read" in text
    assert reverse("desk-arrivals") in text


@pytest.mark.parametrize("path", ["/desk/", "/desk/?list=reports", "/desk/?list=incidents"])
def test_twenty_rows_cost_what_two_cost(path):
    client = signed_in("coordinator")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    def grow(number: int) -> None:
        for n in range(number):
            walking.filed_report(text=f"Waiting {n}", danger="observer" if n % 2 else "none")
            incident = walking.opened(title=f"Incident {n}")
            walking.take(incident, "claim")

    grow(2)
    client.get(path)
    few = cost()
    grow(9)
    client.get(path)  # counts are kept until something happens
    assert cost() == few


def test_the_filters_have_our_names():
    walking.filed_report()
    text = signed_in("coordinator").get("/desk/?list=reports").content.decode()
    assert "Something not understood" in text
    assert "invalid name" not in text


def test_an_address_that_names_several_states_in_one_ticks_their_boxes():
    walking.filed_report()
    page = signed_in("coordinator").get("/desk/?list=reports&state=received,linked")
    ticked = [
        box.data["value"]
        for box in page.context["form"]["state"].subwidgets
        if box.data["selected"]
    ]
    assert ticked == ["received", "linked"]


def test_a_faulty_question_says_why_no_row_is_shown():
    page = signed_in("coordinator").get("/desk/?list=reports&regoin=KZ").content.decode()
    assert "Nothing is shown until the filters are put right." in page
    assert "Rows on a page:" not in page


def test_a_count_that_took_long_is_not_taken_again_at_once(monkeypatch):
    """With a hundred thousand rows, each line of history would cost each open desk a count."""

    def counted() -> dict[str, int]:
        return desk._counted(Report.objects.all(), "state", ["received"])

    walking.filed_report()
    assert counted() == {"received": 1}
    walking.filed_report()
    assert counted() == {"received": 2}
    # Each count takes a second from here on.
    clock = SimpleNamespace(monotonic=count().__next__)
    monkeypatch.setattr(desk, "time", clock)
    walking.filed_report()
    assert counted() == {"received": 3}
    walking.filed_report()
    assert counted() == {"received": 3}
