"""Each row looks its subject up, or all are listed: both forms of a rule give the same rows."""

from itertools import pairwise
from random import Random

import pytest

from incidents import steps
from incidents.models import (
    Draft,
    Event,
    Evidence,
    Incident,
    Lease,
    Merge,
    Note,
    Question,
    Relation,
    Report,
    ReportLink,
)
from incidents.workflow import leases
from observers.models import Membership
from observers.roles import Role
from tests.contracts.stage import build_stage

TELLING = ("Late opening.", "No observers inside.", "Two boxes.")


@pytest.fixture
def stage(db):
    """Reports and incidents of two regions and of none, sealed ones and merged ones, by chance."""
    stage, rng = build_stage("forms"), Random(7)
    lead_of = stage.people["observer"].memberships.get().team
    stage.people["local"] = stage.person(Role.COORDINATOR, "local", regions=[stage.other_region])
    stage.people["lead"] = stage.person(Role.COORDINATOR, "lead", team=lead_of)
    both = stage.people["both"] = stage.person(Role.COORDINATOR, "both", regions=[stage.city])
    Membership.objects.create(user=both, election=stage.election, role=Role.SECURITY)
    opened = []
    for number in range(24):
        given = {
            "by": stage.people[rng.choice(["observer", "other_observer"])],
            "region": rng.choice(["KZ-ALA", "KZ-YUZ", None]),
            "audience": rng.choice(["team", "team", "security_only"]),
            "text": f"{rng.choice(TELLING)} {number}",
        }
        report = stage.file(**given)
        leases.hold(report, by=stage.people[rng.choice(["editor", "security"])])
        if report.audience == "team" and rng.random() < 0.6:
            stage.ask(report)
            opened.append(stage.open(report))
        elif opened:
            _link(stage, report, rng.choice(opened))
    for incident, other in pairwise(opened):
        stage.take(incident, "note", "coordinator", text="Call them.")
        stage.take(incident, "relate", "coordinator", to=other.ref, kind="follows")
        leases.hold(incident, by=stage.people["editor"])
    stage.take(opened[0], "draft", "editor")
    stage.take(opened[2], "merge", "coordinator", into=opened[1].ref, reason="The same.")
    assert Merge.objects.exists()
    return stage


def _link(stage, report, incident):
    security = stage.people["security"]
    steps.take_on_report(report, "link", by=security, channel="page", incident=incident.ref)


def listed(person) -> dict[str, set]:
    """What may be seen, by lists of everything that may be read."""
    reports = set(Report.objects.on_desk(person).values_list("pk", flat=True))
    incidents = set(Incident.objects.visible_to(person).values_list("pk", flat=True))
    own = set(Report.objects.visible_to(person).values_list("pk", flat=True))
    return {
        "Draft": {d.pk for d in Draft.objects.all() if d.incident_id in incidents},
        "Note": {n.pk for n in Note.objects.all() if n.incident_id in incidents},
        "Evidence": {e.pk for e in Evidence.objects.all() if e.report_id in own},
        "Question": {q.pk for q in Question.objects.all() if q.report_id in own},
        "Lease": {x.pk for x in Lease.objects.all() if x.subject in reports | incidents},
        "ReportLink": {
            x.pk
            for x in ReportLink.objects.all()
            if x.report_id in reports and x.incident_id in incidents
        },
        "Merge": {m.pk for m in Merge.objects.all() if {m.loser_id, m.survivor_id} <= incidents},
        "Relation": {
            r.pk for r in Relation.objects.all() if {r.source_id, r.target_id} <= incidents
        },
        "Event": {
            e.pk
            for e in Event.objects.all()
            if (e.incident_id is not None or e.report_id is not None)
            and e.incident_id in incidents | {None}
            and e.report_id in reports | {None}
        },
    }


MODELS = (Draft, Event, Evidence, Lease, Merge, Note, Question, Relation, ReportLink)


def test_what_hangs_on_a_row_is_seen_exactly_with_it(stage):
    sizes = set()
    for name, person in stage.people.items():
        expected = listed(person)
        for model in MODELS:
            seen = set(model.objects.visible_to(person).values_list("pk", flat=True))
            assert seen == expected[model.__name__], (name, model)
            sizes.add((model.__name__, len(seen)))
    # The people differ in what they see; else this would say little.
    assert len([size for name, size in sizes if name == "Event"]) >= 5


def test_rows_by_key_and_rows_counted_whole_are_the_rows(stage):
    sizes = set()
    for name, person in stage.people.items():
        incidents = set(Incident.objects.visible_to(person))
        assert set(Incident.objects.visible_to(person, by_key=True)) == incidents, name
        assert set(Incident.objects.all_visible_to(person)) == incidents, name
        by_key = Report.objects.visible_to(person, by_key=True)
        assert set(by_key) == set(Report.objects.visible_to(person)), name
        on_desk = Report.objects.on_desk(person, by_key=True)
        assert set(on_desk) == set(Report.objects.on_desk(person)), name
        sizes.add(len(incidents))
    assert len(sizes) >= 3
