"""The server's clock goes back an hour or a day ahead: nothing hangs, is early or comes twice."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from incidents import alerts, publishing
from incidents.errors import WrongState
from incidents.models import Alert, AlertDelivery, Event, Incident, Lease, Publication, Report
from incidents.querysets import lease_lasts
from incidents.workflow import leases
from tests import walking

pytestmark = pytest.mark.django_db

NOON = datetime(2021, 1, 10, 12, tzinfo=UTC)
BACK, AHEAD = timedelta(hours=-1), timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock(time_machine):
    """Stands still until a test moves it."""
    time_machine.move_to(NOON, tick=False)
    walking.the_election()
    return time_machine


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def colleagues():
    return walking.person("coordinator"), walking.person("coordinator", number=2)


# --- Leases -----------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [BACK, -AHEAD])
def test_after_a_jump_back_a_lease_is_not_for_ever(clock, jump):
    first, second = colleagues()
    incident = walking.opened()
    leases.hold(incident, by=first)
    clock.shift(jump)
    assert leases.other_holder(incident, by=second) is None
    assert leases.others(by=second) == {}
    assert leases.all_held() == []
    page = signed_in(second).get("/desk/").content.decode()
    assert "is at it now" not in page
    assert leases.hold(incident, by=second).holder == second
    assert Lease.objects.get().until == NOON + jump + lease_lasts()


def test_after_a_jump_back_a_sign_of_life_counts_from_now(clock):
    first, second = colleagues()
    incident = walking.opened()
    leases.hold(incident, by=first)
    clock.shift(BACK)
    signed_in(first).post(f"/desk/here/{incident.pk}/")
    lease = Lease.objects.get()
    assert (lease.holder, lease.until) == (first, NOON + BACK + lease_lasts())
    assert leases.other_holder(incident, by=second) == first
    clock.shift(6 * MINUTE)
    assert leases.other_holder(incident, by=second) is None


def test_a_small_correction_of_the_clock_takes_nobody_off_their_work(clock):
    first, second = colleagues()
    incident = walking.opened()
    leases.hold(incident, by=first)
    clock.shift(timedelta(seconds=-2))
    assert leases.other_holder(incident, by=second) == first


def test_a_jump_ahead_ends_a_lease_and_the_way_back_does_not_revive_it_for_ever(clock):
    first, second = colleagues()
    incident = walking.opened()
    leases.hold(incident, by=first)
    clock.shift(AHEAD)
    assert leases.other_holder(incident, by=second) is None
    leases.hold(incident, by=second)
    clock.shift(-AHEAD)
    assert leases.hold(incident, by=first).holder == first
    assert Lease.objects.get().until == NOON + lease_lasts()


# --- Embargo ----------------------------------------------------------------------------------


def embargoed(hours: float = 2) -> Incident:
    return walking.approved(embargo_until=(NOON + timedelta(hours=hours)).isoformat())


def test_an_embargo_is_not_cut_short_by_a_jump_back(clock):
    incident = embargoed()
    clock.move_to(NOON + timedelta(hours=1, minutes=59), tick=False)
    assert publishing.publish_due() == 0
    clock.shift(BACK)
    for _minute in range(60):
        clock.shift(MINUTE)
        assert publishing.publish_due() == 0
    with pytest.raises(WrongState, match="embargo"):
        walking.take(incident, "publish", "editor")
    assert not Publication.objects.exists()
    clock.move_to(NOON + timedelta(hours=2), tick=False)
    assert publishing.publish_due() == 1
    assert publishing.publish_due() == 0


@pytest.mark.parametrize("after", [-AHEAD, BACK, AHEAD])
def test_what_is_published_is_published_once_whatever_the_clock_does_then(clock, after):
    embargoed()
    clock.shift(AHEAD)
    assert publishing.publish_due() == 1
    clock.shift(after)
    assert publishing.publish_due() == 0
    clock.move_to(NOON + timedelta(hours=2), tick=False)
    assert publishing.publish_due() == 0
    assert Publication.objects.count() == 1
    assert Event.objects.filter(verb="publish").count() == 1
    assert signed_in(walking.person("editor")).get("/").status_code == 200


# --- Alerts and due times -----------------------------------------------------------------------


def told(rule: str) -> int:
    return Alert.objects.filter(rule=rule).count()


def test_what_waited_too_long_is_told_of_once_though_the_clock_goes_back(clock):
    report = walking.filed_report()
    clock.move_to(report.due_at + MINUTE, tick=False)
    assert alerts.overdue() == 1
    clock.shift(BACK)
    assert alerts.overdue() == 0
    clock.shift(AHEAD)
    assert alerts.overdue() == 0
    assert told("overdue_report") == 1
    assert AlertDelivery.objects.count() == 1


def test_what_arrived_while_the_clock_was_ahead_is_late_now_and_told_of_once(clock):
    clock.shift(AHEAD)
    report = walking.filed_report()
    clock.shift(-AHEAD)
    assert alerts.overdue() == 1
    assert alerts.overdue() == 0
    clock.move_to(report.due_at + MINUTE, tick=False)
    assert alerts.overdue() == 0
    assert told("overdue_report") == 1


def test_an_incident_that_changed_while_the_clock_was_ahead_is_told_of_once(clock):
    clock.shift(AHEAD)
    walking.opened()
    clock.shift(-AHEAD)
    assert alerts.overdue() == 1
    assert alerts.overdue() == 0
    assert told("overdue_incident") == 1


def test_danger_is_told_of_whatever_the_clock(clock):
    for jump in (BACK, AHEAD, 2 * BACK):
        clock.shift(jump)
        walking.filed_report(text=f"Help, {jump}.", danger="observer")
    assert told("danger") == 3


def test_due_times_count_from_the_clock_as_it_is(clock):
    usual = walking.filed_report().due_at - NOON
    clock.shift(BACK)
    report = walking.filed_report(text="Another.")
    assert report.due_at - (NOON + BACK) == usual
    incident = walking.opened(report)
    clock.shift(AHEAD)
    assert Report.objects.overdue(NOON + BACK + AHEAD).count() == 1
    assert Incident.objects.overdue(NOON + BACK + AHEAD).count() == 1
    walking.take(incident, "claim")
    assert Incident.objects.get().due_at > NOON + BACK + AHEAD


# --- History and versions ----------------------------------------------------------------------


def test_history_reads_in_the_order_of_what_was_done(clock):
    incident = walking.opened()
    for n, jump in enumerate((BACK, AHEAD, -AHEAD, BACK)):
        clock.shift(jump)
        walking.take(incident, "edit", changes={"title": f"Title {n} of four"})
    walking.take(incident, "claim")
    client = signed_in(walking.person("coordinator"))
    page = client.get(f"/desk/incidents/{incident.ref}/").content.decode()
    page = page[page.rindex("History") :]
    # Each line says what it was before, too: the last mention is where it was given.
    places = [page.rindex(f"Title {n} of four") for n in (2, 1, 0)]
    assert places == sorted(places)
    mine = Event.objects.filter(incident=incident).order_by("seq")
    versions = [event.after["version"] for event in mine if "version" in event.after]
    assert versions == sorted(versions)


def test_news_reach_a_desk_across_a_jump_back(clock):
    client = signed_in(walking.person("coordinator"))
    page = client.get("/desk/").content.decode()
    url = unescape(re.search(r'data-news="([^"]+)"', page)[1])
    clock.shift(BACK)
    report = walking.filed_report(text="After the clock went back.")
    answer = client.get(url)
    assert answer.status_code == 200
    assert report.ref in answer.content.decode()
