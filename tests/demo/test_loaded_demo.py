"""The demonstration, once loaded, says what the article says, and nothing more."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import override_settings

from elections.models import (
    Contestant,
    Election,
    Region,
    ResultFigure,
    SeatBlock,
    Statement,
    TurnoutFigure,
)
from incidents import history
from incidents.demo.reports import report_id
from incidents.models import Incident, Publication, Relation, Report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
ON_THE_DAY = ("2021-01-10T00:00:00+06:00", "2021-01-10T23:59:59+06:00", "day")
BEFORE = (None, "2021-01-09T23:59:59+06:00", "run_up")
SAID_BY = "RFE/RL's Kazakh Service"
# What may be other than empty, row by row of the source; texts and identifiers apart.
TABLE = {
    "S-1": {
        "categories": ["DET05"],
        "when": BEFORE,
        "phase": "PRE",
        "place_precision": "country",
        "persons_words": "several",
        "details": {"roles": ["activist"]},
    },
    "S-2": {
        "categories": ["DET03", "DET06"],
        "when": ON_THE_DAY,
        "place_precision": "country",
        "persons_words": "dozens",
        "verification": "disputed",
        "details": {"authority": ["police"]},
    },
    "S-3": {
        "categories": ["NET00"],
        "when": ON_THE_DAY,
        "phase": "VOT",
        "regions": ["KZ-ALA"],
        "place_precision": "region",
        "details": {"blockage_kind": "unknown", "coincides_with": ["voting"]},
    },
    "S-4": {
        "categories": ["ACC01"],
        "when": ON_THE_DAY,
        "regions": ["KZ-SHY", "KZ-YUZ"],
        "regions_at_least": 3,
        "place_precision": "several_regions",
    },
    "S-5": {
        "categories": ["OBS02"],
        "when": BEFORE,
        "phase": "PRE",
        "place_precision": "country",
        "details": {
            "demanded": ["pcr_test"],
            "applies_to": ["commission_members", "party_observers", "ngo_observers"],
        },
    },
    "S-6": {
        "categories": ["MED01"],
        "when": ON_THE_DAY,
        "place_precision": "country",
        "persons_words": "several",
        "details": {"outlet": SAID_BY, "media_roles": ["reporter"]},
    },
    "S-7": {
        "categories": ["MED03"],
        "when": ON_THE_DAY,
        "regions": ["KZ-ALA"],
        "place_precision": "region",
        "persons_min": 1,
        "persons_max": 1,
        "persons_basis": "claimed",
        "details": {
            "outlet": SAID_BY,
            "media_roles": ["reporter"],
            "act": ["pushed"],
            "force": "pushing",
        },
    },
}
UNLESS_SAID = {
    "verification": "reported",
    "phase": None,
    "regions": [],
    "regions_at_least": None,
    "station": None,
    "persons_min": None,
    "persons_max": None,
    "persons_words": None,
    "persons_basis": "none_given",
    "details": {},
}


@pytest.fixture(scope="module")
def loaded(lasting, tmp_path_factory):
    """For those who only read what was loaded: once for all of them."""
    with override_settings(DATA_DIR=tmp_path_factory.mktemp("demo")):
        call_command("load_demo", stdout=StringIO())


def published(key: str) -> dict:
    return json.loads(Publication.objects.get(incident__reports=report_id(key)).document)


def numbers(client, **query) -> list[dict]:
    answer = client.get("/api/v1/incidents/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_every_published_incident_says_what_the_source_says_and_nothing_more():
    assert Publication.objects.count() == len(TABLE)
    for key, row in TABLE.items():
        said = published(key)
        when = (said["occurred_start"], said["occurred_end"], said["occurred_precision"])
        assert when == row["when"], key
        for field in ("categories", "place_precision"):
            assert said[field] == row[field], key
        for field, empty in UNLESS_SAID.items():
            assert said[field] == row.get(field, empty), (key, field)
        assert said["sources"] == 1, key
        assert sorted(said["title"]) == sorted(said["summary"]) == ["en", "kk", "ru"], key


def test_the_official_response_stands_beside_the_detentions_and_gives_no_total():
    (response,) = published("S-2")["responses"]
    assert response == {
        "issuer": "Arystangani Zapparov",
        "office": "Deputy Interior Minister",
        "said_on": None,
        "position": "declines_to_answer",
        "claims": [
            {"field": "status", "value": "released"},
            {"field": "charges", "value": "none"},
            {"field": "scope", "value": "all"},
            {"field": "number", "value": "not given"},
        ],
        "quote": None,
        "quote_language": None,
        "translation": None,
        "source": SAID_BY,
        "link": None,
    }
    assert all(published(key)["responses"] == [] for key in TABLE if key != "S-2")


def test_reports_name_the_outlet_that_told_and_only_one_incident_is_part_of_another():
    reports = Report.objects.all()
    assert {(r.source, r.told_by, r.language, r.state) for r in reports} == {
        ("media", SAID_BY, "en", "linked")
    }
    assert all(r.unresolved == {} for r in reports)
    assert len({r.author_id for r in reports}) == 3
    (relation,) = Relation.objects.all()
    assert (relation.source.category, relation.kind, relation.target.category) == (
        "MED03",
        "part_of",
        "MED01",
    )
    for incident in Incident.objects.all():
        people_of = {e.verb: e.actor.username for e in incident.events.exclude(actor=None)}
        assert people_of["submit"] == "editor1"
        assert people_of["approve"] == people_of["publish"] == "editor2"
        assert people_of["open_incident"] == "coordinator1"
    assert list(history.verify()) == []


def test_the_election_carries_the_figures_of_the_source_and_no_other():
    election = Election.objects.get(slug="kz-2021-mazhilis")
    assert (election.seats_total, election.seats_in_vote, election.threshold_percent) == (
        107,
        98,
        7,
    )
    assert [(b.seats, b.method) for b in SeatBlock.objects.all()] == [
        (98, "party_list"),
        (9, "assembly"),
    ]
    assert {(c.name_en.split(" (")[0], c.status) for c in Contestant.objects.all()} == {
        ("Nur Otan", "registered"),
        ("Ak Zhol", "registered"),
        ("People's Party", "registered"),
        ("All-National Social Democratic Party", "boycott"),
    }
    results = ResultFigure.objects.all()
    assert {(r.contestant.name_en, float(r.percent), r.qualifier) for r in results} == {
        ("Nur Otan", 71.1, "exact"),
        ("Ak Zhol", 7, "above"),
        ("People's Party", 7, "above"),
    }
    assert {(r.votes, r.as_of, str(r.announced_on), r.region) for r in results} == {
        (None, None, "2021-01-11", None)
    }
    turnout = TurnoutFigure.objects.all()
    assert {(t.region.code, float(t.percent), t.qualifier, t.remark_en) for t in turnout} == {
        ("KZ-SEV", 75.5, "about", "highest"),
        ("KZ-ALA", 30, "about", "lowest"),
    }
    assert {(t.registered, t.voted, t.as_of, t.announced_on) for t in turnout} == {
        (None, None, None, None)
    }
    assert {(s.issuer, s.dated_on) for s in Statement.objects.all()} == {("OSCE", None)}
    assert Statement.objects.count() == 2
    assert Region.objects.of(election).count() == 18


def test_the_api_tells_the_city_of_almaty_from_its_region(client):
    (blockage,) = numbers(client, region="KZ-ALA", category="NET")
    assert blockage["category"] == "NET00"
    assert numbers(client, region="KZ-ALM") == []
    assert len(numbers(client, region="KZ")) == 7


def test_the_api_gives_the_refusals_with_both_named_regions_and_the_third_unnamed(client):
    for region in ("KZ-YUZ", "KZ-SHY"):
        (refusals,) = numbers(client, category="ACC", region=region)
        assert refusals["regions"] == ["KZ-SHY", "KZ-YUZ"]
        assert refusals["regions_at_least"] == 3


def test_the_api_gives_dozens_in_words_with_the_answer_beside_them(client):
    (detentions,) = numbers(client, has_response="true")
    assert detentions["persons_words"] == "dozens"
    assert (detentions["persons_min"], detentions["persons_max"]) == (None, None)
    claims = {c["field"]: c["value"] for c in detentions["responses"][0]["claims"]}
    assert claims["number"] == "not given"
    assert numbers(client, category="DET06") == [detentions]
