"""What each step of the desk does."""

import pytest

from elections.models import Station
from incidents import steps, workflow
from incidents.errors import Invalid, NotAllowed, WrongState
from incidents.models import Event, Incident, OfficialResponse, Relation, Report, ReportLink
from observers.models import User
from tests.contracts.stage import build_stage


@pytest.fixture
def stage(db):
    return build_stage("work")


def on_report(stage, report, step, by="coordinator", **data):
    return steps.take_on_report(report, step, by=stage.people[by], channel="page", **data)


def link(stage, incident, report):
    return on_report(stage, report, "link", incident=incident.ref)


# --- Reports ---------------------------------------------------------------------------------


def test_a_new_incident_takes_when_where_and_how_many_from_the_report_but_no_text(stage):
    report = stage.file(station="7", persons_words="several", text="SECRET", told_by="SECRET")
    incident = stage.open(report)
    assert (incident.station, incident.persons_words) == (stage.station, "several")
    assert list(incident.regions.all()) == [stage.city]
    assert "SECRET" not in incident.search
    assert incident.title == "Observers refused"
    assert Report.objects.get(pk=report.pk).state == "linked"


def test_names_and_contacts_stay_in_the_report(stage):
    report = stage.file(category="DET01", details={"names": "A. B.", "warrant_shown": "no"})
    assert report.details == {"names": "A. B.", "warrant_shown": "no"}
    incident = stage.open(report)
    assert incident.details == {"warrant_shown": "no"}
    with pytest.raises(Invalid) as refusal:
        stage.take(incident, "edit", "coordinator", changes={"details": {"names": "A. B."}})
    assert "details" in refusal.value.errors


def test_a_parked_incident_reopens_when_a_new_report_is_linked(stage):
    incident = stage.open()
    stage.take(incident, "park", "coordinator", reason="Nobody answers.")
    link(stage, incident, stage.file())
    incident.refresh_from_db()
    assert incident.status == "open"
    assert Event.objects.filter(incident=incident).last().after["status"] == "open"


def test_a_report_linked_twice_stays_linked_when_one_link_goes(stage):
    one, two, report = stage.open(), stage.open(), stage.file()
    link(stage, one, report)
    link(stage, two, report)
    on_report(stage, report, "unlink", incident=one.ref, reason="Another event.")
    assert Report.objects.get(pk=report.pk).state == "linked"
    on_report(stage, report, "unlink", incident=two.ref, reason="Another event.")
    assert Report.objects.get(pk=report.pk).state == "received"


def test_the_same_link_twice_is_refused(stage):
    incident, report = stage.open(), stage.file()
    link(stage, incident, report)
    with pytest.raises(WrongState, match="already"):
        link(stage, incident, report)


def test_a_report_of_one_election_is_not_linked_to_an_incident_of_another(stage):
    foreign = build_stage("elsewhere").open()
    with pytest.raises(Invalid):
        link(stage, foreign, stage.file())


def test_dismissing_needs_a_reason_and_can_be_undone(stage):
    report = stage.file()
    with pytest.raises(Invalid):
        on_report(stage, report, "dismiss")
    on_report(stage, report, "dismiss", reason="A test message.")
    assert Report.objects.get(pk=report.pk).state_reason == "A test message."
    on_report(stage, report, "reinstate", reason="It was not.")
    assert Report.objects.get(pk=report.pk).state == "received"


def test_only_the_desk_marks_a_report_as_seen(stage):
    report = stage.file()
    workflow.mark_seen(report, by=stage.people["observer"])
    assert Report.objects.get(pk=report.pk).seen_at is None
    workflow.mark_seen(report, by=stage.people["editor"])
    assert Report.objects.get(pk=report.pk).seen_at is not None


# --- Independence and verification -----------------------------------------------------------


def sources(incident) -> int:
    return workflow.independent_sources(incident)


def test_a_pair_is_one_source_and_another_organisation_a_second(stage):
    incident = stage.open()
    link(stage, incident, stage.file(by=stage.people["pair_observer"]))
    assert sources(incident) == 1
    link(stage, incident, stage.file(by=stage.people["other_observer"]))
    assert sources(incident) == 2


def test_the_same_informant_makes_two_observers_one_source(stage):
    incident = stage.open(stage.file(told_by="RFE/RL"))
    link(stage, incident, stage.file(by=stage.people["other_observer"], told_by="rfe/rl"))
    assert sources(incident) == 1


def test_two_accounts_of_one_person_are_one_source(stage):
    other = stage.people["other_observer"]
    User.objects.filter(pk=other.pk).update(person=stage.people["observer"].person)
    incident = stage.open()
    link(stage, incident, stage.file(by=other))
    assert sources(incident) == 1


def test_a_shared_informant_joins_groups_that_were_apart(stage):
    incident = stage.open(stage.file())
    link(stage, incident, stage.file(by=stage.people["other_observer"], told_by="the guard"))
    link(stage, incident, stage.file(by=stage.people["pair_observer"], told_by="the guard"))
    assert sources(incident) == 1


def test_a_person_may_override_independence(stage):
    incident = stage.open()
    link(stage, incident, stage.file(by=stage.people["pair_observer"]))
    newest = ReportLink.objects.filter(incident=incident).last()
    ReportLink.objects.filter(pk=newest.pk).update(independent_override=True)
    assert sources(incident) == 2
    link(stage, incident, stage.file(by=stage.people["other_observer"]))
    newest = ReportLink.objects.filter(incident=incident).last()
    ReportLink.objects.filter(pk=newest.pk).update(independent_override=False)
    assert sources(incident) == 2


def test_a_quarantined_report_does_not_count(stage):
    incident, report = stage.open(), stage.file(by=stage.people["other_observer"])
    link(stage, incident, report)
    on_report(stage, report, "quarantine", reason="The phone was taken.")
    assert sources(incident) == 1


def test_corroboration_needs_two_sources_or_confirmed_evidence(stage):
    incident = stage.open()
    with pytest.raises(WrongState, match="two"):
        stage.take(incident, "corroborate", "coordinator", grounds="call")
    stage.take(incident, "corroborate", "coordinator", grounds="photo", fitting_evidence=True)
    second = stage.open()
    link(stage, second, stage.file(by=stage.people["other_observer"]))
    stage.take(second, "corroborate", "coordinator", grounds="two observers")
    assert Event.objects.last().after == {"verification": "corroborated", "independent_sources": 2}


# --- Facts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"persons_min": 5, "persons_max": 3}, "persons_max"),
        ({"persons_min": -1}, "persons_min"),
        ({"persons_min": "many"}, "persons_min"),
        ({"persons_min": True}, "persons_min"),
        (
            {"occurred_start": "2021-01-10T12:00Z", "occurred_end": "2021-01-10T11:00Z"},
            "occurred_end",
        ),
        ({"occurred_start": "yesterday"}, "occurred_start"),
        ({"occurred_start": "0001-01-01T00:00Z"}, "occurred_start"),
        ({"category": "ACC99"}, "category"),
        ({"category": 5}, "category"),
        ({"regions": ["RU-MOW"]}, "regions"),
        ({"regions": "KZ-ALA"}, "regions"),
        ({"regions": ["KZ-ALA", "KZ-YUZ"], "regions_at_least": 1}, "regions_at_least"),
        ({"station": "999"}, "station"),
        ({"latitude": 43.2}, "longitude"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"title": ""}, "title"),
        ({"title": 1}, "title"),
        ({"phase": "LUNCH"}, "phase"),
        ({"status": "closed"}, "status"),
        ({"version": 1}, "version"),
        ({"details": {"no_such": 1}}, "details"),
        ({"details": []}, "details"),
    ],
)
def test_wrong_facts_are_named_and_change_nothing(stage, changes, field):
    incident = stage.open()
    before = Incident.objects.filter(pk=incident.pk).values().get()
    with pytest.raises(Invalid) as refusal:
        stage.take(incident, "edit", "coordinator", changes=changes)
    assert list(refusal.value.errors) == [field]
    assert Incident.objects.filter(pk=incident.pk).values().get() == before


def test_an_edit_tells_what_changed_and_nothing_else(stage):
    incident = stage.open()
    changes = {"title": incident.title, "regions": ["KZ-YUZ", "KZ-ALA"], "regions_at_least": 3}
    stage.take(incident, "edit", "coordinator", changes=changes)
    event = Event.objects.last()
    assert set(event.after) == {"regions", "regions_at_least"}
    assert event.before["regions"] == ["KZ-ALA"]


def test_a_category_with_a_floor_lifts_the_severity(stage):
    incident = stage.open()
    assert incident.severity < 3
    stage.take(incident, "edit", "coordinator", changes={"category": "DET01", "details": {}})
    incident.refresh_from_db()
    assert incident.severity == 3
    with pytest.raises(WrongState, match="at least"):
        stage.take(incident, "grade", "coordinator", severity=2, reason="Less.")


def test_less_severe_needs_a_reason(stage):
    incident = stage.open()
    stage.take(incident, "grade", "coordinator", severity=4)
    with pytest.raises(Invalid):
        stage.take(incident, "grade", "coordinator", severity=3)
    stage.take(incident, "grade", "coordinator", severity=3, reason="Nobody was hurt.")


@pytest.mark.parametrize("severity", [0, 5, "3", True, None, 2.5, 2**70])
def test_a_severity_that_is_none_is_refused(stage, severity):
    with pytest.raises(Invalid):
        stage.take(stage.open(), "grade", "coordinator", severity=severity)


@pytest.mark.parametrize(
    ("field", "most"),
    [("title", 200), ("place_words", 500), ("occurred_words", 200), ("persons_words", 200)],
)
def test_a_text_that_is_too_long_is_refused_and_not_cut(stage, field, most):
    incident = stage.open()
    with pytest.raises(Invalid) as refusal:
        stage.take(incident, "edit", "coordinator", changes={field: "я" * (most + 1)})
    assert str(most) in str(refusal.value.errors[field][0])
    stage.take(incident, "edit", "coordinator", changes={field: "я" * most})
    incident.refresh_from_db()
    assert getattr(incident, field) == "я" * most


@pytest.mark.parametrize(("field", "most"), [("issuer", 200), ("quote", 10_000)])
def test_a_response_that_is_too_long_is_refused_and_not_cut(stage, field, most):
    said = {"issuer": "The commission", "position": "denies"} | {field: "я" * (most + 1)}
    with pytest.raises(Invalid) as refusal:
        stage.take(stage.open(), "respond", "coordinator", response=said)
    assert str(most) in str(refusal.value.errors[field][0])
    assert not OfficialResponse.objects.exists()


@pytest.mark.parametrize(
    ("step", "same"),
    [
        ("edit", {"changes": {"title": "Observers refused", "regions": ["KZ-ALA"]}}),
        ("grade", {"severity": 2, "reason": "As it was."}),
        ("relate", {"to": "OTHER", "kind": "follows"}),
    ],
)
def test_what_is_so_already_makes_no_line_and_no_version(stage, step, same):
    incident, other = stage.open(), stage.open()
    if step == "relate":
        same = same | {"to": other.ref}
        stage.take(incident, "relate", "coordinator", **same)
    incident.refresh_from_db()
    lines = Event.objects.count()
    taken = stage.take(incident, step, "coordinator", **same)
    now = Incident.objects.get(pk=incident.pk)
    assert taken.version == now.version == incident.version
    assert now.changed_at == incident.changed_at
    assert Event.objects.count() == lines


def test_a_merger_is_told_with_its_channel_on_both_sides(stage):
    survivor, loser = stage.open(), stage.open(stage.file())
    stage.take(loser, "merge", "coordinator", into=survivor.ref, reason="The same.", channel="api")
    told = Event.objects.filter(verb__in=["merge", "absorb"]).values_list("verb", "channel")
    assert sorted(told) == [("absorb", "api"), ("merge", "api")]


def test_incidents_are_related_not_merged_when_stations_differ(stage):
    Station.objects.create(
        election=stage.election, region=stage.city, commission="KZ-ALA", number="8"
    )
    one = stage.open(stage.file(station="7"))
    two = stage.open(stage.file(station="8"))
    with pytest.raises(WrongState, match="relate"):
        stage.take(one, "merge", "coordinator", into=two.ref, reason="Same.")
    stage.take(one, "relate", "coordinator", to=two.ref, kind="part_of")
    assert Relation.objects.get().target == two


def test_an_official_response_stands_beside_the_incident(stage):
    incident = stage.open()
    said = {
        "issuer": "Deputy minister",
        "position": "declines_to_answer",
        "claims": [{"field": "number", "value": "not given"}],
    }
    stage.take(incident, "respond", "editor", response=said)
    response = OfficialResponse.objects.get()
    assert list(response.incidents.all()) == [incident]
    incident.refresh_from_db()
    assert (incident.verification, incident.persons_min) == ("reported", None)


@pytest.mark.parametrize(
    "said",
    [
        "text",
        {"position": "denies"},
        {"issuer": "x", "position": "shouts"},
        {"issuer": "x", "position": "denies", "link": "javascript:alert(1)"},
        {"issuer": "x", "position": "denies", "claims": "none"},
        {"issuer": "x", "position": "denies", "said_on": "soon"},
        {"issuer": "x", "position": "denies", "said_on": "0001-01-01"},
        {"issuer": "x", "position": "denies", "said_on": "9999-12-31"},
        {"issuer": "x", "position": "denies", "mood": "bad"},
        {"issuer": 7, "position": "denies"},
    ],
)
def test_a_malformed_response_is_refused(stage, said):
    with pytest.raises(Invalid):
        stage.take(stage.open(), "respond", "coordinator", response=said)
    assert not OfficialResponse.objects.exists()


def test_a_coordinator_of_another_region_may_not_act(stage):
    local = stage.person("coordinator", "local", regions=[stage.other_region])
    with pytest.raises(NotAllowed):
        stage.take(stage.open(), "claim", local)
