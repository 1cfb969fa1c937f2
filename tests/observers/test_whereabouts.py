"""Whom nobody has heard of, and how much of the election the observers have seen."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from elections.models import Station
from observers import visiting, whereabouts
from observers.models import CheckIn, Device, SafetyCase
from tests.factories import RegionFactory, TeamFactory, member
from tests.walking import filed_report, person, region, the_election

pytestmark = pytest.mark.django_db
HOUR = 60


@pytest.fixture(autouse=True)
def _an_hour(settings):
    settings.CHECK_IN_MINUTES = HOUR


def station(number, code="KZ-ALA"):
    election = the_election()
    return Station.objects.get_or_create(
        election=election, region=region(code), commission=code, number=number
    )[0]


def say(user, kind, ago, **more):
    more.setdefault("election", the_election())
    return visiting.check_in(
        id=uuid.uuid4(),
        user=user,
        kind=kind,
        at=timezone.now() - dt.timedelta(minutes=ago),
        sha256="0" * 64,
        **more,
    )


def missed(user):
    return [one.user for one in whereabouts.missed(user)]


def test_the_longest_silence_comes_first_with_team_place_and_phone():
    election, boss = the_election(), person("coordinator")
    team = TeamFactory(name="Falcon")
    quiet = member("observer", election, team=team)
    quieter, fresh = member("observer", election), member("observer", election)
    Device.objects.create(user=quiet, label="red phone, +7 700")
    Device.objects.create(user=quiet, label="old one", revoked_at=timezone.now())
    say(quiet, "arrived", 90, station=station("11"), team=team)
    say(quieter, "arrived", 300, station_as_typed="school 5")
    say(fresh, "arrived", 50, station=station("11"))
    first, second = whereabouts.missed(boss)
    assert (first.user, second.user) == (quieter, quiet)
    assert (second.team, second.phones, second.locked) == ("Falcon", ["red phone, +7 700"], False)
    assert (second.where.station.number, first.where.station_as_typed) == ("11", "school 5")
    assert dt.timedelta(minutes=89) < second.silent < dt.timedelta(minutes=91)


def closed(user, ago):
    moment = timezone.now() - dt.timedelta(minutes=ago)
    election = the_election()
    SafetyCase.objects.create(
        election=election, user=user, trigger="missed", closed_at=moment, outcome="At home."
    )


NOW = timezone.now
SIGNS = {
    "nothing": (True, lambda user: None),
    "checks in": (False, lambda user: say(user, "well", 10)),
    "checks in on a locked phone": (True, lambda user: say(user, "well", 10, quarantined=True)),
    "files a report": (False, lambda user: filed_report(by=user)),
    "files a sealed report": (
        True,
        lambda user: filed_report(by=user, audience="security_only"),
    ),
    "phone in touch": (
        False,
        lambda user: Device.objects.create(user=user, last_seen_at=NOW()),
    ),
    "locked phone in touch": (
        True,
        lambda user: Device.objects.create(user=user, last_seen_at=NOW(), revoked_at=NOW()),
    ),
    "membership ended": (False, lambda user: user.memberships.update(ends=NOW())),
    "locked": (True, lambda user: type(user).objects.filter(pk=user.pk).update(is_active=False)),
    "case open": (
        False,
        lambda user: SafetyCase.objects.create(
            election=the_election(), user=user, trigger="missed"
        ),
    ),
    "case closed since": (False, lambda user: closed(user, 10)),
    "case closed before": (True, lambda user: closed(user, 24 * HOUR)),
}


@pytest.mark.parametrize("what", SIGNS)
def test_what_counts_as_a_sign_of_life(what):
    user = member("observer", the_election())
    say(user, "arrived", 90, station=station("11"))
    filed_report(by=member("observer", the_election()))  # of somebody else: nobody's sign
    is_missed, happens = SIGNS[what]
    happens(user)
    assert (user in missed(person("security"))) is is_missed


def test_who_left_is_missed_the_same_day_and_a_rehearsal_misses_nobody():
    election, boss = the_election(), person("coordinator")
    home, gone = member("observer", election), member("observer", election)
    say(home, "arrived", 3 * 24 * HOUR, station=station("11"))
    say(home, "left", 2 * 24 * HOUR + HOUR, station=station("11"))
    say(gone, "arrived", 2 * 24 * HOUR, station=station("11"))
    assert missed(boss) == [gone]  # still there, as far as anybody knows
    election.is_rehearsal = True
    election.save()
    assert missed(boss) == []


@pytest.mark.parametrize(
    ("ago", "is_missed"),
    [(90, True), (9 * HOUR, True), (23 * HOUR, False)],
    ids=["before midnight", "in the night", "the evening before"],
)
def test_midnight_ends_nobodys_day(monkeypatch, ago, is_missed):
    """At half past midnight in Almaty, whoever said "well" at eleven is missed as at noon."""
    half_past = dt.datetime(2026, 3, 15, 19, 30, tzinfo=dt.UTC)  # 00:30 on the 16th there
    monkeypatch.setattr(timezone, "now", lambda: half_past)
    user = member("observer", the_election())
    say(user, "well", ago)
    assert missed(person("security")) == [user] * is_missed


def test_who_never_said_that_they_left_an_old_election_is_not_looked_for():
    user, other = member("observer", the_election()), member("observer", the_election())
    say(user, "arrived", 5 * 24 * HOUR, station=station("11"))
    say(other, "arrived", 3 * 24 * HOUR, station=station("11"))
    assert missed(person("security")) == [other]


def test_each_sees_their_own_people_only():
    election = the_election()
    team = TeamFactory()
    in_team = member("observer", election, team=team)
    almaty = member("observer", election, regions=[region("KZ-ALA")])
    shymkent = member("observer", election, regions=[region("KZ-SHY")])
    district = RegionFactory(
        region_set=election.region_set, parent=region("KZ-SHY"), code="KZ-SHY-1"
    )
    below = member("observer", election, regions=[district])
    for user in (in_team, almaty, shymkent, below):
        say(user, "arrived", 90, station_as_typed="school", team=team if user == in_team else None)
    lead = member("coordinator", election, team=team)
    of_shymkent = member("coordinator", election, regions=[region("KZ-SHY")])
    assert missed(lead) == [in_team]
    # Who is sent nowhere in particular is everybody's.
    assert set(missed(of_shymkent)) == {in_team, shymkent, below}
    assert set(missed(person("coordinator"))) == {in_team, almaty, shymkent, below}
    # Who turns up in a region is seen there, wherever they were sent.
    say(almaty, "arrived", 80, station=station("3", "KZ-SHY"))
    assert almaty in missed(of_shymkent)
    for role in ("editor", "observer", "partner", "admin"):
        assert missed(person(role)) == []


def test_stations_observed_have_their_denominator():
    election = the_election()
    for code, number in (("KZ-ALA", "1"), ("KZ-ALA", "2"), ("KZ-SHY", "1")):
        station(number, code)
    one, two = member("observer", election), member("observer", election)
    say(one, "arrived", 90, station=station("1"))
    say(one, "arrived", 60, station=station("2"))
    say(two, "arrived", 50, station=station("1"))
    say(two, "left", 40)
    say(two, "arrived", 30, station_as_typed="unknown school")
    say(one, "arrived", 20, station=station("1", "KZ-SHY"), quarantined=True)
    seen = whereabouts.observed(person("coordinator"), election)
    assert (seen.visited, seen.stations, seen.present, seen.elsewhere) == (2, 4, 1, 1)
    assert [(r.code, all_, visited) for r, all_, visited in seen.regions] == [
        ("KZ-ALA", 3, 2),
        ("KZ-SHY", 1, 0),
    ]
    of_shymkent = member("coordinator", election, regions=[region("KZ-SHY")])
    theirs = whereabouts.observed(of_shymkent, election)
    assert theirs.stations == 1
    earlier = timezone.now() - dt.timedelta(minutes=70)
    assert whereabouts.observed(person("coordinator"), election, at=earlier).visited == 1
    assert {v.user for v in whereabouts.present(person("security"), election)} == {one, two}


def test_five_hundred_observers_take_as_many_queries_as_one(django_assert_max_num_queries):
    election, boss = the_election(), person("coordinator")
    for _number in range(12):
        say(member("observer", election), "arrived", 90, station=station("11"))
    with django_assert_max_num_queries(12):
        assert len(whereabouts.missed(boss)) == 12
    assert CheckIn.objects.count() == 12
