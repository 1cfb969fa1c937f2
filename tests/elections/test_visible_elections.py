from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from elections import models
from elections.models import Contestant, Election, Station
from tests.factories import ElectionFactory, MembershipFactory, StationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def real():
    return ElectionFactory()


@pytest.fixture
def rehearsal():
    return ElectionFactory(is_rehearsal=True)


def test_strangers_see_real_elections_only(real, rehearsal):
    for stranger in (AnonymousUser(), UserFactory()):
        assert Election.objects.visible_to(stranger).get() == real


def test_who_takes_part_sees_the_rehearsal_once(real, rehearsal):
    user = MembershipFactory(election=rehearsal, role="observer").user
    MembershipFactory(election=rehearsal, role="editor", user=user)
    assert sorted(Election.objects.visible_to(user), key=str) == sorted([real, rehearsal], key=str)


def test_a_membership_that_is_over_shows_no_rehearsal(rehearsal):
    now = timezone.now()
    over = MembershipFactory(election=rehearsal, ends=now - timedelta(hours=1)).user
    not_yet = MembershipFactory(election=rehearsal, starts=now + timedelta(hours=1)).user
    for user in (over, not_yet):
        assert not Election.objects.visible_to(user)


def test_a_locked_account_sees_no_rehearsal(rehearsal):
    user = MembershipFactory(election=rehearsal).user
    user.is_active = False
    user.save()
    assert not Election.objects.visible_to(user)


def test_what_belongs_to_a_rehearsal_is_as_hidden_as_it(rehearsal):
    StationFactory(election=rehearsal)
    Contestant.objects.create(election=rehearsal, kind="party", status="registered", name_en="P")
    for model in (Station, Contestant):
        assert not model.objects.visible_to(AnonymousUser())
        assert model.objects.visible_to(MembershipFactory(election=rehearsal).user).exists()


def test_every_model_says_who_sees_it():
    for name in models.__all__:
        assert list(getattr(models, name).objects.visible_to(AnonymousUser())) == []


def test_the_newest_election_comes_first(real):
    later, undated = ElectionFactory(), ElectionFactory()
    real.poll_days.create(date="2021-01-10")
    later.poll_days.create(date="2023-03-19")
    later.poll_days.create(date="2023-03-20")
    assert list(Election.objects.newest_first()) == [later, real, undated]
