"""What a response contradicts, case by case."""

import pytest

from incidents.contradictions import Known, Statement, raised

pytestmark = pytest.mark.once


def series(*statuses):
    return {
        "status": [
            {"status": status, "as_of": f"2021-01-1{n}", "source": "official"}
            for n, status in enumerate(statuses)
        ]
    }


def of(known: dict, *responses: dict) -> list[tuple[str, str]]:
    statements = [
        Statement(
            f"office {n}",
            response.get("position", "other_explanation"),
            {about: value for about, value in response.items() if about != "position"},
        )
        for n, response in enumerate(responses)
    ]
    return [
        (str(one.kind), one.about)
        for one in raised(Known(**{"verification": "reported"} | known), statements)
    ]


HELD, FREE = {"details": series("held")}, {"details": series("held", "released_without_charge")}
AGAINST = [
    # the status
    (HELD, {"status": "released"}, [("facts", "status")]),
    (HELD, {"status": " Released  without charges "}, [("facts", "status")]),
    (HELD, {"status": "Отпущены"}, [("facts", "status")]),
    (HELD, {"status": "босатылды"}, [("facts", "status")]),
    (HELD, {"status": "ҰСТАЛЫП ОТЫР"}, []),
    (FREE, {"status": "released"}, []),  # the latest counts
    (FREE, {"status": "held"}, [("facts", "status")]),
    ({"details": series("unknown")}, {"status": "released"}, []),
    ({}, {"status": "released"}, []),
    (HELD, {"status": "we shall see"}, []),
    ({"details": series("whereabouts_unknown")}, {"status": "released"}, [("facts", "status")]),
    # the number
    ({"persons_min": 15, "persons_max": 22}, {"number": "12"}, [("facts", "number")]),
    ({"persons_min": 15, "persons_max": 22}, {"number": "22 people"}, []),
    ({"persons_min": 15, "persons_max": 22}, {"number": "10–14"}, [("facts", "number")]),
    ({"persons_min": 15, "persons_max": 22}, {"number": "20 to 30"}, []),
    ({"persons_min": 15}, {"number": "1 200"}, []),
    ({"persons_max": 15}, {"number": "1 200"}, [("facts", "number")]),
    ({"persons_min": 15}, {"number": "0"}, [("facts", "number")]),
    ({"persons_min": 15}, {"number": "dozens"}, []),
    ({"persons_min": 15}, {"number": "1, 2 or 3"}, []),
    ({"persons_min": 15}, {"number": "9" * 5000}, []),
    ({}, {"number": "3"}, []),
    # the charges
    ({"details": series("charged_held")}, {"charges": "none"}, [("facts", "charges")]),
    ({"details": {"sanction": "fine"}}, {"charges": "нет"}, [("facts", "charges")]),
    (FREE, {"charges": "charged"}, [("facts", "charges")]),
    (FREE, {"charges": "none"}, []),
    (HELD, {"charges": "none"}, []),
    # whether it happened
    ({"verification": "verified"}, {"position": "denies"}, [("facts", "position")]),
    ({"verification": "corroborated"}, {"position": "denies"}, [("facts", "position")]),
    ({"verification": "reported"}, {"position": "denies"}, []),
    ({"verification": "verified"}, {"position": "denies_responsibility"}, []),
    # what stays open
    ({}, {"number": "not given"}, [("unsettled", "number")]),
    ({}, {"number": "не названо"}, [("unsettled", "number")]),
    ({"persons_min": 12}, {"number": "not given"}, [("unsettled", "number")]),
    ({"persons_min": 12, "persons_max": 12}, {"number": "not given"}, []),
    ({}, {"scope": "all"}, [("unsettled", "scope")]),
    ({}, {"scope": "all", "number": "40"}, []),
    ({"persons_max": 40}, {"scope": "all"}, []),
    ({}, {}, []),
]


@pytest.mark.parametrize(("known", "said", "expected"), AGAINST)
def test_against_the_incident(known, said, expected):
    assert of(known, said) == expected


BETWEEN = [
    ({"status": "released"}, {"status": "held"}, ["status"]),
    ({"status": "released"}, {"status": "отпущены"}, []),
    ({"number": "12"}, {"number": "15"}, ["number"]),
    ({"number": "10-14"}, {"number": "12"}, []),
    ({"number": "12"}, {"number": "many"}, []),
    ({"charges": "none"}, {"charges": "charged"}, ["charges"]),
    ({"position": "denies"}, {"position": "acknowledges"}, ["position"]),
    ({"position": "accepts_responsibility"}, {"position": "denies"}, ["position"]),
    ({"position": "denies"}, {"position": "announces_inquiry"}, []),
]


@pytest.mark.parametrize(("one", "other", "expected"), BETWEEN)
def test_against_each_other(one, other, expected):
    assert of({}, one, other) == [("each_other", about) for about in expected]


def test_the_detentions_of_the_demo_are_not_settled():
    zapparov = {
        "position": "declines_to_answer",
        "status": "released",
        "charges": "none",
        "scope": "all",
        "number": "not given",
    }
    assert of({"verification": "disputed"}, zapparov) == [
        ("unsettled", "number"),
        ("unsettled", "scope"),
    ]


def test_details_that_are_not_what_they_should_be_raise_nothing():
    broken = {"status": [None, "held", {"status": None}], "sanction": ["fine"]}
    assert of({"details": {"status": "held"}}, {"status": "released"}) == []
    assert of({"details": broken | {"sanction": "x"}}, {"status": "released"}) == []
