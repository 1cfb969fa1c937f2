"""A public text whose ground gives way is told to the editors, once, in the same transaction."""

import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from incidents import publishing, steps
from incidents.errors import Invalid, WrongState
from incidents.models import Draft, Incident, Publication
from observers.models import Device, User
from tests.contracts.stage import build_stage


@pytest.fixture
def stage(db):
    return build_stage("rest")


def on(stage, report, step, **data):
    who = data.pop("by", "coordinator")
    steps.take_on_report(report, step, by=stage.people[who], channel="page", **data)


def causes(incident) -> list[str]:
    draft = Draft.objects.get(incident=incident)
    open_ = [entry["cause"] for entry in draft.shaken_by if not entry["settled"]]
    assert bool(open_) == (draft.shaken_at is not None)
    return open_


def two_sources(stage) -> tuple[Incident, object]:
    """Published with two independent sources. The second report is returned, too."""
    incident = stage.open()
    second = stage.file(by=stage.people["other_observer"])
    on(stage, second, "link", incident=incident.ref)
    stage.take(incident, "corroborate", "coordinator", grounds="Two.")
    return stage.publish(incident).incident, second


def test_nothing_shakes_what_stands(stage):
    incident, _second = two_sources(stage)
    stage.take(incident, "claim", "coordinator")
    stage.take(incident, "verify", "coordinator", grounds="Called back.")
    on(stage, stage.file(), "link", incident=incident.ref)
    assert causes(incident) == []


def test_a_report_in_quarantine(stage):
    incident, second = two_sources(stage)
    on(stage, second, "quarantine", reason="Looks forged.")
    assert causes(incident) == ["quarantined", "fewer_sources"]


def test_an_unlinked_report(stage):
    incident, second = two_sources(stage)
    on(stage, second, "unlink", incident=incident.ref, reason="Another event.")
    assert causes(incident) == ["unlinked", "fewer_sources"]


def test_a_report_that_makes_two_sources_one(stage):
    """Linked, it shows that one was told by the other."""
    incident = stage.open(stage.file(told_by="The driver"))
    second = stage.file(by=stage.people["other_observer"])
    on(stage, second, "link", incident=incident.ref)
    stage.publish(incident)
    bridge = stage.file(by=stage.people["other_observer"], told_by="the driver")
    on(stage, bridge, "link", incident=incident.ref)
    assert causes(incident) == ["fewer_sources"]


def follow_up(stage, of, by="observer", **said):
    said = {"follow_up_of": str(of.pk), "follow_up_kind": "correction", "text": "Not so."} | said
    return stage.file(by=stage.people[by], **said)


def test_a_correction_by_its_author_or_their_pair(stage):
    for who in ("observer", "pair_observer"):
        incident = stage.publish().incident
        follow_up(stage, incident.reports.get(), by=who)
        assert causes(incident) == ["corrected"]


@pytest.mark.parametrize(
    "said",
    [
        {"follow_up_kind": "addition"},
        {"by": "other_observer"},
        {"audience": "security_only"},
        {"follow_up_of": str(uuid.uuid4())},
    ],
)
def test_what_is_no_correction_shakes_nothing(stage, said):
    """A stranger's, an addition; and a sealed one must not show."""
    incident = stage.publish().incident
    follow_up(stage, incident.reports.get(), **said)
    assert causes(incident) == []


def test_an_author_or_a_phone_that_lost_access(stage):
    incident, second = two_sources(stage)
    User.objects.filter(pk=second.author_id).update(is_active=False)
    publishing.publish_due()
    assert causes(incident) == ["access_revoked"]
    stage.take(incident, "confirm_publication", "editor", reason="Spoke to them.")
    publishing.publish_due()
    assert causes(incident) == []  # told once


def test_a_revoked_phone(stage):
    from incidents import intake

    observer = stage.people["observer"]
    device = Device.objects.create(user=observer)
    report = intake.file_report(
        by=observer,
        report_id=uuid.uuid4(),
        raw=b'{"text": "x", "category": "ACC01", "region": "KZ-ALA"}',
        channel="app",
        device=device,
    ).report
    incident = stage.publish(stage.open(report)).incident
    Device.objects.filter(pk=device.pk).update(revoked_at=timezone.now())
    publishing.note_lost_access()
    assert causes(incident) == ["access_revoked"]


def test_refuted_disputed_and_less_sure_come_and_go_with_the_incident(stage):
    incident, _second = two_sources(stage)
    stage.take(incident, "unverify", "coordinator", reason="Not so sure.")
    assert causes(incident) == ["less_sure"]
    stage.take(incident, "dispute", "coordinator", grounds="They say no.")
    assert causes(incident) == ["disputed"]
    stage.take(incident, "refute", "coordinator", grounds="A film shows it.")
    assert causes(incident) == ["refuted"]
    stage.take(incident, "unverify", "coordinator", reason="The film is old.")
    stage.take(incident, "corroborate", "coordinator", grounds="Two.")
    assert causes(incident) == []
    stage.take(incident, "refute", "coordinator", grounds="Again.")
    assert causes(incident) == ["refuted"]


def test_a_text_that_says_both_sides_is_not_shaken_by_a_dispute(stage):
    incident = stage.open()
    stage.take(incident, "dispute", "coordinator", grounds="They say no.")
    incident = stage.publish(incident, both_sides=True).incident
    stage.take(incident, "claim", "coordinator")
    assert causes(incident) == []


def test_a_sealed_report_marks_nothing(stage):
    incident = stage.open()
    sealed = stage.file(by=stage.people["other_observer"], audience="security_only")
    on(stage, sealed, "link", by="security", incident=incident.ref)
    stage.publish(incident)
    on(stage, sealed, "quarantine", by="security", reason="Hostile.")
    assert causes(incident) == []
    assert sealed.ref not in str(Draft.objects.get(incident=incident).shaken_by)


def test_a_refused_step_marks_nothing(stage):
    incident, second = two_sources(stage)
    with pytest.raises(Invalid):
        on(stage, second, "unlink", incident="KZ-NONE", reason="x")
    assert causes(incident) == []


def test_still_good_is_said_by_an_editor_with_a_reason_and_not_of_what_was_refuted(stage):
    incident, second = two_sources(stage)
    with pytest.raises(WrongState, match="Nothing that it rests on"):
        stage.take(incident, "confirm_publication", "editor", reason="x")
    on(stage, second, "unlink", incident=incident.ref, reason="Another event.")
    with pytest.raises(Invalid):
        stage.take(incident, "confirm_publication", "editor")
    stage.take(incident, "confirm_publication", "editor", reason="One is enough here.")
    assert causes(incident) == []
    stage.take(incident, "claim", "coordinator")
    assert causes(incident) == []  # the same fewer sources are not told again
    stage.take(incident, "refute", "coordinator", grounds="False.")
    assert "confirm_publication" not in {
        step.name
        for step in steps.allowed(Incident.objects.get(pk=incident.pk), by=stage.people["editor"])
    }
    with pytest.raises(Invalid):
        stage.take(
            Incident.objects.get(pk=incident.pk), "confirm_publication", "editor", reason="x"
        )
    assert Publication.objects.get(incident=incident).live


def test_a_new_version_and_a_withdrawal_settle_it(stage):
    incident, second = two_sources(stage)
    on(stage, second, "unlink", incident=incident.ref, reason="Another event.")
    stage.take(incident, "correct", "editor", what_changed="One source.")
    stage.take(incident, "submit", "editor")
    stage.take(incident, "approve", "second_editor")
    assert causes(incident)  # the world still reads the old version
    stage.take(incident, "publish", "editor")
    assert causes(incident) == []
    stage.take(incident, "refute", "coordinator", grounds="False.")
    stage.take(incident, "withdraw", "editor", kind="error")
    assert causes(incident) == []


def test_what_was_approved_waits_when_its_ground_gives_way(stage):
    incident = stage.open()
    stage.take(incident, "draft", "editor", content=TEXT_ONE)
    stage.take(incident, "submit", "editor")
    stage.take(incident, "approve", "second_editor")
    follow_up(stage, incident.reports.get())
    with pytest.raises(WrongState, match="rests on changed"):
        stage.take(incident, "publish", "editor")
    stage.take(incident, "confirm_publication", "editor", reason="It adds nothing.")
    stage.take(incident, "publish", "editor")
    assert Publication.objects.get(incident=incident).live


TEXT_ONE = {"title": {"en": "Refused"}, "summary": {"en": "Not let in."}}


# --- The editors' list -------------------------------------------------------------------------


def listed(stage, who="editor") -> str:
    client = Client()
    client.force_login(stage.people[who])
    answer = client.get("/desk/drafts/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_begins_with_what_was_refuted_then_shaken_then_waits(stage):
    waiting = stage.open()
    stage.take(waiting, "draft", "second_editor", content=TEXT_ONE)
    stage.take(waiting, "submit", "second_editor")
    own = stage.open()
    stage.take(own, "draft", "editor", content=TEXT_ONE)
    stage.take(own, "submit", "editor")
    reported = stage.open(stage.file(by=stage.people["other_observer"]))
    User.objects.filter(pk=stage.people["other_observer"].pk).update(
        person=stage.people["editor"].person
    )
    stage.take(reported, "draft", "second_editor", content=TEXT_ONE)
    stage.take(reported, "submit", "second_editor")
    shaken = stage.publish().incident
    follow_up(stage, shaken.reports.get())
    refuted = stage.publish().incident
    stage.take(refuted, "refute", "coordinator", grounds="False.")
    text = listed(stage)
    order = re.findall(r'<span class="ref">([^<]+)</span>', text)
    assert order[:3] == [refuted.ref, shaken.ref, waiting.ref]
    assert set(order[3:]) == {own.ref, reported.ref}
    assert "Public although refuted" in text
    assert "corrects what it rests on" in text
    assert "Correct it, withdraw it, or say that it is still good." in text


def test_opening_the_list_tells_of_a_lost_account_at_once(stage):
    publication = stage.publish()
    User.objects.filter(pk=stage.people["observer"].pk).update(is_active=False)
    assert publication.ref in listed(stage)
    assert "has lost access" in listed(stage)


def test_the_page_of_the_incident_says_why_and_what_can_be_done(stage):
    incident, second = two_sources(stage)
    on(stage, second, "quarantine", reason="Looks forged.")
    client = Client()
    client.force_login(stage.people["editor"])
    text = client.get(f"/desk/incidents/{incident.ref}/").content.decode()
    assert f"The report {second.ref} is in quarantine." in text
    assert f"/desk/incidents/{incident.ref}/steps/confirm_publication/" in text
    client.force_login(stage.people["coordinator"])
    text = client.get(f"/desk/incidents/{incident.ref}/").content.decode()
    assert "An editor has to correct it" in text
    assert "steps/confirm_publication/" not in text
