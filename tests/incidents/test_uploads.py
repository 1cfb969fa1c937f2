"""Files of phones: by tus, resumed after any cut, kept sealed, once and whole."""

import base64
import hashlib
import io
import json
import stat
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image

from incidents import intake
from incidents.evidence import attaching, finishing, places, sealing, uploading
from incidents.models import Event, Evidence, Upload
from observers import keys
from observers.models import Device
from tests.camera import phone, receipt_of
from tests.contracts.stage import build_stage

pytestmark = pytest.mark.django_db


def picture(size=(64, 48), kind="JPEG"):
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, kind)
    return out.getvalue()


PHOTO = picture((200, 150))


@pytest.fixture
def stage(db):
    return build_stage("uploads")


@pytest.fixture
def camera(stage):
    return phone(stage.people["observer"], stage.election)


def report_of(person, **said):
    body = json.dumps({"text": "We were not let in.", **said}).encode()
    return intake.file_report(by=person, report_id=uuid.uuid4(), raw=body, channel="app").report


@pytest.fixture
def report(stage):
    return report_of(stage.people["observer"])


def test_a_file_in_pieces_becomes_evidence_of_its_report(camera, report):
    sealed = camera.seal(PHOTO, report=report.pk, name="C:\\photos\\IMG_1.jpg")
    begun = camera.begin(sealed)
    assert begun.status_code == 201, begun.content
    assert begun["Location"].endswith(sealed.path)
    assert begun["Upload-Offset"] == "0"
    done = camera.send(sealed, piece=5000)
    assert done.status_code == 204
    receipt = receipt_of(done)
    assert receipt["id"] == str(sealed.id)
    assert receipt["sha256"] == hashlib.sha256(sealed.envelope).hexdigest()
    members = (receipt[name] or "" for name in ("id", "sha256", "received_at", "ref"))
    said = "\n".join(["dauys-receipt-1", *members])
    public = keys.receipt_key().private.public_key()
    assert keys.verifies(public, receipt["signature"], said.encode())

    evidence = Evidence.objects.get()
    assert (evidence.pk, evidence.report, evidence.sha256) == (sealed.id, report, sealed.sha256)
    assert (evidence.media_type, evidence.size) == ("image/jpeg", len(PHOTO))
    assert evidence.name_as_given == "IMG_1.jpg"
    line = Event.objects.get(verb="receive_evidence")
    assert (line.report, line.actor) == (report, report.author)
    assert line.after["sha256"] == sealed.sha256

    original = places.root() / evidence.original.name
    assert stat.S_IMODE(original.stat().st_mode) == 0o440
    assert PHOTO[:40] not in original.read_bytes()
    with sealing.opened(original) as (_inside, contents):
        assert b"".join(contents) == PHOTO
    assert not places.part(sealed.id).exists()
    # Asked again, by a phone that never heard the answer: the same receipt, nothing twice.
    repeated = camera.patch(sealed, len(sealed.body), b"")
    for again in (camera.head(sealed), camera.begin(sealed), repeated):
        assert again.status_code in {200, 204}
        assert receipt_of(again)["received_at"] == receipt["received_at"]
    assert Evidence.objects.count() == 1


def test_beginning_again_tells_how_far_it_came(camera, report):
    sealed = camera.seal(PHOTO, report=report.pk)
    camera.begin(sealed)
    assert camera.patch(sealed, 0, sealed.body[:1000])["Upload-Offset"] == "1000"
    again = camera.begin(sealed)
    assert (again.status_code, again["Upload-Offset"]) == (200, "1000")
    other = camera.seal(PHOTO, report=report.pk, item=sealed.id)
    assert camera.begin(other).status_code == 409
    assert camera.head(sealed)["Upload-Offset"] == "1000"


def test_a_wrong_offset_is_refused_and_nothing_moves(camera, report):
    sealed = camera.seal(PHOTO, report=report.pk)
    camera.begin(sealed)
    camera.patch(sealed, 0, sealed.body[:1000])
    for offset in (0, 999, 1001):
        assert camera.patch(sealed, offset, b"x" * 10).status_code == 409
    assert camera.patch(sealed, 1000, sealed.body[1000:] + b"x").status_code == 413
    assert camera.head(sealed)["Upload-Offset"] == "1000"
    assert camera.send(sealed).status_code == 204


class Broken:
    """A connection that breaks after these bytes."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)

    def read(self, _size):
        if not self.pieces:
            raise OSError("the connection broke")
        return self.pieces.pop(0)


def test_what_arrived_before_a_cut_stays(camera, report):
    sealed = camera.seal(PHOTO, report=report.pk)
    camera.begin(sealed)
    source = Broken(sealed.body[:700], sealed.body[700:900])
    with pytest.raises(uploading.Cut):
        uploading.append(uploading.find(sealed.id), offset=0, source=source)
    assert camera.head(sealed)["Upload-Offset"] == "900"
    assert camera.send(sealed).status_code == 204


def test_bytes_beyond_the_offset_were_never_acknowledged(camera, report):
    """The server died after writing and before the row: the piece comes again."""
    sealed = camera.seal(PHOTO, report=report.pk)
    camera.begin(sealed)
    camera.patch(sealed, 0, sealed.body[:1000])
    with places.part(sealed.id).open("ab") as part:
        part.write(b"never acknowledged")
    assert camera.head(sealed)["Upload-Offset"] == "1000"
    assert camera.send(sealed).status_code == 204
    assert Evidence.objects.get().sha256 == sealed.sha256


def test_two_at_once_are_one(camera, report):
    sealed = camera.seal(PHOTO, report=report.pk)
    camera.begin(sealed)
    with places.alone_with(places.part(sealed.id)):
        refused = camera.patch(sealed, 0, sealed.body)
        assert (refused.status_code, refused["Retry-After"]) == (423, "2")
    assert camera.patch(sealed, 0, sealed.body).status_code == 204


def test_a_part_that_was_begun_anew_meanwhile_is_not_written_to(tmp_path, monkeypatch):
    """Opened, then replaced by somebody who held it, then locked: these bytes would be nowhere."""
    part = tmp_path / "part"
    locking = places.fcntl.flock

    def late(body, how):
        part.unlink()
        locking(body, how)

    monkeypatch.setattr(places.fcntl, "flock", late)
    with pytest.raises(places.Busy), places.alone_with(part):
        pass


def test_a_piece_changed_on_its_way_is_not_kept(camera, report):
    sealed = camera.seal(PHOTO, report=report.pk)
    camera.begin(sealed)
    piece = sealed.body[:1000]
    for name in ("sha1", "sha256"):
        good = base64.b64encode(hashlib.new(name, piece).digest()).decode()
        said = {"HTTP_UPLOAD_CHECKSUM": f"{name} {good}"}
        changed = piece[:-1] + bytes([piece[-1] ^ 1])
        assert camera.patch(sealed, 0, changed, **said).status_code == 460
        assert camera.head(sealed)["Upload-Offset"] == "0"
    assert camera.patch(sealed, 0, piece, **said).status_code == 204
    bad = {"HTTP_UPLOAD_CHECKSUM": "md5 xxxx"}
    assert camera.patch(sealed, 1000, piece, **bad).status_code == 400


def test_what_is_not_the_announced_file_starts_over_and_its_report_stands(camera, report):
    sealed = camera.seal(PHOTO, report=report.pk)
    camera.begin(sealed)
    wrong = bytearray(sealed.body)
    wrong[5000] ^= 1
    answer = camera.patch(sealed, 0, bytes(wrong))
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/file-differs/")
    assert not Evidence.objects.exists()
    assert camera.head(sealed)["Upload-Offset"] == "0"
    assert camera.send(sealed).status_code == 204
    lying = camera.seal(PHOTO, report=report.pk, sha256="0" * 64)
    assert camera.send(lying).status_code == 422


def test_a_server_that_died_before_the_row_finishes_at_the_next_question(camera, report):
    for death in ("whole", "moved"):
        sealed = camera.seal(picture(), report=report.pk)
        camera.begin(sealed)
        upload = uploading.append(
            uploading.find(sealed.id), offset=0, source=io.BytesIO(sealed.body)
        )
        assert upload.finished_at is None
        if death == "moved":
            places.move(places.part(sealed.id), places.root() / attaching.original(sealed.id))
        assert finishing.finish_waiting() == 1
        assert "Dauys-Receipt" in camera.head(sealed).headers
        assert Evidence.objects.filter(pk=sealed.id).exists()


def test_a_file_waits_for_its_report_and_for_nobody_elses(camera, stage):
    item = uuid.uuid4()
    early = camera.seal(picture(), report=item)
    assert camera.send(early).status_code == 204
    assert attaching.attach_waiting() == 0
    intake.file_report(
        by=stage.people["observer"], report_id=item, raw=b'{"text": "late"}', channel="app"
    )
    assert attaching.attach_waiting() == 1
    assert Evidence.objects.get().report_id == item

    foreign = report_of(stage.people["other_observer"])
    planted = camera.seal(picture(), report=foreign.pk)
    assert "Dauys-Receipt" in camera.send(planted).headers
    assert attaching.attach_waiting() == 0
    assert not foreign.evidence.exists()
    assert Upload.objects.get(pk=planted.id).attached_at is None


def test_a_file_twice_in_a_report_is_one(camera, report, django_capture_on_commit_callbacks):
    first, second = (camera.seal(PHOTO, report=report.pk) for _ in range(2))
    camera.send(first)
    with django_capture_on_commit_callbacks(execute=True):
        assert "Dauys-Receipt" in camera.send(second).headers
    assert Evidence.objects.get().pk == first.id
    assert not (places.root() / attaching.original(second.id)).exists()


@pytest.mark.parametrize("locked", ["device", "person", "membership"])
def test_a_locked_phone_keeps_its_files(camera, report, locked):
    begun, fresh = (camera.seal(picture(), report=report.pk) for _ in range(2))
    camera.begin(begun)
    if locked == "device":
        Device.objects.update(revoked_at=timezone.now())
    elif locked == "person":
        type(report.author).objects.filter(pk=report.author_id).update(is_active=False)
    else:
        report.author.memberships.all().delete()
    answers = [
        camera.begin(fresh),
        camera.begin(begun),
        camera.patch(begun, 0, begun.body),
        camera.head(begun),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert Upload.objects.get().offset == 0


def test_who_did_not_sign_begins_nothing(camera, stage, report):
    stranger = phone(stage.people["other_observer"], stage.election)
    stranger.device = camera.device  # says so, and signs with another key
    assert stranger.begin(stranger.seal(PHOTO, report=report.pk)).status_code == 403
    unknown = phone(stage.people["observer"], stage.election)
    sealed = unknown.seal(PHOTO, report=report.pk)
    unknown.device.delete()
    assert unknown.begin(sealed).status_code == 403
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"report": "no id"},
        {"sha256": "abc"},
        {"size": -1},
        {"size": True},
        {"content_key": "c2hvcnQ"},
        {"chunk_size": 1},
        {"chunk_size": 10**9},
        {"size": 10**12},
    ],
)
def test_an_envelope_that_says_nonsense_is_refused(camera, report, changes):
    answer = camera.begin(camera.seal(PHOTO, **{"report": report.pk} | changes))
    assert answer.status_code in {400, 413}
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"HTTP_UPLOAD_LENGTH": "1"}, 400),
        ({"HTTP_UPLOAD_LENGTH": "-1"}, 400),
        ({"HTTP_UPLOAD_LENGTH": "9" * 100}, 400),
        ({"HTTP_UPLOAD_LENGTH": "١٢"}, 400),
        ({"HTTP_UPLOAD_METADATA": ""}, 400),
        ({"HTTP_UPLOAD_METADATA": "envelope !!!"}, 400),
        ({"HTTP_UPLOAD_METADATA": "envelope e30="}, 400),
        ({"HTTP_TUS_RESUMABLE": "0.2.2"}, 412),
    ],
)
def test_broken_headers_are_refused_with_a_problem(camera, report, headers, status):
    answer = camera.begin(camera.seal(PHOTO, report=report.pk), **headers)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Tus-Resumable"] == "1.0.0"


def test_a_file_over_the_limit_and_one_too_many_are_refused(camera, report, settings, monkeypatch):
    settings.EVIDENCE_LIMIT = 1000
    assert camera.begin(camera.seal(bytes(1000), report=report.pk)).status_code == 201
    assert camera.begin(camera.seal(bytes(1001), report=report.pk)).status_code == 413
    monkeypatch.setattr(uploading, "MOST_UNFINISHED", 1)
    refused = camera.begin(camera.seal(bytes(10), report=report.pk))
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")


def test_without_room_no_file_is_begun_and_text_goes_on(camera, stage, report, monkeypatch):
    sealed = camera.seal(PHOTO, report=report.pk)
    camera.begin(sealed)
    monkeypatch.setattr(places, "ROOM_TO_BEGIN", 1.01)
    refused = camera.begin(camera.seal(PHOTO, report=report.pk))
    assert (refused.status_code, refused["Retry-After"]) == (507, "600")
    assert camera.begin(sealed).status_code == 200
    monkeypatch.setattr(places, "ROOM_TO_GO_ON", 1.01)
    assert camera.patch(sealed, 0, sealed.body).status_code == 507
    assert report_of(stage.people["observer"]).pk


def test_options_say_what_is_understood(client):
    answer = client.options("/api/v1/uploads/")
    assert answer.status_code == 204
    assert answer["Tus-Version"] == answer["Tus-Resumable"] == "1.0.0"
    assert answer["Tus-Extension"] == "creation,expiration,checksum"
    assert int(answer["Tus-Max-Size"]) >= 200 * 1024 * 1024


def test_an_upload_nobody_went_on_with_is_swept(camera, report):
    old, new = (camera.seal(picture(), report=report.pk) for _ in range(2))
    for sealed in (old, new):
        camera.begin(sealed)
        camera.patch(sealed, 0, sealed.body[:100])
    long_ago = timezone.now() - uploading.KEPT_FOR - timedelta(hours=1)
    Upload.objects.filter(pk=old.id).update(touched_at=long_ago)
    assert uploading.sweep() == 1
    assert not places.part(old.id).exists()
    assert camera.head(old).status_code == 404
    assert camera.send(new).status_code == camera.send(old).status_code == 204


def test_without_its_key_the_server_signs_nothing_and_loses_nothing(camera, report):
    sealed = camera.seal(PHOTO, report=report.pk)
    camera.begin(sealed)
    key = Path(keys.settings.KEYS_DIR) / "receipt.pem"
    hidden = key.rename(key.with_suffix(".away"))
    try:
        answer = camera.patch(sealed, 0, sealed.body)
    finally:
        hidden.rename(key)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "Dauys-Receipt" in camera.head(sealed).headers
    assert Evidence.objects.get().pk == sealed.id
