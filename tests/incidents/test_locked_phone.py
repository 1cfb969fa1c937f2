"""What still arrives from a locked phone: it alarms, it is marked, and nothing else follows by
itself until security lets it through."""

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from incidents import releasing, steps
from incidents.delivering import message
from incidents.errors import Invalid, NotAllowed, WrongState
from incidents.models import Alert, Answer, Draft, Event, RawReport, Report
from incidents.workflow import locks
from tests.contracts.stage import build_stage
from tests.phones import SAID, Phone, put, receipt_of

pytestmark = pytest.mark.django_db
FROM = "from a locked phone"


@pytest.fixture
def stage(db):
    return build_stage("locked")


@pytest.fixture
def phone(stage):
    return Phone(stage)


def signed_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def lock(phone, stage):
    locks.lock_device(phone.device, by=stage.people["security"])


def answered(client, stage, phone, text="Two men.", *, locked=True, **changes):
    """An answer that came when the phone was locked."""
    report = stage.file(by=phone.user)
    inside = {"report": str(report.pk), "question": str(stage.ask(report).pk), "text": text}
    if locked:
        lock(phone, stage)
    receipt_of(put(client, raw := phone.seal(inside | changes, kind="answer")), raw)
    return report, RawReport.objects.get(envelope="answer")


def path(kept):
    return f"/desk/arrivals/{kept.pk}/release/"


# --- An answer --------------------------------------------------------------------------------


def test_security_lets_an_answer_through_and_says_why(client, stage, phone):
    report, kept = answered(client, stage, phone)
    boss = signed_in(stage.people["security"])
    page = boss.get("/desk/arrivals/").content.decode()
    assert "Two men." in page
    assert path(kept) in page
    assert boss.post(path(kept), {"reason": " \n"}).status_code == 400
    long = boss.post(path(kept), {"reason": "y" * 501})
    assert (long.status_code, "y" * 501 in long.content.decode()) == (400, True)
    assert not Answer.objects.exists()
    done = boss.post(path(kept), {"reason": "She called me from her sister's phone."})
    assert (done.status_code, done["Location"]) == (303, f"/desk/reports/{report.pk}/#questions")
    answer = Answer.objects.get()
    assert (answer.text, answer.author, answer.pk) == ("Two men.", phone.user, kept.report_id)
    lines = Event.objects.filter(report=report, verb__in=["answer", "release_answer"])
    assert [(line.verb, line.actor) for line in lines.order_by("seq")] == [
        ("answer", phone.user),
        ("release_answer", stage.people["security"]),
    ]
    assert lines.get(verb="release_answer").reason == "She called me from her sister's phone."
    desk = signed_in(stage.people["coordinator"]).get(f"/desk/reports/{report.pk}/")
    told = desk.content.decode()
    assert "Two men." in told
    assert "Released an answer from a locked phone" in told
    assert "Two men." not in boss.get("/desk/arrivals/").content.decode()
    assert boss.post(path(kept), {"reason": "Again."}).status_code == 409
    assert Answer.objects.count() == 1


def test_nobody_else_releases_it_or_learns_that_it_is_there(client, stage, phone):
    _report, kept = answered(client, stage, phone)
    elsewhere = build_stage("elsewhere").people["security"]
    for person in (*stage.people.values(), elsewhere):
        if person == stage.people["security"]:
            continue
        with pytest.raises(NotAllowed):
            releasing.release_answer(kept, by=person, reason="Believe me.")
        assert signed_in(person).post(path(kept), {"reason": "x"}).status_code in (403, 404)
    assert not Answer.objects.exists()


@pytest.mark.parametrize(("change", "locked"), [({"question": "1"}, True), ({"text": ""}, False)])
def test_only_what_the_lock_keeps_back_can_be_released(client, stage, phone, change, locked):
    _report, kept = answered(client, stage, phone, locked=locked, **change)
    boss = stage.people["security"]
    assert path(kept) not in signed_in(boss).get("/desk/arrivals/").content.decode()
    with pytest.raises(WrongState):
        releasing.release_answer(kept, by=boss, reason="I believe it.")


def test_an_empty_answer_from_a_locked_phone_is_refused_and_stays(client, stage, phone):
    """The lock was seen before the words were: they are read now."""
    _report, kept = answered(client, stage, phone, text=" ")
    with pytest.raises(Invalid):
        releasing.release_answer(kept, by=stage.people["security"], reason="I believe it.")
    page = signed_in(stage.people["security"]).post(path(kept), {"reason": "I believe it."})
    assert page.status_code == 400
    kept.refresh_from_db()
    assert (kept.outcome, Event.objects.filter(verb="release_answer").count()) == ("refused", 0)


@pytest.mark.parametrize("pk", ["0", "9" * 30, "1"])
def test_an_arrival_that_is_not_there_is_not_found(stage, pk):
    boss = signed_in(stage.people["security"])
    assert boss.post(f"/desk/arrivals/{pk}/release/", {"reason": "x"}).status_code == 404


def test_odd_reasons_are_kept_as_far_as_they_can_be(client, stage, phone):
    _report, kept = answered(client, stage, phone)
    boss = signed_in(stage.people["security"])
    assert boss.post(path(kept), {"reason": "\x00"}).status_code == 400
    assert boss.post(path(kept), {"reason": "Ол маған\x00 айтты"}).status_code == 303
    assert Event.objects.get(verb="release_answer").reason == "Ол маған айтты"


# --- A report ---------------------------------------------------------------------------------


def locked_report(client, stage, phone, **said):
    lock(phone, stage)
    raw = phone.seal(SAID | said, item=uuid.uuid4())
    receipt_of(put(client, raw), raw)
    return Report.objects.order_by("received_at").last()


def test_a_danger_told_by_a_locked_phone_alarms_and_says_where_it_comes_from(
    client, stage, phone, settings
):
    """The phone may be in other hands, and its owner in danger for that very reason."""
    settings.ALERT_EMAIL_TO = ["desk@example.org"]
    report = locked_report(client, stage, phone, danger="observer")
    assert (report.state, report.from_locked_phone) == ("quarantined", True)
    alert = Alert.objects.get(report=report)
    assert alert.deliveries.count() == 2
    desk = signed_in(stage.people["coordinator"])
    for page in ("/desk/", "/desk/alerts/", f"/desk/reports/{report.pk}/"):
        assert FROM in desk.get(page).content.decode(), page
    rows = desk.get("/desk/?list=reports&state=quarantined").content.decode()
    assert rows.count(FROM) >= 2  # in the banner and in its row
    assert "locked" not in str(message(alert))  # outside the house nobody learns of the lock


def test_what_came_before_the_lock_is_not_marked(client, stage, phone):
    raw = phone.seal(SAID | {"danger": "observer"})
    receipt_of(put(client, raw), raw)
    lock(phone, stage)
    report = Report.objects.get()
    assert (report.state, report.from_locked_phone) == ("received", False)
    desk = signed_in(stage.people["coordinator"])
    assert FROM not in desk.get(f"/desk/reports/{report.pk}/").content.decode()


def test_a_correction_from_a_locked_phone_shakes_no_text_until_it_is_cleared(client, stage, phone):
    raw = phone.seal(SAID)
    receipt_of(put(client, raw), raw)
    first = Report.objects.get()
    incident = stage.publish(stage.open(first)).incident
    said = {"follow_up_of": str(first.pk), "follow_up_kind": "correction", "text": "Never was."}
    report = locked_report(client, stage, phone, **said)
    assert report.state == "quarantined"
    assert Draft.objects.get(incident=incident).shaken_at is None
    steps.take_on_report(
        report, "clear", by=stage.people["security"], channel="page", reason="She confirmed it."
    )
    draft = Draft.objects.get(incident=incident)
    assert draft.shaken_at is not None
    assert [entry["cause"] for entry in draft.shaken_by] == ["corrected"]


def test_a_membership_that_ended_is_no_lock(client, stage, phone):
    phone.user.memberships.update(ends=timezone.now())
    raw = phone.seal(SAID)
    receipt_of(put(client, raw), raw)
    report = Report.objects.get()
    assert (report.state, report.from_locked_phone) == ("quarantined", False)
