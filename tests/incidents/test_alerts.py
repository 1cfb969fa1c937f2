"""Who is told at once: raised once for one cause, until a person accepts it."""

import base64
import hashlib
import hmac
import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from incidents import alerts, delivering, posting, steps
from incidents.errors import NotAllowed
from incidents.models import Alert, AlertDelivery, Draft, Event, Incident, Referral, Report
from tests.contracts.stage import build_stage
from tests.receivers import tls_receiver

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def stage(db):
    return build_stage("alerts")


@pytest.fixture
def receiver(tmp_path):
    with tls_receiver(tmp_path) as made:
        yield made.url, made.context, made


@pytest.fixture
def mailed(settings):
    settings.ALERT_EMAIL_TO = ["security@example.org"]


def raised(rule=None):
    rows = Alert.objects.filter(rule=rule) if rule else Alert.objects.all()
    return list(rows.order_by("raised_at"))


def waiting(person):
    return list(Alert.objects.visible_to(person).waiting().values_list("rule", flat=True))


# --- At once ---------------------------------------------------------------------------------


def test_danger_is_told_of_with_the_report_and_once(stage):
    report = stage.file(danger="observer")
    incident = stage.open(report)
    stage.take(incident, "edit", "coordinator", changes={"title": "Another title"})
    stage.take(incident, "edit", "coordinator", changes={"title": "A third title"})
    assert [(a.rule, a.report_id) for a in raised()] == [("danger", report.pk)]


def test_the_same_report_sent_twice_raises_one_alert(stage):
    from incidents import intake

    body = json.dumps({"text": "Help.", "danger": "observer"}).encode()
    one = uuid.uuid4()
    for _ in range(2):
        intake.file_report(by=stage.people["observer"], report_id=one, raw=body, channel="api")
    assert len(raised()) == 1


def test_a_critical_incident_is_told_of_whichever_way_it_became_one(stage):
    graded, edited = stage.open(), stage.open(stage.file(category="DET01"))
    stage.take(graded, "grade", "coordinator", severity=4)
    stage.take(edited, "edit", "coordinator", changes={"details": {"injury": "yes"}})
    stage.take(edited, "edit", "coordinator", changes={"title": "Still critical"})
    assert [(a.rule, a.incident_id) for a in raised()] == [
        ("critical", graded.pk),
        ("critical", edited.pk),
    ]


def test_a_step_that_is_refused_raises_nothing(stage):
    incident = stage.open()
    with pytest.raises(NotAllowed):
        stage.take(incident, "grade", "editor", severity=4)
    assert raised() == []


# --- By the clock ----------------------------------------------------------------------------


def test_what_waits_too_long_is_told_of_once_for_each_due_time(stage, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    report = stage.file()
    assert alerts.overdue() == 0
    time_machine.shift(timedelta(minutes=31))
    assert [alerts.overdue(), alerts.overdue()] == [1, 0]
    report.seen_at = timezone.now()
    from incidents import workflow

    workflow.mark_seen(Report.objects.get(pk=report.pk), by=stage.people["coordinator"])
    assert alerts.overdue() == 0
    time_machine.shift(timedelta(hours=2))
    assert [alerts.overdue(), alerts.overdue()] == [1, 0]
    assert {a.rule for a in raised()} == {"overdue_report"}


def test_an_incident_that_moves_and_waits_again_is_told_of_again(stage, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    incident = stage.open()
    time_machine.shift(timedelta(minutes=31))
    assert alerts.overdue() == 1
    stage.take(incident, "claim", "coordinator")
    assert alerts.overdue() == 0
    time_machine.shift(timedelta(minutes=121))
    assert alerts.overdue() == 1
    assert len(raised("overdue_incident")) == 2


def test_what_waits_no_longer_needs_nobody_to_accept_it(stage, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    report = stage.file()
    time_machine.shift(timedelta(minutes=31))
    alerts.overdue()
    coordinator = stage.people["coordinator"]
    assert waiting(coordinator) == ["overdue_report"]
    steps.take_on_report(report, "dismiss", by=coordinator, channel="page", reason="A test.")
    alerts.overdue()
    assert waiting(coordinator) == []


def test_a_referral_without_an_answer_and_a_publication_without_its_source(stage, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    incident = stage.publish().incident
    Referral.objects.create(
        incident=incident,
        body="police",
        referred_by=stage.people["coordinator"],
        due_at=timezone.now() + timedelta(minutes=5),
    )
    assert alerts.overdue() == 0
    time_machine.shift(timedelta(minutes=6))
    Draft.objects.filter(incident=incident).update(shaken_at=timezone.now())
    assert [alerts.overdue(), alerts.overdue()] == [2, 0]
    assert {a.rule for a in raised()} == {"overdue_referral", "rests_on"}


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-400), timedelta(hours=-3)])
def test_a_clock_that_jumps_raises_neither_twice_nor_never(stage, time_machine, jump):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    before = stage.file()
    time_machine.shift(jump)
    during = stage.file()
    alerts.overdue()
    time_machine.shift(-jump)
    for _ in range(3):
        time_machine.shift(timedelta(minutes=31))
        alerts.overdue()
    assert [Alert.objects.filter(report=row).count() for row in (before, during)] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_raise_it_once(settings):
    settings.ALERT_EMAIL_TO = ["security@example.org"]
    stage = build_stage(f"clocks-{uuid.uuid4().hex[:6]}")
    for _ in range(5):
        stage.file()
    later, barrier, failed = timezone.now() + timedelta(hours=9), threading.Barrier(2), []

    def play():
        barrier.wait()
        try:
            alerts.overdue(later)
        except Exception as error:  # noqa: BLE001  whatever it is fails the test
            failed.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=play) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert Alert.objects.count() == 5
    assert AlertDelivery.objects.filter(channel="email").count() == 5


# --- Who sees it -----------------------------------------------------------------------------


def test_of_a_sealed_report_only_security_learns_and_nothing_leaves(stage, mailed, settings):
    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = "https://example.org/", SECRET
    stage.file(danger="observer", audience="security_only")
    assert waiting(stage.people["security"]) == ["danger"]
    for person in ("coordinator", "editor", "observer"):
        assert waiting(stage.people[person]) == []
    assert list(AlertDelivery.objects.values_list("channel", flat=True)) == ["page"]
    assert delivering.deliver() == 0
    assert mail.outbox == []


def page(stage, person, path="/desk/", **headers):
    client = Client()
    client.force_login(stage.people[person])
    return client.get(path, headers=headers)


def test_the_banner_is_on_every_desk_page_of_who_may_read_it(stage):
    report = stage.file(danger="observer", audience="security_only")
    for path in ("/desk/", "/desk/drafts/", "/desk/alerts/"):
        assert report.ref in page(stage, "security", path).content.decode()
        assert report.ref not in page(stage, "coordinator", path).content.decode()
    part = page(stage, "security", "/desk/alerts/", **{"HX-Request": "true"}).content.decode()
    assert report.ref in part
    assert "<html" not in part


def test_accepting_ends_it_for_everybody_and_history_names_who(stage):
    stage.file(danger="observer")
    alert = raised()[0]
    client = Client()
    client.force_login(stage.people["coordinator"])
    for back in ("/desk/", "https://elsewhere.example/"):
        found = client.post(f"/desk/alerts/{alert.pk}/accept/", {"back": back})
        assert found.status_code == 303
        assert found["Location"].startswith("/desk/")
    assert waiting(stage.people["security"]) == []
    line = Event.objects.get(verb="accept_alert")
    assert (line.actor, line.report_id) == (stage.people["coordinator"], alert.report_id)


def test_an_alert_of_what_one_may_not_read_is_not_there(stage):
    stage.file(danger="observer", audience="security_only")
    alert = raised()[0]
    client = Client()
    client.force_login(stage.people["coordinator"])
    assert client.post(f"/desk/alerts/{alert.pk}/accept/").status_code == 404
    with pytest.raises(NotAllowed):
        alerts.accept(alert, by=stage.people["coordinator"])
    assert waiting(stage.people["security"]) == ["danger"]


# --- Out of the house ------------------------------------------------------------------------


def test_a_mail_says_rule_reference_and_link_and_nothing_else(stage, mailed):
    report = stage.file(danger="observer", text="SECRET", place="SECRET", station="7")
    assert delivering.deliver() == 1
    sent = mail.outbox[0]
    assert sent.to == ["security@example.org"]
    assert report.ref in sent.subject
    whole = sent.message().as_string()
    assert f"/desk/reports/{report.pk}/" in sent.body
    for private in ("SECRET", "KZ-ALA", stage.people["observer"].username, "ACC01"):
        assert private not in whole


def test_the_mail_about_danger_comes_again_until_a_person_accepts(stage, mailed, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    stage.file(danger="observer")
    assert [delivering.deliver(), delivering.deliver()] == [1, 0]
    for _ in range(2):
        time_machine.shift(timedelta(minutes=5))
        assert delivering.deliver() == 1
    assert len({m.extra_headers["Message-ID"] for m in mail.outbox}) == 3
    alerts.accept(raised()[0], by=stage.people["coordinator"])
    time_machine.shift(timedelta(minutes=5))
    assert delivering.deliver() == 0


def test_a_rehearsal_says_that_it_is_one(stage, mailed):
    type(stage.election).objects.update(is_rehearsal=True)
    stage.file(danger="observer")
    delivering.deliver()
    assert mail.outbox[0].subject.startswith("Rehearsal: ")


def test_other_mail_comes_once(stage, mailed, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    stage.take(stage.open(), "grade", "coordinator", severity=4)
    assert delivering.deliver() == 1
    time_machine.shift(timedelta(days=2))
    assert delivering.deliver() == 0


def test_what_fails_is_tried_again_later_with_the_same_id(stage, mailed, settings, time_machine):
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    stage.take(stage.open(), "grade", "coordinator", severity=4)
    for tries in range(6):
        assert delivering.deliver() == 0
        time_machine.shift(timedelta(seconds=30 * 2**tries))
    row = AlertDelivery.objects.get(channel="email")
    assert (row.attempts, row.last_error, row.delivered_at) == (6, "ConnectionRefusedError", None)
    settings.EMAIL_BACKEND = working
    assert delivering.deliver() == 1
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<{row.pk}@")


def test_a_clock_that_went_back_does_not_put_a_delivery_off_for_ever(stage, mailed, time_machine):
    time_machine.move_to("2031-01-10T06:00:00Z", tick=False)
    stage.take(stage.open(), "grade", "coordinator", severity=4)
    time_machine.move_to("2021-01-10T06:00:00Z", tick=False)
    assert delivering.deliver() == 1


@pytest.mark.django_db(transaction=True)
def test_two_carriers_at_once_send_it_once(settings):
    settings.ALERT_EMAIL_TO = ["security@example.org"]
    stage = build_stage(f"carry-{uuid.uuid4().hex[:6]}")
    for _ in range(4):
        stage.file(danger="observer")
    barrier = threading.Barrier(2)

    def play():
        barrier.wait()
        try:
            delivering.deliver()
        finally:
            connection.close()

    threads = [threading.Thread(target=play) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(mail.outbox) == 4


def test_a_webhook_that_may_not_be_called_is_kept_and_tells_no_secret(stage, settings, caplog):
    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = "https://127.0.0.1/hook", SECRET
    stage.file(danger="observer")
    assert delivering.deliver() == 0
    row = AlertDelivery.objects.get(channel="webhook")
    assert (row.attempts, row.delivered_at) == (1, None)
    assert row.last_error == "the address is not on the open internet"
    assert "127.0.0.1" not in caplog.text
    assert SECRET not in caplog.text


def test_a_receiver_gets_a_signed_message_with_a_stable_id(stage, settings, receiver, monkeypatch):
    url, context, got = receiver
    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = url, SECRET
    real = posting.post
    monkeypatch.setattr(
        posting,
        "post",
        lambda *args: real(*args, reachable=lambda address: True, context=context),
    )
    report = stage.file(danger="observer", text="SECRET", station="7")
    got.answers[:] = [500, 302, 200]
    now = timezone.now()
    assert [delivering.deliver(now + timedelta(hours=n)) for n in range(4)] == [0, 0, 1, 0]
    row = AlertDelivery.objects.get(channel="webhook")
    assert {headers["webhook-id"] for headers, _body in got.requests} == {str(row.pk)}
    headers, body = got.requests[-1]
    signed = f"{row.pk}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"k" * 32, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    said = json.loads(body)
    assert set(said) == {"type", "id", "ref", "raised_at", "url", "rehearsal"}
    assert (said["type"], said["ref"]) == ("alert.danger", report.ref)
    assert b"SECRET" not in body


def test_lowering_below_four_and_raising_again_is_the_same_cause(stage):
    incident = stage.open()
    for severity in (4, 3, 4):
        stage.take(incident, "grade", "coordinator", severity=severity, reason="As known now.")
    assert len(raised("critical")) == 1
    assert Incident.objects.get(pk=incident.pk).severity == 4


def test_the_banner_shows_every_danger_and_few_of_the_rest(stage):
    for _ in range(5):
        stage.file(danger="observer")
    for rule in ("overdue_report", "overdue_incident"):
        Alert.objects.create(
            key=rule,
            election=stage.election,
            rule=rule,
            report=Report.objects.latest("received_at"),
        )
    client = Client()
    client.force_login(stage.people["coordinator"])
    page = client.get("/desk/drafts/").content.decode()
    assert page.count("<b>A report waits too long") == 0
    assert page.count('class="danger-word">A person is in danger') == 5
    assert "All alerts" in page
