"""Which incidents are suggested for a report, and what counts as sent twice."""

import uuid
from datetime import UTC, datetime, timedelta
from math import asin, atan2, cos, degrees, radians, sin

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elections.folding import fold
from elections.models import Station
from incidents import nearness, steps
from incidents.duplicates import candidates, double_sends
from incidents.models import Incident, Report, ReportLink
from observers.models import Device
from observers.roles import Role
from tests.contracts.stage import build_stage

NOON = datetime(2021, 1, 10, 6, tzinfo=UTC)  # in Almaty
HERE = (43.238, 76.889)
ONE_DEGREE_M = 111_195.08


@pytest.fixture
def stage(db):
    return build_stage("double")


def north(metres: float) -> dict[str, float]:
    return {"latitude": HERE[0] + metres / ONE_DEGREE_M, "longitude": HERE[1]}


def incident(stage, *, regions=(), reports=(), **facts) -> Incident:
    made = Incident.objects.create(
        ref=f"DOUBLE-{uuid.uuid4().hex[:5].upper()}",
        election=stage.election,
        **{"title": "Title", "category": "ACC01", "occurred_start": NOON} | facts,
    )
    made.regions.set(regions)
    for report in reports:
        link(made, report, stage)
    return made


def link(row, report, stage):
    ReportLink.objects.create(incident=row, report=report, linked_by=stage.people["coordinator"])


def report(stage, **facts) -> Report:
    plain = {"category": "ACC01", "text": "Not let in.", "occurred_start": NOON, **facts}
    return Report.objects.create(
        ref=f"DOUBLE-{uuid.uuid4().hex[:5].upper()}",
        election=stage.election,
        channel="api",
        sha256="",
        search=fold(plain["text"]),
        **{"author": stage.people["observer"]} | plain,
    )


def second_station(stage, **at):
    return Station.objects.create(
        election=stage.election, region=stage.city, commission="KZ-ALA", number="8", **at
    )


def offered(stage, row, by="coordinator", **kwargs):
    return candidates(row, by=stage.people[by], **kwargs)


def refs(stage, row, **kwargs):
    return [candidate.incident.ref for candidate in offered(stage, row, **kwargs)]


# --- Place -----------------------------------------------------------------------------------


def test_the_same_station_comes_before_the_neighbourhood_and_another_station_last(stage):
    stage.station.latitude, stage.station.longitude = HERE
    stage.station.save()
    same = incident(stage, station=stage.station)
    near = incident(stage, **north(80))
    farther = incident(stage, **north(480))
    next_door = incident(stage, station=second_station(stage, **north(5)))
    incident(stage, **north(520))
    found = offered(stage, report(stage, station=stage.station))
    assert [c.incident for c in found] == [same, near, farther, next_door]
    assert [c.metres for c in found] == [None, 80, 480, 5]
    assert found[0].why == ["same_station", "same_group", "same_category", "minutes_apart"]
    assert [c.mergeable for c in found] == [True, True, True, False]
    assert "different_station" in found[3].why
    assert "near_m" in found[3].why


def test_a_region_is_place_enough_only_when_neither_side_names_a_finer_one(stage):
    in_words = incident(stage, regions=[stage.city, stage.other_region])
    incident(stage, regions=[stage.city], station=stage.station)
    incident(stage, regions=[stage.city], **north(0))
    incident(stage, regions=[stage.other_region])
    incident(stage)
    found = offered(stage, report(stage, region=stage.city))
    assert [c.incident for c in found] == [in_words]
    assert "same_region" in found[0].why
    assert refs(stage, report(stage, region=stage.city, station=second_station(stage))) == []
    assert refs(stage, report(stage)) == []


def test_an_incident_s_own_point_counts_before_that_of_its_station(stage):
    stage.station.latitude, stage.station.longitude = HERE
    stage.station.save()
    incident(stage, station=stage.station, **north(2000))
    assert refs(stage, report(stage, **north(0))) == []
    moved = incident(stage, station=second_station(stage, **north(2000)), **north(10))
    assert refs(stage, report(stage, **north(0))) == [moved.ref]


@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    bearing=st.floats(0, 6.283),
    metres=st.floats(0, 500),
)
def test_the_box_holds_every_point_within_reach(latitude, longitude, bearing, metres):
    """Poles and the date line too."""
    arc, lat, lon = metres / nearness.EARTH_M, radians(latitude), radians(longitude)
    there = asin(max(-1.0, min(1.0, sin(lat) * cos(arc) + cos(lat) * sin(arc) * cos(bearing))))
    turn = atan2(sin(bearing) * sin(arc) * cos(lat), cos(arc) - sin(lat) * sin(there))
    other = (degrees(there), (degrees(lon + turn) + 540) % 360 - 180)
    assert nearness.metres_between((latitude, longitude), other) == pytest.approx(metres, abs=1)
    assert holds(nearness.around((latitude, longitude), 500), *other)


def holds(condition, latitude, longitude) -> bool:
    """Evaluate a condition on latitude and longitude without a database."""
    told = {"latitude": latitude, "longitude": longitude}
    checks = {
        "range": lambda value, bounds: bounds[0] <= value <= bounds[1],
        "gte": lambda value, bound: value >= bound,
        "lte": lambda value, bound: value <= bound,
    }
    answers = []
    for child in condition.children:
        if isinstance(child, tuple):
            name, _, lookup = child[0].partition("__")
            answers.append(checks[lookup](told[name], child[1]))
        else:
            answers.append(holds(child, latitude, longitude))
    return all(answers) if condition.connector == "AND" else any(answers)


# --- Time ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "minutes"),
    [
        ({"occurred_start": NOON + timedelta(minutes=90)}, 90),
        ({"occurred_start": NOON + timedelta(minutes=91)}, None),
        ({"occurred_start": NOON - timedelta(minutes=90)}, 90),
        ({"occurred_start": NOON - timedelta(minutes=91)}, None),
        ({"occurred_start": NOON - timedelta(hours=9), "occurred_end": NOON}, 0),
        ({"occurred_start": NOON - timedelta(hours=9), "occurred_precision": "range"}, 0),
        ({"occurred_start": NOON - timedelta(hours=9), "occurred_precision": "part_of_day"}, 60),
        ({"occurred_start": NOON - timedelta(hours=9), "occurred_precision": "day"}, 0),
        ({"occurred_start": None, "occurred_end": NOON - timedelta(minutes=40)}, 40),
        ({"occurred_start": None, "occurred_end": NOON - timedelta(hours=2)}, None),
        ({"occurred_start": None, "occurred_end": NOON + timedelta(hours=9)}, 0),
    ],
)
def test_ninety_minutes_lie_between_the_nearest_ends(stage, facts, minutes):
    incident(stage, station=stage.station, **facts)
    found = offered(stage, report(stage, station=stage.station))
    assert [c.minutes for c in found] == ([] if minutes is None else [minutes])


def test_without_a_time_it_is_of_the_same_day_or_still_at_work(stage):
    week_ago = NOON - timedelta(days=7)
    undated = {"station": stage.station, "occurred_start": None}
    at_work = incident(stage, opened_at=week_ago, status="parked", **undated)
    of_the_day = incident(stage, opened_at=NOON, status="closed", **undated)
    incident(stage, opened_at=week_ago, status="closed", **undated)
    found = offered(stage, report(stage, station=stage.station))
    assert {c.incident for c in found} == {at_work, of_the_day}
    assert all("time_unknown" in c.why and c.minutes is None for c in found)


def test_a_report_without_a_time_is_of_the_day_it_came_on_by_the_clocks_of_the_place(stage):
    closed = {"station": stage.station, "status": "closed"}
    late = datetime(2021, 1, 9, 18, 30, tzinfo=UTC)  # after midnight in Almaty
    today = incident(stage, occurred_start=late, **closed)
    incident(stage, occurred_start=late - timedelta(hours=1), **closed)
    row = report(stage, station=stage.station, occurred_start=None, received_at=NOON)
    assert refs(stage, row) == [today.ref]


# --- Kind ------------------------------------------------------------------------------------


def test_one_group_of_categories_or_one_side_undecided(stage):
    kinds = {
        code: incident(stage, station=stage.station, category=code)
        for code in ("ACC01", "ACC02", "OTH99", "DET01")
    }
    also = incident(stage, station=stage.station, category="DET02", categories_secondary=["ACC03"])
    found = offered(stage, report(stage, station=stage.station))
    assert {c.incident for c in found} == {kinds["ACC01"], kinds["ACC02"], kinds["OTH99"], also}
    assert found[0].incident == kinds["ACC01"]
    assert found[-1].incident == kinds["OTH99"]
    for undecided in ("", "OTH99"):
        row = report(stage, station=stage.station, category=undecided)
        assert len(offered(stage, row, limit=9)) == 5


# --- Who and what is left out ------------------------------------------------------------------


def test_merged_linked_foreign_and_hidden_incidents_are_never_offered(stage):
    row = report(stage, station=stage.station)
    survivor = incident(stage, station=stage.station, reports=[row])
    incident(stage, station=stage.station, status="merged", merged_into=survivor)
    abroad = build_stage("abroad")
    Incident.objects.create(
        ref="ABROAD-1", election=abroad.election, category="ACC01", occurred_start=NOON,
        station=stage.station,
    )  # fmt: skip
    assert refs(stage, row) == []
    seen = incident(stage, station=stage.station, regions=[stage.city])
    assert refs(stage, row) == [seen.ref]
    elsewhere = stage.person(Role.COORDINATOR, "elsewhere", regions=[stage.other_region])
    assert candidates(row, by=elsewhere) == []
    assert candidates(row, by=stage.people["observer"]) == []
    assert candidates(row, by=abroad.people["coordinator"]) == []


# --- Words -----------------------------------------------------------------------------------


def test_words_decide_between_equals_in_whatever_spelling(stage):
    plain = incident(stage, station=stage.station, opened_at=NOON)
    kazakh = report(stage, text="Бақылаушыны учаскеден күштеп шығарды")
    alike = incident(stage, station=stage.station, opened_at=NOON, reports=[kazakh])
    newest = incident(stage, station=stage.station)
    # A Russian keyboard, another case and another ending.
    row = report(stage, station=stage.station, text="БАКЫЛАУШЫЛАРДЫ учаскедeн КУШТЕП шыгарып")
    found = offered(stage, row)
    assert [c.incident for c in found] == [alike, newest, plain]
    assert "similar_text" in found[0].why
    assert int(found[0].score) == int(found[2].score)


def test_words_never_outweigh_place_kind_or_time(stage):
    row = report(stage, station=stage.station, text="Observers were pushed out of the hall")
    twin = report(stage, text=row.text)
    later = incident(
        stage, station=stage.station, occurred_start=NOON + timedelta(minutes=10), reports=[twin]
    )
    now = incident(stage, station=stage.station)
    assert refs(stage, row) == [now.ref, later.ref]


def test_the_words_of_a_sealed_report_say_nothing_to_those_who_may_not_read_it(stage):
    text = "Observers were pushed out of the hall"
    sealed = report(stage, text=text, audience="security_only")
    incident(stage, station=stage.station, reports=[sealed])
    incident(stage, station=stage.station)
    row = report(stage, station=stage.station, text=text)
    for by, told in (("coordinator", False), ("security", True)):
        whys = [code for c in offered(stage, row, by=by) for code in c.why]
        assert ("similar_text" in whys) is told, by


@given(
    one=st.frozensets(st.text(max_size=5), max_size=9),
    two=st.frozensets(st.text(max_size=5), max_size=9),
)
def test_likeness_is_a_share_and_the_same_from_both_sides(one, two):
    assert 0 <= nearness.likeness(one, two) == nearness.likeness(two, one) <= 1
    assert not nearness.similar(one, two - one)


# --- Everything together -----------------------------------------------------------------------

PLACES = st.sampled_from(["station", "other", "near", "far", "region", "elsewhere", "none"])
KINDS = st.sampled_from(["ACC01", "ACC02", "DET01", "OTH99", ""])
MINUTES = st.one_of(st.none(), st.integers(-200, 200))
FACTS = st.tuples(PLACES, KINDS, MINUTES, st.booleans())


def placed(stage, other, place):
    return {
        "station": {"station": stage.station},
        "other": {"station": other},
        "near": north(30),
        "far": north(3000),
        "region": {},
        "elsewhere": {},
        "none": {},
    }[place]


def expected(mine, theirs) -> bool:
    """The rule again, said otherwise. The two stations are 300 metres apart."""
    (place, kind, minutes, _), (place2, kind2, minutes2, _) = mine, theirs
    spots = {"station": 0, "other": 300, "near": 30, "far": 3000}
    if place in spots and place2 in spots:
        near = abs(spots[place] - spots[place2]) <= 500
    else:
        near = place == place2 != "none"
    undecided = {"", "OTH99"}
    alike = kind[:3] == kind2[:3] or kind in undecided or kind2 in undecided
    undated = minutes is None or minutes2 is None  # then all of it is one day
    then = undated or abs(minutes - minutes2) <= 90
    return near and alike and then


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(mine=FACTS, theirs=st.lists(FACTS, max_size=6))
def test_what_is_offered_is_what_the_rule_says(stage, mine, theirs):
    stage.station.latitude, stage.station.longitude = HERE
    stage.station.save()
    other = stage.election.stations.filter(number="8").first()
    other = other or second_station(stage, **north(300))
    ReportLink.objects.all().delete()
    Incident.regions.through.objects.all().delete()
    Incident.objects.all().delete()

    def facts(place, kind, minutes):
        when = None if minutes is None else NOON + timedelta(minutes=minutes)
        return {"category": kind, "occurred_start": when} | placed(stage, other, place)

    region = {"region": stage.city, "elsewhere": stage.other_region}
    rows = {}
    for place, kind, minutes, at_work in theirs:
        row = incident(
            stage,
            status="open" if at_work else "closed",
            opened_at=NOON,
            regions=[region[place]] if place in region else [],
            **facts(place, kind, minutes),
        )
        rows[row.ref] = (place, kind, minutes, at_work)
    place, kind, minutes, _at_work = mine
    asked = report(
        stage, received_at=NOON, region=region.get(place), **facts(place, kind, minutes)
    )
    found = offered(stage, asked, limit=10)
    assert {c.incident.ref for c in found} == {
        ref for ref, their in rows.items() if expected(mine, their)
    }
    for c in found:
        stations = {place, rows[c.incident.ref][0]}
        assert c.mergeable is (stations != {"station", "other"})
        assert ("minutes_apart" in c.why) is (c.minutes is not None)
        assert ("near_m" in c.why) is (c.metres is not None)
    assert [c.mergeable for c in found] == sorted((c.mergeable for c in found), reverse=True)
    mergeable = [c.score for c in found if c.mergeable]
    assert mergeable == sorted(mergeable, reverse=True)
    assert found[:5] == offered(stage, asked)


def test_the_number_of_queries_does_not_grow(stage):
    stage.station.latitude, stage.station.longitude = HERE
    stage.station.save()
    row = report(stage, station=stage.station, region=stage.city)

    def queries():
        fresh = Report.objects.get(pk=row.pk)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            found = candidates(fresh, by=stage.people["coordinator"])
        return len(captured), len(found)

    for _ in range(2):
        told = [report(stage) for _ in range(2)]
        incident(stage, station=stage.station, regions=[stage.city], reports=told)
    few, two = queries()
    for _ in range(12):
        told = [report(stage) for _ in range(3)]
        incident(stage, station=stage.station, regions=[stage.city], reports=told)
    assert queries() == (few, 5)
    assert (two, few <= 14) == (2, True)


# --- Sent twice --------------------------------------------------------------------------------


def twice(stage, row, by="coordinator"):
    return double_sends(row, by=stage.people[by])


def sent(stage, minutes=0.0, **facts):
    plain = {"text": "Они не пустили нас на участок №5.", "region": stage.city}
    return report(stage, received_at=NOON + timedelta(minutes=minutes), **plain | facts)


def test_the_same_words_within_ten_minutes_are_a_double_send(stage):
    first, row = sent(stage), sent(stage, 4, text="они  НЕ пустили нас на участок № 05.")
    third = sent(stage, 14)
    assert twice(stage, row) == [first, third]
    assert twice(stage, first) == twice(stage, third) == [row]


def test_what_differs_is_no_double_send(stage):
    row = sent(stage)
    sent(stage, 1, text="Они пустили нас на участок №5.")
    sent(stage, 1, author=stage.people["pair_observer"])
    sent(stage, 1, category="DET01")
    sent(stage, 1, region=stage.other_region)
    sent(stage, 1, state="dismissed")
    sent(stage, 10.1)
    sent(stage, -10.1)
    assert twice(stage, row) == []
    less = sent(stage, 1, category="", region=None)
    assert twice(stage, row) == [less]


def test_a_device_that_two_people_use_is_one_sender(stage):
    device = Device.objects.create(user=stage.people["observer"], label="phone", public_key="")
    row = sent(stage, device=device)
    other = sent(stage, 1, device=device, author=stage.people["pair_observer"])
    assert twice(stage, row) == [other]


def test_a_follow_up_is_never_called_a_double_send(stage):
    row = sent(stage)
    more = sent(stage, 1, follow_up_of=row.pk, follow_up_kind="addition")
    assert twice(stage, row) == twice(stage, more) == []


def test_two_places_without_a_word_are_two_reports(stage):
    row = sent(stage, text="", station=stage.station)
    sent(stage, 1, text="", station=second_station(stage))
    sent(stage, 1, text="", station=stage.station, persons_min=3)
    assert twice(stage, row) == []
    again = sent(stage, 2, text="", station=stage.station)
    assert twice(stage, row) == [again]


def test_a_sealed_twin_is_shown_to_security_alone(stage):
    row = sent(stage)
    sealed = sent(stage, 1, audience="security_only")
    assert twice(stage, row) == []
    assert twice(stage, row, by="security") == [sealed]


def test_one_of_two_can_be_dismissed_and_is_then_offered_no_more(stage):
    first, second = stage.file(region="KZ-ALA"), stage.file(region="KZ-ALA")
    assert twice(stage, second) == [first]
    assert first.received_at <= timezone.now()
    steps.take_on_report(
        second, "dismiss", by=stage.people["coordinator"], channel="page", reason="Sent twice."
    )
    assert twice(stage, first) == []
    assert twice(stage, Report.objects.get(pk=second.pk)) == []


TOLD = st.tuples(
    st.sampled_from(["a b", "A  B", "c"]),
    st.integers(-12, 12),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["received", "linked", "quarantined", "dismissed"]),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=st.lists(TOLD, min_size=1, max_size=6))
def test_double_sends_are_mutual_and_as_the_rule_says(stage, told):
    author = stage.person(Role.OBSERVER, f"author-{uuid.uuid4().hex}")
    rows = []
    for text, minutes, own, follows, state in told:
        who = author if own else stage.people["other_observer"]
        follow = {"follow_up_of": uuid.uuid4(), "follow_up_kind": "addition"} if follows else {}
        rows.append(sent(stage, minutes, text=text, author=who, state=state, **follow))
    for one, mine in zip(rows, told, strict=True):
        found = {row.pk for row in twice(stage, one)} & {row.pk for row in rows}
        assert found == {
            two.pk
            for two, their in zip(rows, told, strict=True)
            if two is not one
            and fold(mine[0]) == fold(their[0])
            and abs(mine[1] - their[1]) <= 10
            and mine[2] == their[2]
            and not (mine[3] or their[3])
            and "dismissed" not in (mine[4], their[4])
        }
