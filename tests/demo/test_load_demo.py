"""The demonstration says what the article says, and nothing more."""

import hashlib
import json
import stat
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.serializers import serialize

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
from incidents.demo import incidents as demo_incidents
from incidents.demo import people
from incidents.demo.reports import report_id
from incidents.models import Incident, Publication, RawReport, Relation, Report
from observers.models import User

pytestmark = pytest.mark.django_db
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


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def load() -> str:
    said = StringIO()
    call_command("load_demo", stdout=said)
    return said.getvalue()


def published(key: str) -> dict:
    return json.loads(Publication.objects.get(incident__reports=report_id(key)).document)


def everything() -> str:
    """A digest of every row of our own tables."""
    models = [m for app in ("elections", "observers", "incidents") for m in _models(app)]
    rows = [serialize("json", model._base_manager.order_by("pk")) for model in models]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _models(app: str) -> list:
    return list(apps.get_app_config(app).get_models())


def numbers(client, **query) -> list[dict]:
    answer = client.get("/api/v1/incidents/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_every_published_incident_says_what_the_source_says_and_nothing_more():
    load()
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
    load()
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
    load()
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
    load()
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


def test_a_second_run_changes_nothing_and_prints_no_password():
    first = load()
    before = everything()
    second = load()
    assert everything() == before
    accounts = json.loads(people.accounts_file().read_text())
    assert all(account["password"] in first for account in accounts)
    assert not any(account["password"] in second for account in accounts)
    assert str(people.accounts_file()) in second


@pytest.mark.parametrize("survived", [0, 3, 17])
def test_a_run_that_was_killed_is_completed_by_the_next(monkeypatch, survived):
    taken = []
    take = demo_incidents._take

    def killed_later(*arguments):
        if len(taken) == survived:
            raise KeyboardInterrupt
        taken.append(arguments)
        take(*arguments)

    monkeypatch.setattr(demo_incidents, "_take", killed_later)
    with pytest.raises(KeyboardInterrupt):
        load()
    monkeypatch.setattr(demo_incidents, "_take", take)
    load()
    assert Publication.objects.filter(live=True).count() == Incident.objects.count() == 7
    assert Report.objects.count() == RawReport.objects.count() == 7
    steps_taken = [(e.incident_id, e.verb) for e in _incident_events()]
    assert len(steps_taken) == len(set(steps_taken))


def _incident_events():
    return apps.get_model("incidents", "Event").objects.exclude(incident=None)


def test_accounts_that_were_noted_but_not_made_get_the_noted_password(monkeypatch, client):
    def killed(account):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(people, "_set_password", killed)
        with pytest.raises(KeyboardInterrupt):
            load()
    noted = json.loads(people.accounts_file().read_text())
    load()
    assert json.loads(people.accounts_file().read_text()) == noted
    for account in noted:
        assert User.objects.get(username=account["username"]).check_password(account["password"])


def test_a_lost_file_of_passwords_is_made_anew_with_other_passwords():
    load()
    lost = json.loads(people.accounts_file().read_text())
    people.accounts_file().unlink()
    said = load()
    found = json.loads(people.accounts_file().read_text())
    assert [a["username"] for a in found] == [a["username"] for a in lost]
    for old, new in zip(lost, found, strict=True):
        assert new["password"] != old["password"]
        assert new["password"] in said
        assert User.objects.get(username=new["username"]).check_password(new["password"])


def test_the_accounts_are_written_for_their_owner_only(data_dir):
    load()
    file = data_dir / "demo-accounts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    accounts = json.loads(file.read_text())
    assert {tuple(account) for account in accounts} == {
        ("username", "password", "role", "organisation")
    }
    assert [account["role"] for account in accounts].count("editor") == 2
    assert {account["role"] for account in accounts} == {
        "observer",
        "coordinator",
        "editor",
        "security",
        "partner",
        "admin",
    }
    assert len({account["password"] for account in accounts}) == len(accounts) == 9
    pair = [
        User.objects.get(username=name).memberships.get() for name in ("observer1", "observer2")
    ]
    other = User.objects.get(username="observer3").memberships.get()
    assert pair[0].team == pair[1].team
    assert other.organisation != pair[0].organisation


def test_production_has_no_demonstration(settings):
    settings.ENVIRONMENT = "production"
    with pytest.raises(CommandError, match="not loaded into production"):
        load()
    assert not User.objects.exists()


def test_the_api_tells_the_city_of_almaty_from_its_region(client):
    load()
    (blockage,) = numbers(client, region="KZ-ALA", category="NET")
    assert blockage["category"] == "NET00"
    assert numbers(client, region="KZ-ALM") == []
    assert len(numbers(client, region="KZ")) == 7


def test_the_api_gives_the_refusals_with_both_named_regions_and_the_third_unnamed(client):
    load()
    for region in ("KZ-YUZ", "KZ-SHY"):
        (refusals,) = numbers(client, category="ACC", region=region)
        assert refusals["regions"] == ["KZ-SHY", "KZ-YUZ"]
        assert refusals["regions_at_least"] == 3


def test_the_api_gives_dozens_in_words_with_the_answer_beside_them(client):
    load()
    (detentions,) = numbers(client, has_response="true")
    assert detentions["persons_words"] == "dozens"
    assert (detentions["persons_min"], detentions["persons_max"]) == (None, None)
    claims = {c["field"]: c["value"] for c in detentions["responses"][0]["claims"]}
    assert claims["number"] == "not given"
    assert numbers(client, category="DET06") == [detentions]
