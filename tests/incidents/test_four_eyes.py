"""Two people, counted as people: every way round, and the end of an embargo."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from incidents import publishing, steps
from incidents.errors import NotAllowed, WrongState
from incidents.models import Change, Draft, Event, Incident, Publication
from observers.models import User
from observers.roles import Role
from tests.contracts.stage import TEXT, build_stage


@pytest.fixture
def stage(db):
    made = build_stage("four")
    made.people["third_editor"] = made.person(Role.EDITOR, "four-third")
    return made


def submitted(stage, by="editor"):
    incident = stage.open()
    stage.take(incident, "draft", by, content=TEXT)
    stage.take(incident, "submit", by)
    return incident


def same_person(stage, one: str, other: str) -> None:
    person = stage.people[other].person
    User.objects.filter(pk=stage.people[one].pk).update(person=person)
    stage.people[one].refresh_from_db()


def link(stage, report, incident) -> None:
    coordinator = {"by": stage.people["coordinator"], "channel": "page"}
    steps.take_on_report(report, "link", incident=incident.ref, **coordinator)


def test_an_editor_who_reported_under_another_account_writes_but_never_approves(stage):
    same_person(stage, "second_editor", "observer")
    with pytest.raises(NotAllowed, match="reported this yourself"):
        stage.take(submitted(stage), "approve", "second_editor")
    own = submitted(stage, by="second_editor")
    stage.take(own, "approve", "editor")


def test_a_report_of_the_approver_linked_afterwards_voids_the_approval(stage):
    incident = submitted(stage)
    stage.take(incident, "approve", "second_editor")
    # Filed by the other half of the pair: the number of sources does not change.
    same_person(stage, "pair_observer", "second_editor")
    late = stage.file(by=stage.people["pair_observer"])
    before = publishing.public_digest(incident, Draft.objects.get(incident=incident))
    link(stage, late, incident)
    now = Incident.objects.get(pk=incident.pk)
    assert publishing.public_digest(now, Draft.objects.get(incident=now)) == before
    with pytest.raises(WrongState, match="is now an author"):
        stage.take(incident, "publish", "editor")
    assert not Publication.objects.exists()


def test_a_report_linked_between_reading_and_approving_is_seen(stage):
    incident = submitted(stage)
    same_person(stage, "pair_observer", "second_editor")
    link(stage, stage.file(by=stage.people["pair_observer"]), incident)
    with pytest.raises(NotAllowed):
        stage.take(incident, "approve", "second_editor")


EDITORS = ("editor", "second_editor", "third_editor")


@pytest.mark.parametrize("approver", EDITORS)
@pytest.mark.parametrize("restorer", ["editor", "second_editor"])
@pytest.mark.parametrize("withdrawer", [*EDITORS, "security"])
def test_a_restoration_takes_two_whoever_they_are(stage, withdrawer, restorer, approver):
    publication = stage.publish()
    incident = publication.incident
    stage.take(incident, "withdraw", withdrawer, kind="error")
    stage.take(incident, "restore", restorer, reason="It was right.")
    if approver == restorer:
        with pytest.raises(NotAllowed):
            stage.take(incident, "approve", approver)
    else:
        stage.take(incident, "approve", approver)
    publication.refresh_from_db()
    assert not publication.live
    if approver != restorer:
        stage.take(incident, "publish", restorer)
        publication.refresh_from_db()
        assert publication.live


@pytest.mark.parametrize("person", ["security", "coordinator", "observer", "admin", "partner"])
def test_only_editors_restore(stage, person):
    incident = stage.withdraw(stage.publish()).incident
    with pytest.raises(NotAllowed):
        stage.take(incident, "restore", person, reason="x")


# --- The embargo -------------------------------------------------------------------------------


def embargoed(stage, hours=1) -> Incident:
    incident = submitted(stage)
    until = timezone.now() + timedelta(hours=hours)
    stage.take(incident, "approve", "second_editor", embargo_until=until.isoformat())
    return Incident.objects.get(pk=incident.pk)


def test_it_goes_out_by_itself_and_takes_its_number_then(stage):
    with time_machine.travel("2021-01-10T08:00:00+00:00", tick=False) as clock:
        incident = embargoed(stage)
        later = stage.publish(stage.open(stage.file()))
        clock.shift(timedelta(minutes=59))
        assert publishing.publish_due() == 0
        assert not Publication.objects.filter(incident=incident).exists()
        clock.shift(timedelta(minutes=1))
        assert publishing.publish_due() == 1
        public = Publication.objects.get(incident=incident)
        assert public.published_at == timezone.now()
        assert public.last_seq > later.last_seq
        assert Change.objects.last().publication == public
        assert publishing.publish_due() == 0


@pytest.mark.parametrize("change", ["fact", "correction", "report"])
def test_what_changed_meanwhile_stays_and_the_editors_are_told(stage, change):
    with time_machine.travel("2021-01-10T08:00:00+00:00", tick=False) as clock:
        incident = embargoed(stage)
        report = incident.reports.get()
        if change == "fact":
            stage.take(incident, "edit", "coordinator", changes={"persons_words": "dozens"})
        elif change == "correction":
            kind = {"follow_up_of": str(report.pk), "follow_up_kind": "correction"}
            stage.file(text="Not so.", **kind)
        else:
            link(stage, stage.file(by=stage.people["other_observer"]), incident)
        clock.shift(timedelta(hours=2))
        assert publishing.publish_due() == publishing.publish_due() == 0
        assert not Publication.objects.exists()
        draft = Draft.objects.get(incident=incident)
        assert [e["cause"] for e in draft.shaken_by].count("held") == 1
        assert draft.shaken_at is not None
        stage.take(incident, "send_back", "second_editor", reason="Look again.")
        stage.take(incident, "submit", "editor")
        stage.take(incident, "approve", "second_editor")
        stage.take(incident, "publish", "editor")
        assert Publication.objects.get(incident=incident).live


def test_an_embargo_that_was_taken_back_publishes_nothing(stage):
    """Between finding what is due and locking it, somebody approved anew without an hour."""
    incident = embargoed(stage, hours=-1)
    Draft.objects.filter(incident=incident).update(embargo_until=None)
    from incidents.publishing.due import _publish_due

    assert _publish_due(incident.pk) == 0
    assert not Publication.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_publish_each_text_once():
    stage = build_stage("two")
    incidents = [embargoed(stage, hours=-1) for _ in range(6)]
    begin, counts, failures = threading.Barrier(2), [], []

    def work() -> None:
        try:
            begin.wait(10)
            counts.append(publishing.publish_due())
        except Exception as error:  # noqa: BLE001 - told to the test below
            failures.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert sum(counts) == len(incidents)
    assert Event.objects.filter(verb="publish").count() == len(incidents)
    assert list(Change.objects.values_list("seq", flat=True)) == list(range(1, 7))
