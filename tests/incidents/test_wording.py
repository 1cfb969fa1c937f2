"""What a reader is told about things nobody knows exactly, on 10 January 2021 and elsewhere."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import translation

from incidents import wording

pytestmark = pytest.mark.once

ALMATY = dt.timezone(dt.timedelta(hours=6))


def at(hour, minute=0, second=0, day=10):
    return dt.datetime(2021, 1, day, hour, minute, second, tzinfo=ALMATY)


def when(start, end, precision, zone="Asia/Almaty"):
    return wording.when(start, end, precision, zone=zone)


# --- How many ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "said", "basis", "words"),
    [
        (None, None, "dozens", "none_given", "Dozens (no total given)"),
        (None, None, "several", "none_given", "Several (no total given)"),
        (None, None, "около пятнадцати", "claimed", "Около пятнадцати (no total given)"),
        (None, None, "", "none_given", ""),
        (None, None, None, "none_given", ""),
        (1, 1, None, "claimed", "1 person, as claimed"),
        (0, 0, None, "counted", "0 people, counted"),
        (15, 22, None, "none_given", "15–22 people; sources differ"),
        (15, 22, None, "estimated", "15–22 people, estimated"),
        (15, None, None, "counted", "at least 15 people"),
        (None, 22, None, "counted", "at most 22 people"),
        (40, 40, None, "estimated", "about 40 people, estimated"),
        (1204, 1204, None, "counted", "1,204 people, counted"),
        (15, 22, "about twenty", "claimed", "15–22 people; sources differ (“about twenty”)"),
    ],
)
def test_a_number_of_people_is_told_as_it_is_known(low, high, said, basis, words):
    assert wording.persons(low, high, said, basis) == words


# --- Where ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "at_least", "words"),
    [
        (
            ["Turkestan", "Shymkent"],
            3,
            "In at least three regions, among them Turkestan and Shymkent; the third is not named",
        ),
        (
            ["Turkestan"],
            3,
            "In at least three regions, among them Turkestan; the others are not named",
        ),
        (["Turkestan", "Shymkent"], 2, "In at least two regions: Turkestan and Shymkent"),
        (["Turkestan", "Shymkent"], 1, "Turkestan and Shymkent"),
        (["A", "B", "C"], 2, "A, B and C"),
        ([], 3, "In at least three regions; none of them is named"),
        (["A"], 14, "In at least 14 regions, among them A; the others are not named"),
        (
            [str(n) for n in range(6)],
            7,
            "In at least seven regions, among them 0, 1, 2, 3, 4 and 5; one is not named",
        ),
        (["Almaty (city)"], None, "Almaty (city)"),
        ([], None, ""),
    ],
)
def test_regions_that_are_not_named_are_counted_in_words(names, at_least, words):
    assert wording.place(names, at_least) == words


def test_a_whole_country_says_that_no_place_is_named():
    told = wording.place([], None, precision="country", country="Kazakhstan")
    assert told == "Kazakhstan; no place named"


def test_a_station_is_told_with_its_commission_because_numbers_repeat():
    told = wording.place(["Almaty (city)"], station="ALA-3:128", precision="station")
    assert told == "Polling station 128, commission ALA-3, Almaty (city)"


# --- When -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "precision", "words"),
    [
        (at(11, 5), at(11, 5), "exact", "10 January 2021, 11:05 Almaty time"),
        (at(11, 5), None, "exact", "10 January 2021, 11:05 Almaty time"),
        (at(11, 5), at(14, 20), "exact", "10 January 2021, 11:05 to 14:20 Almaty time"),
        (
            at(11),
            None,
            "half_hour",
            "10 January 2021, about 11:00 Almaty time, within half an hour",
        ),
        (at(11), None, "hour", "10 January 2021, about 11:00 Almaty time, within an hour"),
        (at(11), at(11, 59, 59), "hour", "10 January 2021, between 11:00 and 12:00 Almaty time"),
        (at(11), at(14, 20), "range", "10 January 2021, between 11:00 and 14:20 Almaty time"),
        (
            at(0),
            at(23, 59, 59),
            "part_of_day",
            "10 January 2021, between 00:00 and 24:00 Almaty time",
        ),
        (at(0), at(23, 59, 59), "day", "10 January 2021; the hour is not known"),
        (at(0), None, "day", "10 January 2021; the hour is not known"),
        (
            at(0, day=9),
            at(23, 59, 59),
            "day",
            "between 9 January 2021 and 10 January 2021; the day is not known",
        ),
        (
            at(22, day=9),
            at(11),
            "range",
            "between 9 January 2021, 22:00 and 10 January 2021, 11:00 Almaty time",
        ),
        (
            None,
            at(23, 59, 59, day=9),
            "run_up",
            "in the run-up, before 10 January 2021; the day is not known",
        ),
        (None, None, "run_up", "in the run-up to the election; the day is not known"),
        (None, at(9), "range", "before 10 January 2021, 09:00 Almaty time"),
        (at(9), None, "range", "after 10 January 2021, 09:00 Almaty time"),
        (at(9), None, "part_of_day", "10 January 2021, about 09:00 Almaty time"),
        (None, None, "unknown", ""),
    ],
)
def test_a_time_is_told_as_exactly_as_it_is_known(start, end, precision, words):
    assert when(start, end, precision) == words


def test_the_clock_is_that_of_the_place_on_that_day():
    assert when(at(11), None, "exact", "Asia/Aqtobe") == "10 January 2021, 10:00 Aktobe time"
    assert when(at(11), None, "exact", "Asia/Tashkent") == "10 January 2021, 10:00 UTC+05:00"
    assert wording.utc(at(11)) == "10 January 2021, 05:00 UTC"
    assert wording.utc(None) == ""


def test_kazakhstan_had_two_clocks_that_day_and_has_one_today():
    today = dt.datetime(2025, 1, 10, 6, tzinfo=dt.UTC)
    assert when(today, None, "exact") == "10 January 2025, 11:00 Almaty time"


# --- How sure, and figures --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "one source"), (2, "2 independent sources"), (0, ""), (None, "")],
)
def test_only_sources_that_do_not_depend_on_each_other_count(count, words):
    assert wording.sources(count) == words


@pytest.mark.parametrize(
    ("value", "qualifier", "words"),
    [
        ("71.100", "exact", "71.1\xa0%"),
        ("30.000", "about", "about 30\xa0%"),
        ("75.5", "about", "about 75.5\xa0%"),
        ("7", "above", "above 7\xa0% (no figure given)"),
        ("5", "below", "below 5\xa0% (no figure given)"),
        ("100", "exact", "100\xa0%"),
        ("0", "exact", "0\xa0%"),
    ],
)
def test_a_figure_is_told_with_what_was_said_about_it(value, qualifier, words):
    assert wording.percent(Decimal(value), qualifier) == words


def test_no_figure_is_nothing_and_not_zero():
    assert wording.percent(None, "above") == ""


@pytest.mark.parametrize("level", ["reported", "corroborated", "verified", "disputed", "refuted"])
def test_every_verification_says_what_it_means(level):
    assert wording.verification_means(level).endswith(".")


def test_an_authority_that_gave_no_number_is_told_so():
    assert wording.claim({"field": "number", "value": "not given"}) == ("number", "not given")
    assert wording.claim({"field": "status", "value": "released"}) == ("status", "released")
    assert wording.claim({"field": "colour", "value": "Blue"}) == ("colour", "Blue")
    assert wording.claim({}) == ("", "")


# --- Languages --------------------------------------------------------------------------------


def test_a_text_falls_back_to_a_language_it_has_and_says_which():
    texts = {"en": "Refused", "ru": "Не пустили"}
    with translation.override("ru"):
        assert wording.in_language(texts) == ("Не пустили", "")
    with translation.override("kk"):
        assert wording.in_language(texts) == ("Refused", "en")
        assert wording.in_language({"ru": "Не пустили"}) == ("Не пустили", "ru")
    assert wording.in_language({}) == ("", "")


@pytest.mark.parametrize(
    ("start", "end", "precision", "words"),
    [
        (at(11, 5), None, "exact", "10 January 2021, 11:05"),
        (at(11, 5), None, "half_hour", "10 January 2021, about 11:05"),
        (at(11), at(14), "exact", "10 January 2021, 11:00 to 14:00 Almaty time"),
        (at(11), None, "unknown", "after 10 January 2021, 11:00 Almaty time"),
        (None, None, "exact", ""),
    ],
)
def test_a_dense_list_says_when_in_short_and_never_surer_than_it_is(start, end, precision, words):
    said = wording.when_in_short(start, end, precision, zone="Asia/Almaty")
    assert said == words
