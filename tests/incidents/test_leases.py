"""Who is at what: a lease warns, ends by itself, and moves only by a claim."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from incidents.errors import WrongState
from incidents.models import Incident, Lease
from incidents.workflow import leases
from observers.models import Membership
from tests import walking

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def colleagues():
    return walking.person("coordinator"), walking.person("coordinator", number=2)


def idle(minutes: int = 6) -> None:
    Lease.objects.update(until=timezone.now() - timedelta(minutes=minutes - 5))


def test_opening_an_incident_tells_the_others_and_only_them():
    first, second = colleagues()
    incident = walking.opened()
    path = f"/desk/incidents/{incident.ref}/"
    assert "is at it now" not in signed_in(first).get(path).content.decode()
    shown = signed_in(second).get(path).content.decode()
    assert f"{first.username} is at it now" in shown
    assert f"{first.username} is at it now" in signed_in(second).get("/desk/").content.decode()
    assert Lease.objects.get().holder == first


def test_a_report_is_held_like_an_incident():
    first, second = colleagues()
    report = walking.filed_report()
    signed_in(first).get(f"/desk/reports/{report.pk}/")
    shown = signed_in(second).get(f"/desk/reports/{report.pk}/").content.decode()
    assert f"{first.username} is at it now" in shown


def test_after_idle_minutes_the_next_one_has_it():
    first, second = colleagues()
    incident = walking.opened()
    leases.hold(incident, by=first)
    idle()
    assert leases.other_holder(incident, by=second) is None
    assert leases.hold(incident, by=second).holder == second


def test_a_sign_of_life_keeps_it_and_somebody_elses_does_not():
    first, second = colleagues()
    incident = walking.opened()
    leases.hold(incident, by=first)
    Lease.objects.update(until=timezone.now() + timedelta(seconds=30))
    signed_in(second).post(f"/desk/here/{incident.pk}/")
    assert Lease.objects.get().until < timezone.now() + timedelta(minutes=1)
    signed_in(first).post(f"/desk/here/{incident.pk}/")
    assert Lease.objects.get().until > timezone.now() + timedelta(minutes=4)


def test_a_step_keeps_it_and_giving_it_back_ends_it():
    first, _second = colleagues()
    incident = walking.opened()
    walking.take(incident, "claim", first)
    Lease.objects.update(until=timezone.now() + timedelta(seconds=30))
    walking.take(incident, "grade", first, severity=3)
    assert Lease.objects.get().until > timezone.now() + timedelta(minutes=4)
    walking.take(incident, "release", first)
    assert not Lease.objects.exists()


def test_a_lease_blocks_no_save():
    first, second = colleagues()
    incident = walking.opened()
    leases.hold(incident, by=first)
    assert walking.take(incident, "grade", second, severity=3).severity == 3


def test_a_colleague_takes_over_only_what_was_left():
    first, second = colleagues()
    incident = walking.take(walking.opened(), "claim", first)
    with pytest.raises(WrongState, match=first.username):
        walking.take(incident, "claim", second)
    with pytest.raises(WrongState, match="already"):
        walking.take(incident, "claim", first)
    idle()
    assert walking.take(incident, "claim", second).assignee == second
    assert leases.other_holder(incident, by=first) == second


def test_who_lost_the_role_lost_the_lease():
    first, second = colleagues()
    incident = walking.take(walking.opened(), "claim", first)
    assert leases.others(by=second) == {incident.pk: first.username}
    Membership.objects.filter(user=first).update(ends=timezone.now() - timedelta(seconds=1))
    assert leases.others(by=second) == {}
    assert walking.take(incident, "claim", second).assignee == second


def test_nobody_learns_who_is_at_a_sealed_report():
    security, coordinator = walking.person("security"), walking.person("coordinator")
    sealed = walking.filed_report(audience="security_only")
    signed_in(security).get(f"/desk/reports/{sealed.pk}/")
    assert security.username not in signed_in(coordinator).get("/desk/").content.decode()
    assert signed_in(coordinator).get(f"/desk/here/{sealed.pk}/").status_code == 404


def test_the_page_says_that_somebody_changed_it():
    first, second = colleagues()
    incident = walking.opened()
    asked = f"/desk/here/{incident.pk}/?mark={incident.version}"
    assert "changed since" not in signed_in(second).get(asked).content.decode()
    walking.take(incident, "grade", first, severity=3)
    assert "changed since" in signed_in(second).get(asked).content.decode()
    assert Incident.objects.get(pk=incident.pk).version > incident.version
