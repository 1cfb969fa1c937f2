"""An invitation makes one phone, once, for a person somebody looks after."""

import threading
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connections
from django.utils import timezone

from observers import enrolling, keys
from observers.models import Device, Enrolment
from tests.factories import ElectionFactory, TeamFactory, member


def new_key():
    return keys.to_text(keys.point_of(ec.generate_private_key(keys.CURVE).public_key()))


@pytest.fixture
def election(db):
    return ElectionFactory()


@pytest.fixture
def coordinator(election):
    return member("coordinator", election)


@pytest.fixture
def observer(election):
    return member("observer", election)


def invited(coordinator, observer, election, **more):
    return enrolling.invite(by=coordinator, user=observer, election=election, **more)


def test_an_invitation_becomes_a_phone_once(coordinator, observer, election):
    made, secret = invited(coordinator, observer, election)
    assert len(secret) == 26
    assert secret not in made.secret_hash
    assert keys.sealing_key(election).id
    device, created = enrolling.redeem(secret, public_key=new_key(), label="Nokia")
    assert created
    assert (device.user, device.election, device.label) == (observer, election, "Nokia")
    with pytest.raises(enrolling.NotValid):
        enrolling.redeem(secret, public_key=new_key(), label="")
    assert Device.objects.count() == 1


def test_a_phone_that_missed_the_answer_asks_again(coordinator, observer, election):
    secret, key = invited(coordinator, observer, election)[1], new_key()
    first, _made = enrolling.redeem(secret, public_key=key, label="")
    assert enrolling.redeem(secret, public_key=key, label="") == (first, False)
    Device.objects.update(revoked_at=timezone.now())
    with pytest.raises(enrolling.NotValid):
        enrolling.redeem(secret, public_key=key, label="")


def test_it_may_be_typed_as_people_type(coordinator, observer, election):
    secret = invited(coordinator, observer, election)[1]
    typed = f"  {enrolling.in_groups(secret).lower().replace('0', 'o').replace('1', 'l')}\n"
    typed = typed.replace("-", " – ", 1).replace("a", "а").replace("t", "Т")
    assert enrolling.redeem(typed, public_key=new_key())[1]


@pytest.mark.parametrize("secret", ["", "0" * 26, "\x00", "\ud800", "9" * 100_000, "ﷺ" * 300])
def test_guesses_are_refused_alike(coordinator, observer, election, secret):
    invited(coordinator, observer, election)
    with pytest.raises(enrolling.NotValid):
        enrolling.redeem(secret, public_key=new_key())


def _expire(observer):
    Enrolment.objects.update(expires_at=timezone.now())


def _revoke(observer):
    Enrolment.objects.update(revoked_at=timezone.now())


def _close(observer):
    observer.is_active = False
    observer.save()


def _end(observer):
    observer.memberships.update(ends=timezone.now())


@pytest.mark.parametrize("happens", [_expire, _revoke, _close, _end])
def test_what_is_over_makes_no_phone(coordinator, observer, election, happens):
    secret = invited(coordinator, observer, election)[1]
    happens(observer)
    with pytest.raises(enrolling.NotValid):
        enrolling.redeem(secret, public_key=new_key())
    assert not Device.objects.exists()


@pytest.mark.parametrize("key", ["", "AAAA", "=", "A" * 87, "\ud800", "B" * 100_000])
def test_a_key_that_is_none_spends_nothing(coordinator, observer, election, key):
    secret = invited(coordinator, observer, election)[1]
    with pytest.raises(ValueError, match="P-256"):
        enrolling.redeem(secret, public_key=key)
    assert enrolling.redeem(secret, public_key=new_key())[1]


def test_two_phones_and_no_third(coordinator, observer, election):
    for _phone in range(2):
        enrolling.redeem(invited(coordinator, observer, election)[1], public_key=new_key())
    with pytest.raises(enrolling.EnoughPhones):
        invited(coordinator, observer, election)
    first = Device.objects.first()
    Device.objects.filter(pk=first.pk).update(revoked_at=timezone.now())
    secret = invited(coordinator, observer, election)[1]
    Device.objects.filter(pk=first.pk).update(revoked_at=None)
    with pytest.raises(enrolling.EnoughPhones):
        enrolling.redeem(secret, public_key=new_key())
    # An old phone's plain page is no phone.
    page, _made = enrolling.redeem(secret, kind=Device.Kind.BROWSER, session_key="abc")
    assert (page.kind, page.public_key) == ("browser", "")


def test_a_new_invitation_ends_the_one_before(coordinator, observer, election):
    first, second = (invited(coordinator, observer, election)[1] for _time in range(2))
    with pytest.raises(enrolling.NotValid):
        enrolling.redeem(first, public_key=new_key())
    assert enrolling.redeem(second, public_key=new_key())[1]


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(hours=73), timedelta(-1)])
def test_no_invitation_lives_long(coordinator, observer, election, lifetime):
    with pytest.raises(ValueError, match="72 hours"):
        invited(coordinator, observer, election, lifetime=lifetime)


@pytest.mark.parametrize("role", ["observer", "editor", "partner", "admin"])
def test_who_looks_after_nobody_invites_nobody(observer, election, role):
    with pytest.raises(enrolling.NotYours):
        invited(member(role, election), observer, election)


def test_nobody_invites_elsewhere_or_who_does_not_go_out(coordinator, observer, election):
    with pytest.raises(enrolling.NotYours):
        invited(member("security", ElectionFactory()), observer, election)
    with pytest.raises(enrolling.NotYours):
        invited(coordinator, member("editor", election), election)
    assert invited(member("security", election), coordinator, election)


def test_who_leads_a_team_invites_that_team(election):
    team = TeamFactory()
    leader = member("coordinator", election, team=team)
    assert invited(leader, member("observer", election, team=team), election)
    with pytest.raises(enrolling.NotYours):
        invited(leader, member("observer", election), election)


@pytest.mark.django_db(transaction=True)
def test_twelve_at_once_make_one_phone():
    election = ElectionFactory()
    observer = member("observer", election)
    _row, secret = invited(member("security", election), observer, election)
    together, made = threading.Barrier(12), []

    def redeem():
        together.wait()
        try:
            made.append(enrolling.redeem(secret, public_key=new_key()))
        except enrolling.NotValid:
            made.append(None)
        finally:
            connections.close_all()

    phones = [threading.Thread(target=redeem) for _phone in range(12)]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()
    assert len(made) == 12
    assert sum(one is not None for one in made) == 1
    assert Device.objects.count() == 1
