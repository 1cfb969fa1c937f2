"""The door for envelopes: what a known phone signed is kept and receipted, whatever is inside."""

import json
import threading
import urllib.error
import urllib.request
import uuid
from datetime import timedelta
from unittest import mock

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import OperationalError
from django.utils import timezone

from elections.models import Election
from incidents import arriving, intake
from incidents.models import Answer, Event, RawReport, Report
from observers import keys
from observers.models import CheckIn, Device, Membership, SafetyCase, User
from tests.contracts.stage import build_stage
from tests.phones import SAID, Phone, put, receipt_of


@pytest.fixture
def stage(db):
    return build_stage("arriving")


@pytest.fixture
def phone(stage):
    return Phone(stage)


def kept():
    return RawReport.objects.get()


def test_a_report_is_kept_receipted_and_filed(client, phone):
    raw = phone.seal()
    millis = int(timezone.now().timestamp() * 1000)
    first = put(client, raw, **{"Dauys-Clock": str(millis)})
    assert first.status_code == 201
    report = Report.objects.get()
    assert receipt_of(first, raw)["ref"] == report.ref
    assert (report.text, report.device, report.device_seq) == (SAID["text"], phone.device, 1)
    assert abs(report.sent_clock.timestamp() * 1000 - millis) < 1
    assert (report.channel, report.state, report.author) == ("app", "received", phone.user)
    assert bytes(kept().body) == raw
    assert (kept().outcome, kept().envelope, kept().sealed) == ("filed", "report", False)
    again = put(client, raw, **{"Dauys-Clock": "garbage"})
    assert (again.status_code, again.content) == (200, first.content)
    assert Report.objects.count() == Event.objects.count() == 1


def _lock_device(phone, by):
    Device.objects.update(revoked_at=timezone.now(), revoked_by=by)


def _close_account(phone, by):
    User.objects.filter(pk=phone.user.pk).update(is_active=False)


def _end_membership(phone, by):
    Membership.objects.filter(user=phone.user).update(ends=timezone.now())


@pytest.mark.parametrize("lock", [_lock_device, _close_account, _end_membership])
def test_from_a_locked_phone_it_is_filed_in_quarantine_and_looks_the_same(
    client, stage, phone, lock
):
    before, after = phone.seal(), phone.seal(SAID | {"text": "Later."})
    first = put(client, before)
    lock(phone, stage.people["coordinator"])
    second = put(client, after)
    assert (first.status_code, second.status_code) == (201, 201)
    assert receipt_of(first, before).keys() == receipt_of(second, after).keys()
    assert dict(first.headers).keys() == dict(second.headers).keys()
    states = Report.objects.order_by("received_at").values_list("state", "ref")
    assert [state for state, _ref in states] == ["received", "quarantined"]
    assert second.json()["ref"] == states[1][1]
    # What had come before the lock keeps its receipt.
    assert put(client, before).content == first.content


def test_a_phone_no_server_knows_and_a_wrong_signature_get_one_answer(client, stage, phone):
    stranger = Phone(stage)
    raw = stranger.seal()
    stranger.device.delete()
    forged = phone.seal(by=ec.generate_private_key(keys.CURVE))
    other_device = phone.seal(device=Phone(stage).device.pk)
    altered = json.loads(phone.seal()) | {"seq": 99}
    browser = Phone(stage)
    Device.objects.filter(pk=browser.device.pk).update(kind="browser")
    answers = {
        (answer.status_code, answer.content)
        for answer in (
            put(client, one)
            for one in (
                raw,
                forged,
                other_device,
                json.dumps(altered).encode(),
                browser.seal(),
            )
        )
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 403
    assert not RawReport.objects.exists()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 415),  # without a body there is no type of it either
        (b" ", 400),
        (b"null", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"\x00" * 100, 400),
        (b'{"v": 1}', 400),
        (b"[" * 100_000, 400),
        (b" " * (256 * 1024 + 1), 413),
    ],
)
def test_what_is_no_envelope_is_refused_and_not_kept(client, phone, raw, status):
    assert put(client, raw, item=uuid.uuid4()).status_code == status
    assert not RawReport.objects.exists()


def test_the_address_names_the_envelope(client, phone):
    raw = phone.seal()
    assert put(client, raw, item=uuid.uuid4()).status_code == 400
    assert put(client, raw, item=json.loads(raw)["id"].upper()).status_code == 404
    assert put(client, raw, item="1").status_code == 404
    path = f"/api/v1/envelopes/{json.loads(raw)['id']}/"
    assert client.put(path, raw, content_type="text/plain").status_code == 415
    assert client.get(path).status_code == 405
    assert not RawReport.objects.exists()


@pytest.mark.parametrize(
    "inside",
    [
        {},
        {"text": 1},
        {"text": "x", "sevrity": 3},
        {"text": "x", "evidence": "photo"},
        {"category": "ACC01", "details": [], "danger": "observer"},
    ],
)
def test_what_is_sealed_but_no_report_gets_a_receipt_and_waits_for_the_desk(client, phone, inside):
    raw = phone.seal(inside)
    first = put(client, raw)
    assert first.status_code == 201
    assert receipt_of(first, raw)["ref"] is None
    assert kept().outcome == "refused"
    assert kept().problems
    assert put(client, raw).content == first.content
    assert not Report.objects.exists()


def test_odd_words_are_filed_as_they_can_be(client, phone):
    odd = {"text": "a\x00b\ud800", "danger": "\ud800", "evidence": [1, {}, None]}
    raw = phone.seal(odd)
    assert receipt_of(put(client, raw), raw)["ref"] == Report.objects.get().ref
    assert Report.objects.get().text == "ab"


def test_sealed_to_a_key_that_is_not_here(client, stage, phone):
    gone = keys.sealing_key(phone.election)
    raw = phone.seal(to=gone)
    keys.make(phone.election, anew=True)
    (keys._place() / f"sealing-{gone.id}.pem").unlink()
    assert receipt_of(put(client, raw), raw)["ref"] is None
    assert (kept().outcome, kept().sealed) == ("refused", False)
    client.force_login(stage.people["coordinator"])
    page = client.get("/desk/arrivals/", headers={"Accept-Language": "en"}).content.decode()
    assert "cannot be opened" in page
    assert json.loads(raw)["sealed"][:40] not in page


def test_a_key_that_was_replaced_still_opens_what_is_on_its_way(client, phone):
    raw = phone.seal()
    keys.make(phone.election, anew=True)
    assert receipt_of(put(client, raw), raw)["ref"]


def test_named_for_another_election_it_is_filed_where_the_phone_belongs(client, stage, phone):
    other = build_stage("elsewhere").election
    raw = phone.seal(SAID | {"election": other.slug})
    assert receipt_of(put(client, raw), raw)["ref"]
    report = Report.objects.get()
    assert (report.election, report.unresolved) == (stage.election, {"election": other.slug})


def test_other_content_under_one_id_is_kept_and_receipted_as_well(client, phone):
    first = phone.seal()
    second = phone.seal(SAID | {"text": "Else."}, item=uuid.UUID(json.loads(first)["id"]))
    assert receipt_of(put(client, first), first)["ref"]
    assert receipt_of(put(client, second), second)["ref"] is None
    assert sorted(RawReport.objects.values_list("outcome", flat=True)) == ["conflict", "filed"]
    assert Report.objects.get().text == SAID["text"]


def test_who_carries_an_envelope_cannot_multiply_it(client, phone):
    raw = phone.seal()
    receipt_of(put(client, raw), raw)
    spaced = json.dumps(json.loads(raw), indent=3).encode()
    again = put(client, spaced)
    assert again.status_code == 200
    assert receipt_of(again, spaced)["ref"] == Report.objects.get().ref
    assert RawReport.objects.count() == 1


def test_a_phone_that_contradicts_itself_without_end_costs_as_much_each_time(
    client, phone, monkeypatch
):
    item = uuid.uuid4()
    many = [phone.seal(SAID | {"text": str(n)}, item=item, seq=1) for n in range(30)]
    for raw in many:
        receipt_of(put(client, raw), raw)
    assert RawReport.objects.count() == 30
    looked = []
    same = arriving._same
    monkeypatch.setattr(arriving, "_same", lambda *given: looked.append(1) or same(*given))
    assert put(client, many[-1]).status_code == 200  # exactly these bytes are found at once
    assert looked == []
    assert put(client, phone.seal(item=item, seq=1)).status_code == 201
    assert len(looked) <= 2 * arriving.MOST_ALIKE


def test_security_only_stays_so(client, stage, phone):
    put(client, phone.seal({"text": "xyzzy", "audience": "security_only", "sevrity": 3}))
    for person, sees in (("coordinator", False), ("security", True)):
        client.force_login(stage.people[person])
        assert ("xyzzy" in client.get("/desk/arrivals/").content.decode()) is sees
    assert not RawReport.objects.visible_to(stage.people["coordinator"]).exists()
    assert RawReport.objects.visible_to(stage.people["security"]).exists()


def test_files_to_come_are_announced(client, phone):
    file = {"id": str(uuid.uuid4()), "sha256": "a" * 64, "size": 5_000_000, "type": "image/jpeg"}
    many = [file | {"id": str(uuid.uuid4())} for _n in range(20)]
    odd = [file, file, file | {"size": -1}, file | {"sha256": "x"}, file | {"id": 7}, "photo"]
    put(client, phone.seal(SAID | {"evidence": odd}))
    report = Report.objects.get()
    assert report.announced == [file]
    assert len(report.unresolved["evidence"]) == 5
    put(client, phone.seal(SAID | {"evidence": many}))
    assert max(len(r.announced) for r in Report.objects.all()) == 16


def test_a_follow_up_may_come_before_its_original(client, phone):
    original = phone.seal()
    follows = phone.seal(
        {
            "text": "Two men.",
            "follow_up_of": json.loads(original)["id"],
            "follow_up_kind": "outcome",
        }
    )
    put(client, follows)
    put(client, original)
    found = Report.objects.get(text="Two men.")
    assert (str(found.follow_up_of), found.follow_up_kind) == (
        json.loads(original)["id"],
        "outcome",
    )


@pytest.mark.parametrize(
    ("header", "year"),
    [
        ("0", 1970),
        ("1577836800000", 2020),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("9" * 15, None),
        ("9" * 99, None),
        ("١٢٣", None),
    ],
)
def test_a_phone_may_have_any_clock(header, year):
    found = arriving.read_clock(header)
    assert (found and found.year) == year


# --- Answers, check-ins, files ----------------------------------------------------------------


def test_an_answer_comes_to_its_question_once(client, stage, phone):
    report = stage.file(by=phone.user)
    asked = stage.ask(report)
    inside = {"report": str(report.pk), "question": str(asked.pk), "text": "Two men."}
    raw = phone.seal(inside, kind="answer")
    for _time in range(2):
        assert receipt_of(put(client, raw), raw)["ref"] is None
    answer = Answer.objects.get()
    assert (str(answer.pk), answer.text) == (json.loads(raw)["id"], "Two men.")


@pytest.mark.parametrize(
    "change", [{"question": "1"}, {"text": ""}, {"report": str(uuid.uuid4())}]
)
def test_an_answer_to_nothing_waits_for_the_desk(client, stage, phone, change):
    report = stage.file(by=phone.user)
    inside = {"report": str(report.pk), "question": str(stage.ask(report).pk), "text": "Yes."}
    raw = phone.seal(inside | change, kind="answer")
    receipt_of(put(client, raw), raw)
    assert RawReport.objects.get(envelope="answer").outcome == "refused"
    assert not Answer.objects.exists()


def test_somebody_elses_question_is_not_answered(client, stage, phone):
    report = stage.file(by=stage.people["other_observer"])
    inside = {"report": str(report.pk), "question": str(stage.ask(report).pk), "text": "Yes."}
    receipt_of(put(client, raw := phone.seal(inside, kind="answer")), raw)
    assert not Answer.objects.exists()


def test_an_answer_from_a_locked_phone_is_for_security(client, stage, phone):
    report = stage.file(by=phone.user)
    inside = {"report": str(report.pk), "question": str(stage.ask(report).pk), "text": "Yes."}
    _lock_device(phone, stage.people["coordinator"])
    receipt_of(put(client, raw := phone.seal(inside, kind="answer")), raw)
    assert not Answer.objects.exists()
    waiting = RawReport.objects.filter(envelope="answer")
    assert waiting.visible_to(stage.people["security"]).exists()
    assert not waiting.visible_to(stage.people["coordinator"]).exists()


def test_a_check_in_and_a_call_for_help(client, stage, phone):
    raw = phone.seal({"kind": "arrived", "station": "7"}, kind="check_in")
    for _time in range(2):
        receipt_of(put(client, raw), raw)
    here = CheckIn.objects.get()
    assert (here.station, here.user, here.device) == (stage.station, phone.user, phone.device)
    assert Event.objects.filter(verb="check_in").count() == 1
    raw = phone.seal({"kind": "sos", "latitude": 43.2, "longitude": "east"}, kind="check_in")
    receipt_of(put(client, raw), raw)
    report = Report.objects.get()
    assert report.pk == uuid.uuid5(uuid.UUID(json.loads(raw)["id"]), "sos")
    assert (report.danger, report.urgent) == ("observer", True)
    assert SafetyCase.objects.get().user == phone.user


@pytest.mark.parametrize("inside", [{}, {"kind": "tired"}, {"kind": 7}, {"kind": ["well"]}])
def test_a_check_in_of_no_known_kind_waits_for_the_desk(client, phone, inside):
    receipt_of(put(client, raw := phone.seal(inside, kind="check_in")), raw)
    assert RawReport.objects.get().outcome == "refused"


def test_a_check_in_of_a_locked_phone_counts_nowhere(client, stage, phone):
    _lock_device(phone, stage.people["coordinator"])
    receipt_of(put(client, raw := phone.seal({"kind": "sos"}, kind="check_in")), raw)
    assert CheckIn.objects.get().quarantined
    assert not SafetyCase.objects.exists()


def test_a_file_by_this_way_is_kept_and_marked(client, stage, phone):
    raw = phone.seal({"content_key": "hunter2"}, kind="evidence")
    receipt_of(put(client, raw), raw)
    assert kept().outcome == "refused"
    client.force_login(stage.people["security"])
    page = client.get("/desk/arrivals/").content.decode()
    assert "no file came with it" in page
    assert "hunter2" not in page


# --- When something gives way -----------------------------------------------------------------


def test_what_could_not_be_filed_at_once_is_filed_by_the_clock(client, phone, monkeypatch):
    raw = phone.seal()
    with mock.patch.object(intake, "file_opened", side_effect=OperationalError("away")):
        first = put(client, raw)
    assert first.status_code == 201
    assert receipt_of(first, raw)["ref"] is None
    assert kept().outcome == "arrived"
    assert arriving.take_up_arrived() == 0  # its request may still run
    monkeypatch.setattr(intake, "PATIENCE", timedelta(0))
    assert arriving.take_up_arrived() == 1
    assert arriving.take_up_arrived() == 0
    again = receipt_of(put(client, raw), raw)
    assert again["ref"] == Report.objects.get().ref


def test_without_the_key_of_receipts_phones_are_told_to_wait(client, phone, settings, tmp_path):
    raw = phone.seal()
    settings.KEYS_DIR = tmp_path
    assert put(client, raw).status_code == 503
    assert not RawReport.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["report", "check_in"])
def test_twenty_at_once_are_one(live_server, kind):
    phone = Phone(build_stage("parallel"))
    raw = phone.seal({"kind": "well"} if kind == "check_in" else SAID, kind=kind)
    url = f"{live_server.url}/api/v1/envelopes/{json.loads(raw)['id']}/"
    together, answers = threading.Barrier(20), []

    def send():
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, raw, headers, method="PUT")
        together.wait()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answers.append((answer.status, json.load(answer)["sha256"]))
        except urllib.error.HTTPError as error:
            answers.append((error.code, error.read()))

    senders = [threading.Thread(target=send) for _n in range(20)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(status for status, _said in answers) == [200] * 19 + [201], answers
    assert len({said for _status, said in answers}) == 1
    assert RawReport.objects.get().outcome == "filed"
    assert Event.objects.count() == 1
    assert (Report if kind == "report" else CheckIn).objects.count() == 1
    assert Election.objects.count() == 1
