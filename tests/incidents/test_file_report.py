"""The one door through which reports enter."""

import hashlib
import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from incidents import intake
from incidents.errors import Conflict, Invalid, NotAllowed, Refused, TooLarge
from incidents.models import Event, RawReport, Report
from observers.models import Device, Membership
from observers.roles import Role
from tests.contracts.stage import build_stage

SAID = {"category": "ACC01", "text": "We were not let in.", "region": "KZ-ALA"}


@pytest.fixture
def stage(db):
    return build_stage("intake")


def send(stage, body, *, report_id=None, by=None, **more):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return intake.file_report(
        by=by or stage.people["observer"],
        report_id=report_id or uuid.uuid4(),
        raw=raw,
        channel="api",
        **more,
    )


def test_a_report_is_kept_raw_filed_and_told_in_history(stage):
    receipt = send(stage, SAID)
    assert receipt.created
    assert receipt.report.region == stage.city
    assert receipt.report.team == stage.people["observer"].memberships.get().team
    assert json.loads(RawReport.objects.get().text) == SAID
    assert Event.objects.get().verb == "file_report"
    assert Event.objects.get().report == receipt.report


def test_the_same_report_sent_again_gets_the_same_receipt(stage):
    report_id = uuid.uuid4()
    first = send(stage, SAID, report_id=report_id)
    again = send(stage, json.dumps(SAID, indent=2).encode(), report_id=report_id)
    assert (first.created, again.created) == (True, False)
    assert first.as_dict() == again.as_dict()
    assert Report.objects.count() == Event.objects.count() == 1


def test_other_content_under_the_same_id_is_a_conflict_and_both_are_kept(stage):
    report_id = uuid.uuid4()
    send(stage, SAID, report_id=report_id)
    with pytest.raises(Conflict):
        send(stage, SAID | {"text": "Something else."}, report_id=report_id)
    assert Report.objects.get().text == SAID["text"]
    kept = RawReport.objects.get(outcome="conflict")
    assert "Something else." in kept.text


def test_an_id_taken_by_another_person_reveals_nothing(stage):
    report_id = uuid.uuid4()
    send(stage, SAID, report_id=report_id)
    with pytest.raises(Conflict):
        send(stage, SAID, report_id=report_id, by=stage.people["other_observer"])


@pytest.mark.parametrize("role", ["editor", "partner", "admin"])
def test_only_observers_and_the_desk_file_reports(stage, role):
    with pytest.raises(NotAllowed):
        send(stage, SAID, by=stage.people[role])
    assert not RawReport.objects.exists()


def test_an_ended_membership_files_nothing(stage):
    Membership.objects.filter(role=Role.OBSERVER).update(ends="2021-01-09T00:00+06:00")
    with pytest.raises(NotAllowed):
        send(stage, SAID)


def test_what_means_nothing_here_is_kept_as_typed(stage):
    odd = SAID | {
        "station": "№ 999",
        "region": "RU-MOW",
        "category": "ACC99",
        "danger": "maybe",
        "audience": "nobody",
        "occurred_start": "0001-01-01T00:00:00Z",
        "occurred_end": "9999-12-31T23:59:59-12:00",
        "persons_min": 12,
        "persons_max": 3,
        "latitude": 95,
        "longitude": 400,
        "follow_up_of": "the one before",
    }
    report = send(stage, odd).report
    assert report.station is None
    assert report.station_as_typed == "№ 999"
    for field in odd:
        if field not in ("text",):
            assert field in report.unresolved, field
    assert report.category == ""
    # An unknown word is taken for the cautious reading.
    assert (report.danger, report.audience) == ("observer", "security_only")
    assert (report.persons_min, report.occurred_start, report.latitude) == (None, None, None)


def test_a_station_is_found_by_number_and_brings_its_region(stage):
    report = send(stage, {"text": "x", "station": "№ 007"}).report
    assert report.station == stage.station
    assert report.region == stage.city
    assert report.unresolved == {}


def test_a_time_without_offset_is_local_to_the_election(stage):
    report = send(stage, SAID | {"occurred_start": "2021-01-10T11:05"}).report
    assert report.occurred_start.isoformat() == "2021-01-10T05:05:00+00:00" or (
        report.occurred_start.utcoffset().total_seconds() == 6 * 3600
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (SAID | {"sevrity": 3}, "sevrity"),
        (SAID | {"text": 123}, "text"),
        (SAID | {"details": []}, "details"),
        (SAID | {"persons_min": True}, "persons_min"),
        (SAID | {"election": "no-such"}, "election"),
        ({}, "text"),
        ({"text": "   "}, "text"),
        ([], ""),
        ("text", ""),
    ],
)
def test_a_program_that_sends_the_wrong_form_is_told_and_its_bytes_are_kept(stage, body, field):
    with pytest.raises(Invalid) as refusal:
        send(stage, body)
    assert field in refusal.value.errors
    assert RawReport.objects.get().outcome == "refused"
    assert not Report.objects.exists()


def test_an_unknown_field_names_the_nearest(stage):
    with pytest.raises(Invalid) as refusal:
        send(stage, SAID | {"categry": "ACC01"})
    assert "category" in str(refusal.value.errors["categry"][0])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"text": "a", "text": "b"}',
        b'{"persons_min": 1e999, "text": "x"}',
        b'{"persons_min": NaN, "text": "x"}',
        b"null",
    ],
)
def test_bytes_that_are_no_report_are_refused_and_kept(stage, raw):
    with pytest.raises(Refused) as refusal:
        send(stage, raw)
    assert refusal.value.status == 400
    assert bytes(RawReport.objects.get().body) == raw


def test_ten_megabytes_are_refused_unread(stage):
    with pytest.raises(TooLarge):
        send(stage, SAID | {"text": "я" * 10_000_000})
    assert not RawReport.objects.exists()


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b", "a\\u202eb", "a\\u0007b"])
def test_characters_no_one_typed_are_dropped_and_the_report_is_marked(stage, text):
    report = send(stage, f'{{"text": "{text}"}}'.encode()).report
    assert report.text.replace(" ", "") == "ab"
    assert "text" in report.unresolved


def test_a_long_text_is_cut_in_the_reading_and_whole_in_the_raw(stage):
    report = send(stage, {"text": "б" * 21_000}).report
    assert len(report.text) == 20_000
    assert "text" in report.unresolved
    assert "б" * 21_000 in json.loads(RawReport.objects.get().text)["text"]


def test_a_report_from_a_revoked_device_is_quarantined_with_a_normal_receipt(stage):
    device = Device.objects.create(
        user=stage.people["observer"], label="phone", revoked_at="2021-01-10T00:00+06:00"
    )
    receipt = send(stage, SAID, device=device)
    assert receipt.created
    assert receipt.report.state == "quarantined"


def test_a_failure_while_filing_leaves_the_bytes_and_nothing_else(stage, monkeypatch):
    """As if the server had died between understanding and filing."""

    def dies(*args, **kwargs):
        raise OSError("the power is gone")

    monkeypatch.setattr("incidents.history.record", dies)
    report_id = uuid.uuid4()
    with pytest.raises(OSError, match="power"):
        send(stage, SAID, report_id=report_id)
    assert not Report.objects.exists()
    monkeypatch.undo()
    assert send(stage, SAID, report_id=report_id).created


def arrived(stage, body, minutes=2) -> RawReport:
    """Kept, and then the server died."""
    return RawReport.objects.create(
        report_id=uuid.uuid4(),
        author=stage.people["observer"],
        channel="app",
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
        received_at=timezone.now() - timedelta(minutes=minutes),
    )


def test_what_had_arrived_when_the_server_died_is_filed_without_its_sender(stage):
    body = json.dumps(SAID).encode()
    kept, running = arrived(stage, body), arrived(stage, body, minutes=0)
    unreadable = arrived(stage, b"{")
    assert intake.take_up_arrived() == 1
    assert Report.objects.get().pk == kept.report_id
    outcomes = {raw.pk: raw.outcome for raw in RawReport.objects.all()}
    assert outcomes == {kept.pk: "filed", running.pk: "arrived", unreadable.pk: "refused"}
    assert intake.take_up_arrived() == 0
    again = intake.file_report(by=kept.author, report_id=kept.report_id, raw=body, channel="app")
    assert not again.created


def test_one_arrival_that_cannot_be_filed_does_not_hold_up_the_next(stage, monkeypatch):
    first, second = arrived(stage, b'{"text": "one"}', 9), arrived(stage, b'{"text": "two"}', 5)
    real = intake.interpret

    def fails_on_one(payload, *, election):
        if payload["text"] == "one":
            raise OSError("the disk is full")
        return real(payload, election=election)

    monkeypatch.setattr(intake, "interpret", fails_on_one)
    assert intake.take_up_arrived() == 1
    assert Report.objects.get().pk == second.report_id
    first.refresh_from_db()
    assert first.outcome == "arrived"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("text", 5, "Must be text."),
        ("persons_min", "5", "Must be a whole number."),
        ("latitude", "43", "Must be a number."),
        ("details", [], "Must be an object of answers."),
    ],
)
def test_a_wrong_type_is_named_in_words(stage, field, value, sentence):
    with pytest.raises(Invalid) as refusal:
        send(stage, SAID | {field: value})
    assert [str(line) for line in refusal.value.errors[field]] == [sentence]


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_one_report_with_one_receipt():
    stage = build_stage("twenty")
    report_id, receipts, failures = uuid.uuid4(), [], []

    def work():
        try:
            receipts.append(send(stage, SAID, report_id=report_id))
        except Exception as error:  # noqa: BLE001 - told to the test below
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [r.created for r in receipts].count(True) == 1
    assert len({json.dumps(r.as_dict()) for r in receipts}) == 1
    assert Report.objects.count() == RawReport.objects.count() == 1
