"""What becomes of a file: told by its content, redrawn apart, shown for minutes, never inline."""

import hashlib
import io
import subprocess
import sys
import uuid
from pathlib import Path

import pillow_heif
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from PIL import Image, TiffImagePlugin

from incidents.evidence import drawing, places, redrawing, showing, verifying
from incidents.evidence.showing import Purpose
from incidents.models import Event, Evidence, Report
from observers.models import User
from tests.camera import phone
from tests.contracts.stage import build_stage
from tests.incidents.test_uploads import picture, report_of

pytestmark = pytest.mark.django_db
pillow_heif.register_heif_opener()
CANARY = "KANAREIKA"


@pytest.fixture
def stage(db):
    return build_stage("evidence")


@pytest.fixture
def camera(stage):
    return phone(stage.people["observer"], stage.election)


@pytest.fixture
def sent(camera, stage):
    report = report_of(stage.people["observer"])

    def send(content, **said):
        sealed = camera.seal(content, report=report.pk, **said)
        assert "Dauys-Receipt" in camera.send(sealed).headers
        drawing.draw_waiting()
        return Evidence.objects.get(pk=sealed.id)

    return send


def client_of(stage, person):
    client = Client()
    client.force_login(stage.people[person])
    return client


def url(stage, evidence, purpose, person="coordinator"):
    return f"/desk/evidence/{showing.link(evidence.pk, purpose, to=stage.people[person])}/"


def body(answer):
    return b"".join(answer.streaming_content)


def telling(kind):
    """Sideways, with a position, an owner and a thumbnail."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x013B] = 6, f"{CANARY} make", f"{CANARY} owner"
    exif.get_ifd(0x8825).update(
        {1: "N", 2: tuple(TiffImagePlugin.IFDRational(n) for n in (43, 16, 18)), 29: CANARY}
    )
    out = io.BytesIO()
    said = {"exif": exif.tobytes(), "xmp": f"<x>{CANARY} xmp</x>".encode()}
    if kind == "JPEG":
        said["comment"] = f"{CANARY} comment".encode()
    Image.effect_noise((64, 48), 60).convert("RGB").save(out, kind, **said)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_a_clean_copy_has_pixels_and_nothing_else(sent, stage, kind):
    content = telling(kind)
    assert CANARY.encode() in content
    evidence = sent(content)
    assert (evidence.state, evidence.problem) == ("ready", "")
    answer = client_of(stage, "coordinator").get(url(stage, evidence, Purpose.PICTURE))
    clean = body(answer)
    assert int(answer["Content-Length"]) == len(clean)
    drawn = Image.open(io.BytesIO(clean))
    assert drawn.format == "JPEG"
    assert drawn.size == (48, 64)  # turned as the camera was held
    assert not drawn.getexif()
    assert set(drawn.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert CANARY.encode() not in clean
    lying = (places.root() / str(evidence.derivative)).read_bytes()
    assert clean[:40] not in lying  # sealed at rest, too
    assert Event.objects.filter(verb="redraw_evidence", report=evidence.report).count() == 1


def test_it_is_served_as_a_download_in_a_sandbox(sent, stage):
    evidence = sent(picture(), name=f"{CANARY}.html")
    coordinator = client_of(stage, "coordinator")
    for method, purpose in (("get", Purpose.PICTURE), ("post", Purpose.ORIGINAL)):
        answer = getattr(coordinator, method)(url(stage, evidence, purpose))
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith(
            f'attachment; filename="{evidence.report.ref}'
        )
        assert CANARY not in str(answer.headers)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer["Cache-Control"] == "no-store"


def test_an_original_is_taken_away_as_it_came_and_that_is_written_down(sent, stage):
    content = telling("JPEG")
    evidence = sent(content)
    answer = client_of(stage, "coordinator").post(url(stage, evidence, Purpose.ORIGINAL))
    assert body(answer) == content
    assert answer["Content-Type"] == "application/octet-stream"
    line = Event.objects.get(verb="open_original")
    assert (line.actor, line.report) == (stage.people["coordinator"], evidence.report)


def test_a_link_is_for_one_person_one_purpose_and_minutes(sent, stage, monkeypatch):
    evidence = sent(picture())
    shown, taken = (url(stage, evidence, purpose) for purpose in Purpose)
    coordinator = client_of(stage, "coordinator")
    assert coordinator.get(shown).status_code == 200
    assert coordinator.post(shown).status_code == 404
    assert coordinator.get(taken).status_code == 404
    assert coordinator.get(shown[:-3] + "xx/").status_code == 404
    assert coordinator.get("/desk/evidence/" + "x" * 5000 + "/").status_code == 404
    assert client_of(stage, "editor").get(shown).status_code == 404
    assert client_of(stage, "observer").get(shown).status_code == 403
    assert Client().get(shown).status_code == 302
    monkeypatch.setattr(showing, "LIVES", -1)
    assert coordinator.get(shown).status_code == 404
    again = coordinator.post(taken)
    assert again.status_code == 302
    assert again["Location"].startswith(f"/desk/reports/{evidence.report_id}/")
    assert not Event.objects.filter(verb="open_original").exists()


def test_whoever_is_out_sees_nothing_from_the_next_request(sent, stage):
    evidence = sent(picture())
    shown = url(stage, evidence, Purpose.PICTURE)
    coordinator = client_of(stage, "coordinator")
    assert coordinator.get(shown).status_code == 200
    stage.people["coordinator"].memberships.all().delete()
    assert coordinator.get(shown).status_code == 403
    User.objects.filter(pk=stage.people["coordinator"].pk).update(is_active=False)
    assert coordinator.get(shown).status_code == 302


def test_files_of_a_report_for_security_are_theirs_alone(camera, stage):
    report = report_of(stage.people["observer"], audience="security_only")
    sealed = camera.seal(picture(), report=report.pk)
    camera.send(sealed)
    drawing.draw_waiting()
    evidence = Evidence.objects.get()
    for person, status in (("coordinator", 404), ("security", 200)):
        where = url(stage, evidence, Purpose.PICTURE, person)
        assert client_of(stage, person).get(where).status_code == status


BAD = {
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "refused"),
    "html": (b"<!DOCTYPE html><script>alert(1)</script>", "refused"),
    "zip": (b"PK\x03\x04" + bytes(60), "refused"),
    "exe": (b"MZ" + bytes(200), "refused"),
    "empty": (b"", "refused"),
    "cut": (picture((200, 150))[:3000], "refused"),
    "only a head": (b"\xff\xd8\xff\xe0" + b"<script>alert(1)</script>" * 9, "refused"),
    "pdf": (b"%PDF-1.7\n" + bytes(200), "kept"),
    "amr": (b"#!AMR\n" + bytes(200), "kept"),
    "3gp": (b"\0\0\0\x18ftyp3gp4" + bytes(200), "kept"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_kept_and_never_shown(sent, stage, name):
    content, state = BAD[name]
    evidence = sent(content, name="IMG_1.jpg", type="image/jpeg")
    assert evidence.state == state
    coordinator, security = client_of(stage, "coordinator"), client_of(stage, "security")
    assert coordinator.get(url(stage, evidence, Purpose.PICTURE)).status_code == 404
    taken = coordinator.post(url(stage, evidence, Purpose.ORIGINAL))
    assert taken.status_code == (200 if state == "kept" else 403)
    kept = security.post(url(stage, evidence, Purpose.ORIGINAL, "security"))
    assert kept.status_code == 200
    assert body(kept) == content
    page = coordinator.get(f"/desk/reports/{evidence.report_id}/").content.decode()
    assert "/desk/evidence/" in page if state == "kept" else "/desk/evidence/" not in page


def test_the_process_that_redraws_is_limited():
    """It has no way to this project, little memory and little time."""
    limits = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); import redrawing;"
        "redrawing.limit(); print(resource.getrlimit(resource.RLIMIT_AS)[0],"
        "resource.getrlimit(resource.RLIMIT_CPU)[0], 'django' in sys.modules)"
    )
    folder = str(Path(redrawing.__file__).parent)
    said = subprocess.run(
        [sys.executable, "-I", "-c", limits, folder], capture_output=True, check=True
    )
    assert said.stdout.split() == [str(512 * 1024**2).encode(), b"10", b"False"]


def test_pages_tell_what_has_arrived_and_what_has_not(camera, stage):
    contents = [picture((40 + n, 40)) for n in range(3)]
    first = report_of(stage.people["observer"])
    names = [{"sha256": hashlib.sha256(content).hexdigest()} for content in contents]
    report = Report.objects.create(
        id=uuid.uuid4(),
        ref="EVIDENCE-ANNOUNCED",
        election=stage.election,
        author=first.author,
        channel="app",
        sha256="0" * 64,
        announced=[*names, "nonsense", {"sha256": 5}],
    )
    coordinator = client_of(stage, "coordinator")
    page = f"/desk/reports/{report.pk}/"
    for number, content in enumerate(contents):
        assert (
            f"{number} of 3 announced files have arrived."
            in coordinator.get(page).content.decode()
        )
        camera.send(camera.seal(content, report=report.pk))
    drawing.draw_waiting()
    html = coordinator.get(page).content.decode()
    assert "announced files" not in html
    assert html.count('<img src="/desk/evidence/') == 3
    assert html.count("Download the original") == 3
    incident = stage.open(report)
    whole = coordinator.get(f"/desk/incidents/{incident.ref}/").content.decode()
    assert whole.count('<img src="/desk/evidence/') == 3


def test_every_original_is_read_again(sent, capsys):
    first, second = sent(picture()), sent(picture((30, 30)))
    call_command("verify_evidence")
    assert "2 originals hold." in capsys.readouterr().out
    file = places.root() / str(first.original)
    file.chmod(0o600)
    changed = bytearray(file.read_bytes())
    changed[-20] ^= 1
    file.write_bytes(changed)
    (places.root() / str(second.original)).unlink()
    with pytest.raises(CommandError, match="2 of 2"):
        call_command("verify_evidence")
    said = capsys.readouterr().err
    assert str(first.pk) in said
    assert "missing" in said
    assert sum(found is not None for found in verifying.verify()) == 2
