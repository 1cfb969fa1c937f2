"""Visits follow from check-ins, whatever the order in which the network lets them through."""

import datetime as dt
import itertools
import threading
import uuid

import pytest
from django.db import connections
from django.utils import timezone

from observers import visiting
from observers.models import CheckIn, Visit
from tests.factories import StationFactory, member
from tests.walking import the_election

pytestmark = pytest.mark.django_db
EIGHT = dt.datetime(2021, 1, 10, 2, 0, tzinfo=dt.UTC)


def minutes(count):
    return EIGHT + dt.timedelta(minutes=count)


@pytest.fixture
def station():
    """A polling station by its number, the same one each time."""
    election, made = the_election(), {}

    def numbered(number):
        if number not in made:
            made[number] = StationFactory(
                election=election, region=election.stations.first().region, number=number
            )
        return made[number]

    return numbered


def say(user, kind, at, *, station=None, typed="", item=None, **more):
    return visiting.check_in(
        id=item or uuid.uuid4(),
        user=user,
        election=the_election(),
        kind=kind,
        station=station,
        station_as_typed=typed,
        at=minutes(at),
        sha256="0" * 64,
        **more,
    )


def told(user):
    """Station (or words), arrival and departure in minutes after eight."""
    rows = Visit.objects.filter(user=user).order_by("arrived_at")
    return [
        (
            row.station.number if row.station else row.station_as_typed,
            (row.arrived_at - EIGHT).total_seconds() / 60,
            (row.left_at - EIGHT).total_seconds() / 60 if row.left_at else None,
        )
        for row in rows
    ]


def test_a_day_told_in_every_order_is_the_same_day(station):
    """Two visits to one station, one to another, an arrival said twice, an unknown station."""
    day = [
        ("arrived", 0, {"station": station("11")}),
        ("arrived", 30, {"station": station("11")}),
        ("well", 40, {}),
        ("arrived", 60, {"station": station("12")}),
        ("left", 90, {}),
        ("arrived", 120, {"typed": "Школа №5"}),
    ]
    expected = [("11", 0, 60), ("12", 60, 90), ("Школа №5", 120, None)]
    ids = [uuid.uuid4() for _one in day]
    for number, order in enumerate(itertools.permutations(range(len(day)))):
        if number % 29:  # every 29th of 720
            continue
        user = member("observer", the_election())
        for place in order:
            kind, at, more = day[place]
            say(user, kind, at, item=uuid.uuid5(ids[place], str(number)), **more)
        assert told(user) == expected, order
        homeless = CheckIn.objects.filter(user=user, visit=None)
        assert not homeless.exists(), order


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (("left", 20, {}), [("11", 0, 20)]),
        (("left", 20, {"typed": "another one"}), [("11", 0, 20)]),
        (("well", 20, {}), [("11", 0, None)]),
        (("sos", 20, {}), [("11", 0, None)]),
        (("arrived", 20, {}), [("11", 0, None)]),  # names no place
        (("left", 0, {}), [("11", 0, 0)]),
    ],
)
def test_what_a_check_in_does_to_the_visit(station, later, expected):
    user = member("observer", the_election())
    say(user, "arrived", 0, station=station("11"))
    kind, at, more = later
    say(user, kind, at, **more)
    assert told(user) == expected


def test_the_same_one_twice_and_one_from_a_locked_phone_change_nothing(station):
    user = member("observer", the_election())
    first = say(user, "arrived", 0, station=station("11"))
    again = say(user, "left", 50, station=station("12"), item=first.pk)
    assert (again.pk, again.kind) == (first.pk, "arrived")
    seized = say(user, "arrived", 60, station=station("12"), quarantined=True)
    assert seized.visit is None
    assert told(user) == [("11", 0, None)]
    assert CheckIn.objects.filter(user=user).count() == 2


def test_nobody_arrives_in_the_future_and_long_words_are_kept_short(station):
    user = member("observer", the_election())
    said = visiting.check_in(
        id=uuid.uuid4(),
        user=user,
        election=the_election(),
        kind="arrived",
        station_as_typed="x" * 5000,
        at=timezone.now() + dt.timedelta(days=400),
        sha256="0" * 64,
    )
    assert said.at <= timezone.now()
    assert len(said.station_as_typed) == 200
    assert said.visit is not None


@pytest.mark.django_db(transaction=True)
def test_two_at_once_open_one_visit(station):
    """Both phones of one observer say it in the same second."""
    user, place = member("observer", the_election()), station("11")
    same = uuid.uuid4()
    barrier, failures = threading.Barrier(4), []

    def arrive(item):
        barrier.wait()
        try:
            say(user, "arrived", 0, station=place, item=item)
        except Exception as error:  # noqa: BLE001 - told by the assertion
            failures.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=arrive, args=(item,))
        for item in (same, same, uuid.uuid4(), uuid.uuid4())
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert told(user) == [("11", 0, None)]
    assert CheckIn.objects.filter(user=user).count() == 3


def test_one_more_check_in_costs_the_same_on_a_long_day(station):
    """Only what lies since the visit before it is told anew."""
    user = member("observer", the_election())
    now = timezone.now()

    def well(minute):
        visiting.check_in(
            id=uuid.uuid4(), user=user, election=the_election(), kind="well",
            at=now - dt.timedelta(minutes=minute), sha256="0" * 64,
        )  # fmt: skip

    def arrive(minute, place):
        visiting.check_in(
            id=uuid.uuid4(), user=user, election=the_election(), kind="arrived",
            at=now - dt.timedelta(minutes=minute), sha256="0" * 64, station_as_typed=place,
        )  # fmt: skip

    for hour in range(6):
        arrive(500 - 60 * hour, f"school {hour}")
        for minute in range(5):
            well(490 - 60 * hour - minute)
    told = []
    tell, visiting._tell = visiting._tell, lambda said: told.append(said) or tell(said)
    try:
        well(1)
    finally:
        visiting._tell = tell
    assert len(told[0]) == 7  # the last arrival and what came after it, this one among them
    assert Visit.objects.filter(user=user).count() == 6
    assert Visit.objects.get(user=user, left_at=None).station_as_typed == "school 5"
