"""What a lock takes away, and what an unlock does not give back."""

import datetime as dt

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from observers import revoking, tokens
from observers.models import Device, Enrolment
from tests.factories import member
from tests.walking import person, the_election

pytestmark = pytest.mark.django_db


def signed_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def test_a_locked_person_loses_everything_and_unlocking_gives_back_the_account_only():
    election, boss = the_election(), person("security")
    user = member("coordinator", election)
    laptop = signed_in(user)
    assert laptop.get(reverse("desk-queue")).status_code == 200
    phone = Device.objects.create(user=user, election=election)
    _token, text = tokens.create(user, name="tool", scopes=["desk"])
    Enrolment.objects.create(
        user=user,
        election=election,
        secret_hash="0" * 64,
        made_by=boss,
        expires_at=timezone.now() + dt.timedelta(minutes=15),
    )
    assert revoking.lock_person(user, by=boss) is True
    assert revoking.lock_person(user, by=boss) is False
    assert laptop.get(reverse("desk-queue")).status_code == 302
    assert tokens.find(text) is None
    phone.refresh_from_db()
    assert (phone.revoked_by, phone.revoked_at is not None) == (boss, True)
    assert not Enrolment.objects.usable().exists()

    assert revoking.unlock_person(user) is True
    assert revoking.unlock_person(user) is False
    # The cookie of a laptop that somebody else has now does not come back to life.
    assert laptop.get(reverse("desk-queue")).status_code == 302
    again = signed_in(type(user).objects.get(pk=user.pk))
    assert again.get(reverse("desk-queue")).status_code == 200
    assert tokens.find(text) is None
    assert not Enrolment.objects.usable().exists()
    assert Device.objects.filter(user=user, revoked_at=None).count() == 0


def test_what_an_administrator_closed_the_desk_does_not_open():
    user, boss = member("observer", the_election()), person("security")
    user.is_active = False
    user.save()
    revoking.lock_person(user, by=boss)
    assert revoking.unlock_person(user) is False
    user.refresh_from_db()
    assert (user.is_active, user.locked_by) == (False, None)


def test_locking_a_browser_ends_its_session_and_no_other():
    user, boss = member("observer", the_election()), person("security")
    seized, own = SessionStore(), SessionStore()
    for store in (seized, own):
        store["x"] = 1
        store.save()
    lost = Device.objects.create(user=user, kind="browser", session_key=seized.session_key)
    kept = Device.objects.create(user=user, kind="browser", session_key=own.session_key)
    assert revoking.lock_device(lost, by=boss) is True
    assert revoking.lock_device(lost, by=user) is False
    lost.refresh_from_db()
    kept.refresh_from_db()
    assert (lost.revoked_by, kept.revoked_at) == (boss, None)
    left = set(Session.objects.values_list("session_key", flat=True))
    assert (seized.session_key in left, own.session_key in left) == (False, True)


def test_a_lock_takes_no_longer_when_thousands_are_signed_in(django_assert_max_num_queries):
    user, boss = member("observer", the_election()), person("security")
    day = timezone.now() + dt.timedelta(days=1)
    Session.objects.bulk_create(
        Session(session_key=f"{n:032}", session_data="", expire_date=day) for n in range(10_000)
    )
    Device.objects.bulk_create(
        Device(user=user, kind="browser", session_key=f"{n:032}") for n in range(40)
    )
    started = timezone.now()
    with django_assert_max_num_queries(12):
        revoking.lock_person(user, by=boss)
    assert timezone.now() - started < dt.timedelta(seconds=0.5)
    assert Session.objects.count() == 9_960
