"""Which rows each person sees; the rule every page, API and export asks."""

import pytest
from django.contrib.auth.models import AnonymousUser

from elections.models import Election
from incidents import steps
from incidents.models import (
    Change,
    Draft,
    Event,
    Incident,
    OfficialResponse,
    Publication,
    RawReport,
    Relation,
    Report,
    ReportLink,
)
from observers.models import User
from observers.roles import Role
from tests.contracts.stage import build_stage

PRIVATE = (Incident, Draft, Event, OfficialResponse, RawReport, Relation, ReportLink)


@pytest.fixture
def stage(db):
    return build_stage("seen")


@pytest.mark.parametrize("role", ["observer", "partner", "admin"])
def test_people_without_a_desk_role_see_nothing_of_the_desk(stage, role):
    stage.publish()
    for model in PRIVATE:
        assert not model.objects.visible_to(stage.people[role]).exists(), model


def test_anonymous_and_superuser_see_what_is_published_and_nothing_else(stage):
    stage.publish()
    root = User.objects.create_superuser("root")
    for visitor in (AnonymousUser(), root):
        for model in (*PRIVATE, Report):
            assert not model.objects.visible_to(visitor).exists(), model
        assert Publication.objects.visible_to(visitor).count() == 1
        assert Change.objects.visible_to(visitor).count() == 1


def test_an_observer_sees_own_reports_only(stage):
    mine = stage.file()
    stage.file(by=stage.people["pair_observer"])
    assert list(Report.objects.visible_to(stage.people["observer"])) == [mine]
    assert not Report.objects.on_desk(stage.people["observer"]).exists()


def test_what_is_for_security_only_is_for_security_only(stage):
    sealed = stage.file(audience="security_only", text="They followed me.")
    stage.take(stage.open(), "claim", "coordinator")
    for role in ("coordinator", "editor", "second_editor"):
        person = stage.people[role]
        assert not Report.objects.visible_to(person).filter(pk=sealed.pk).exists()
        assert not Event.objects.visible_to(person).filter(report=sealed).exists()
        assert not RawReport.objects.visible_to(person).filter(report_id=sealed.pk).exists()
    security = stage.people["security"]
    assert Report.objects.visible_to(security).filter(pk=sealed.pk).exists()
    assert Event.objects.visible_to(security).filter(report=sealed).exists()


def test_a_sealed_report_linked_to_an_incident_leaves_others_no_trace(stage):
    incident = stage.open()
    sealed = stage.file(audience="security_only")
    steps.take_on_report(
        sealed, "link", by=stage.people["security"], channel="page", incident=incident.ref
    )
    coordinator = stage.people["coordinator"]
    assert not ReportLink.objects.visible_to(coordinator).filter(report=sealed).exists()
    assert not Event.objects.visible_to(coordinator).filter(report=sealed).exists()


def test_a_coordinator_of_a_region_sees_it_and_what_has_no_region(stage):
    local = stage.person(Role.COORDINATOR, "local", regions=[stage.other_region])
    elsewhere, here, nowhere = stage.file(), stage.file(region="KZ-YUZ"), stage.file(region=None)
    assert set(Report.objects.visible_to(local)) == {here, nowhere}
    incidents = {r: stage.open(r) for r in (elsewhere, here, nowhere)}
    assert set(Incident.objects.visible_to(local)) == {incidents[here], incidents[nowhere]}


def test_a_team_lead_sees_the_reports_of_that_team(stage):
    team = stage.people["observer"].memberships.get().team
    lead = stage.person(Role.COORDINATOR, "lead", team=team)
    own, other = stage.file(), stage.file(by=stage.people["other_observer"])
    assert set(Report.objects.visible_to(lead)) == {own}
    incidents = {r: stage.open(r) for r in (own, other)}
    assert set(Incident.objects.visible_to(lead)) == {incidents[own]}


def test_another_election_is_another_world(stage):
    stage.publish()
    stranger = build_stage("elsewhere").people["coordinator"]
    for model in (*PRIVATE, Report):
        assert not model.objects.visible_to(stranger).exists(), model


def test_a_rehearsal_is_never_public(stage):
    stage.publish()
    Election.objects.update(is_rehearsal=True)
    assert not Publication.objects.visible_to(AnonymousUser(), withdrawn=True).exists()
    assert not Change.objects.visible_to(AnonymousUser(), withdrawn=True).exists()


def test_an_inactive_account_sees_nothing(stage):
    stage.open()
    User.objects.filter(pk=stage.people["coordinator"].pk).update(is_active=False)
    person = User.objects.get(pk=stage.people["coordinator"].pk)
    assert not Incident.objects.visible_to(person).exists()
