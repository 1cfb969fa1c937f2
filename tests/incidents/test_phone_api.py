"""A phone's journey: it enrols, proves who it is, reads what is its own, and nothing else."""

import json
import uuid
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from django.core.signing import TimestampSigner
from django.utils import timezone

from elections.models import Station
from incidents import fieldwork, steps
from incidents.errors import NotAllowed, WrongState
from incidents.models import Event, Question
from observers import keys, proving
from observers.models import Device, Membership, User
from tests.contracts.stage import build_stage
from tests.phones import Phone, point_of, put

ME, OWN = "/api/v1/devices/me/", "/api/v1/reports/"


@pytest.fixture
def stage(db):
    return build_stage("phones")


@pytest.fixture
def phone(stage):
    return Phone(stage)


def invite(stage, user="observer"):
    by, user = stage.people["coordinator"], stage.people[user]
    return fieldwork.invite(by=by, user=user, election=stage.election, channel="page")[1]


def enrol(client, secret, private=None, **more):
    private = private or ec.generate_private_key(keys.CURVE)
    body = {"secret": secret, "public_key": point_of(private), "label": "Nokia"} | more
    return client.post("/api/v1/devices/", body, content_type="application/json")


# --- Enrolment --------------------------------------------------------------------------------


def test_a_phone_enrols_and_sends(client, stage):
    private = ec.generate_private_key(keys.CURVE)
    secret = invite(stage)
    answer = enrol(client, secret, private)
    assert answer.status_code == 201
    said = answer.json()
    assert said["election"] == stage.election.slug
    assert said["sealing_key"]["public"] == keys.to_text(keys.sealing_key(stage.election).point)
    assert said["receipt_key"]["public"] == keys.to_text(keys.receipt_key().point)
    again = enrol(client, secret, private)
    assert (again.status_code, again.json()) == (200, said)
    assert list(Event.objects.values_list("verb", flat=True).order_by("seq")) == [
        "invite",
        "enrol",
    ]
    phone = Phone(stage)
    phone.device.delete()
    phone.device, phone.private = Device.objects.get(), private
    assert put(client, phone.seal()).status_code == 201


@pytest.mark.parametrize("secret", ["", "x", "0" * 26, "\x00", "\ud800", "9" * 300])
def test_a_guess_learns_nothing(client, stage, secret):
    invite(stage)
    answer = enrol(client, secret)
    assert answer.status_code in (400, 403)
    assert len(secret) < 2 or secret not in answer.content.decode()
    if answer.status_code == 403:
        assert answer.json()["type"].endswith("/enrolment-not-valid/")
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"secret": 7, "public_key": "", "label": ""}',
        '{"secret": ["a"], "public_key": {}, "label": null}',
        '{"secret": "a", "public_key": "b", "label": "c", "more": 1}',
        '{"secret": "' + "a" * 300_000 + '"}',
    ],
)
def test_odd_bodies_are_refused(client, stage, body):
    answer = client.post("/api/v1/devices/", body, content_type="application/json")
    assert answer.status_code in (400, 413)


def test_a_point_that_is_none_spends_nothing(client, stage):
    secret = invite(stage)
    answer = enrol(client, secret, public_key="AAAA")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "public_key")
    assert secret not in answer.content.decode()
    assert enrol(client, secret).status_code == 201


def test_a_third_phone_is_refused_with_a_sentence(client, stage):
    for _phone in range(2):
        assert enrol(client, invite(stage)).status_code == 201
    with pytest.raises(WrongState, match="Lock one"):
        invite(stage)
    with pytest.raises(NotAllowed):
        fieldwork.invite(
            by=stage.people["observer"],
            user=stage.people["other_observer"],
            election=stage.election,
            channel="page",
        )


def test_who_tries_on_and_on_has_to_wait(client, stage):
    statuses = [enrol(client, "0" * 26).status_code for _try in range(61)]
    assert statuses == [403] * 60 + [429]
    cache.clear()


def test_logs_tell_nothing_of_it(client, stage, phone, caplog):
    caplog.set_level("DEBUG")
    secret = invite(stage)
    enrol(client, secret, public_key="AAAA")
    enrol(client, secret)
    enrol(client, secret)
    raw = phone.seal({"text": "KANAREIKA", "sevrity": 1})
    for one in (
        raw,
        phone.seal({}, kind="answer"),
        phone.seal(by=ec.generate_private_key(keys.CURVE)),
    ):
        put(client, one)
    phone.gets(client, ME)
    client.get(ME, headers={"Authorization": phone.signs("GET", OWN)})
    said = "\n".join(record.getMessage() for record in caplog.records if "sql" not in vars(record))
    for word in (secret, secret.lower(), "KANAREIKA", json.loads(raw)["sealed"], "Dauys-Device"):
        assert word not in said


# --- Proving ----------------------------------------------------------------------------------


def test_a_signed_request_reads_what_is_its_own(client, stage, phone):
    mine, _other = stage.file(by=phone.user), stage.file(by=stage.people["other_observer"])
    answer = phone.gets(client, f"{OWN}?limit=5")
    assert [row["ref"] for row in answer.json()["results"]] == [mine.ref]
    assert phone.gets(client, ME).json()["device"]["id"] == str(phone.device.pk)
    Device.objects.get(last_seen_at__isnull=False)


def _other_path(phone):
    return phone.signs("GET", OWN)


def _other_method(phone):
    return phone.signs("HEAD", ME)


def _stale(phone):
    old = TimestampSigner(salt="observers.proving")
    old.timestamp = lambda: proving._signer.timestamp()[:-1] + "0"
    return phone.signs("GET", ME, challenge=old.sign("x").replace("x", "y", 1))


def _own_challenge(phone):
    return phone.signs("GET", ME, challenge="made:by:myself")


def _other_key(phone):
    phone.private = ec.generate_private_key(keys.CURVE)
    return phone.signs("GET", ME)


def _unknown(phone):
    return phone.signs("GET", ME).replace(str(phone.device.pk), str(uuid.uuid4()))


def _garbage(phone):
    return "Dauys-Device é.\x01.." + "A" * 10_000


WRONG = [_other_path, _other_method, _stale, _own_challenge, _other_key, _unknown, _garbage]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_proves_nothing_gets_one_answer(client, phone, wrong):
    answer = client.get(ME, headers={"Authorization": wrong(phone)})
    assert answer.status_code == 401
    assert "could not prove" in answer.json()["detail"]
    assert answer["WWW-Authenticate"].startswith("Dauys-Device")


def test_a_challenge_lives_two_minutes_of_the_servers_clock(client, phone, monkeypatch):
    said = client.get("/api/v1/devices/challenge/")
    assert said["Cache-Control"] == "no-store"
    signed = phone.signs("GET", ME, challenge=said.json()["challenge"])
    assert client.get(ME, headers={"Authorization": signed}).status_code == 200
    monkeypatch.setattr(proving, "LIVES", timedelta(seconds=-1))
    assert client.get(ME, headers={"Authorization": signed}).status_code == 401


def _lock_device(phone):
    Device.objects.filter(pk=phone.device.pk).update(revoked_at=timezone.now())


def _close_account(phone):
    User.objects.filter(pk=phone.user.pk).update(is_active=False)


def _end_membership(phone):
    Membership.objects.filter(user=phone.user).update(ends=timezone.now())


@pytest.mark.parametrize("lock", [_lock_device, _close_account, _end_membership])
@pytest.mark.parametrize("path", [ME, OWN])
def test_a_lock_holds_from_the_next_request_on(client, phone, lock, path):
    assert phone.gets(client, path).status_code == 200
    lock(phone)
    assert phone.gets(client, path).status_code == 401
    assert put(client, phone.seal()).status_code == 201


# --- Own reports ------------------------------------------------------------------------------


def row_of(client, phone, labels="en"):
    answer = phone.gets(client, f"{OWN}?labels={labels}")
    assert answer.status_code == 200, answer.content
    (row,) = answer.json()["results"]
    return row


def test_the_fate_of_a_report(client, stage, phone):
    file = {"id": str(uuid.uuid4()), "sha256": "a" * 64, "size": 5, "type": "image/jpeg"}
    report = stage.file(by=phone.user, evidence=[file])
    row = row_of(client, phone)
    assert row["fate"] == "Nobody has read it yet."
    assert (row["state"], row["closed_reason"], row["seen_at"]) == ("received", None, None)
    assert row["files"] == {"announced": 1, "arrived": 0}
    asked = stage.ask(report)
    row = row_of(client, phone, "ru")
    assert [question["text"] for question in row["questions"]] == [asked.text]
    assert "рочита" in row["fate"]
    assert Question.objects.get().shown_at
    by = stage.people["coordinator"]
    steps.take_on_report(report, "dismiss", by=by, channel="page", reason="A test.")
    row = row_of(client, phone)
    assert (row["state"], row["closed_reason"]) == ("dismissed", "A test.")
    assert "A test." in row["fate"]
    assert "We were not let in." not in json.dumps(row)


def test_quarantine_does_not_show(client, stage, phone):
    report = stage.file(by=phone.user)
    before = row_of(client, phone)
    type(report).objects.filter(pk=report.pk).update(state="quarantined", state_reason="Taken.")
    after = row_of(client, phone)
    assert after == before
    assert "uarantin" not in json.dumps(after)


# --- Reference --------------------------------------------------------------------------------


def test_the_reference_of_a_phone(client, stage, phone, django_assert_max_num_queries):
    far = Station.objects.create(
        election=stage.election, region=stage.other_region, commission="KZ-YUZ", number="9"
    )
    mine = Membership.objects.get(user=phone.user)
    mine.stations.add(far)
    mine.regions.add(stage.city)
    phone.gets(client, ME)
    with django_assert_max_num_queries(12):
        answer = phone.gets(client, f"{ME}?labels=kk")
    said = answer.json()
    assert said["election"]["poll_day"] == "2021-01-10"
    assert said["observer"] == {"team": "Pair"}
    assert [row[0] for row in said["stations"]] == ["KZ-YUZ:9", "KZ-ALA:7"]
    assert [row[6] for row in said["stations"]] == [1, 0]
    assert {"KZ-ALA", "KZ-YUZ"} <= {region["code"] for region in said["regions"]}
    codes = {code for group in said["groups"] for code in group["categories"]}
    assert codes == set(said["categories"])
    assert max(len(one["questions"]) for one in said["categories"].values()) == 4
    assert str(phone.user.pk) not in answer.content.decode()
    unchanged = phone.gets(client, f"{ME}?labels=kk", **{"If-None-Match": answer["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    changed = phone.gets(client, f"{ME}?labels=ru", **{"If-None-Match": answer["ETag"]})
    assert changed.status_code == 200
    assert phone.gets(client, f"{ME}?labels=de").status_code == 400


def test_a_whole_country_of_stations_fits_a_thin_wire(client, stage, phone):
    made = [
        Station(
            election=stage.election,
            region=stage.city,
            commission="KZ-ALA",
            number=f"{number:04}",
            name_ru=f"Школа-гимназия № {number % 190}",
            latitude=43 + number * 0.00137 % 1,
            longitude=76 + number * 0.00731 % 1,
        )
        for number in range(1600)
    ]
    for station in made:
        station.make_findable()
    Station.objects.bulk_create(made)
    answer = phone.gets(client, f"{ME}?labels=ru", **{"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) <= 40 * 1024
    tag = answer["ETag"]
    again = phone.gets(client, f"{ME}?labels=ru", **{"If-None-Match": tag})
    assert again.status_code == 304
