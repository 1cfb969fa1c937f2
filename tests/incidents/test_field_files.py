"""Files of the plain form: sealed here, and nothing typed is lost for them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from incidents.evidence import drawing, places, sealing
from incidents.models import Evidence, Report
from incidents.views import field_files
from observers import keys
from tests import walking
from tests.incidents.test_field_report import FORM, page, send
from tests.incidents.test_uploads import picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def observer():
    client = Client()
    client.force_login(walking.person("observer"))
    keys.make(walking.the_election())
    return client


def file(content, name="IMG_1.jpg"):
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def test_a_photo_of_the_plain_form_is_sealed_hashed_and_redrawn(observer):
    content = picture()
    hidden = page(observer)
    for _twice in range(2):
        typed = {**hidden, "step": "send", "text": "Нас не пустили.", "files": [file(content)]}
        answer = observer.post(FORM, typed)
        assert answer.status_code == 302
    evidence = Evidence.objects.get()
    assert evidence.report == Report.objects.get()
    original = places.root() / str(evidence.original)
    assert content[:40] not in original.read_bytes()
    assert sealing.digest(original) == (evidence.sha256, len(content))
    drawing.draw_waiting()
    evidence.refresh_from_db()
    assert evidence.state == "ready"


def test_what_is_too_much_is_named_and_the_report_stands(observer, monkeypatch):
    monkeypatch.setattr(field_files, "TOGETHER", 40_000)
    large, small = b"\xff\xd8\xff" + bytes(50_000), picture((20, 20))
    answer = send(observer, text="x", files=[file(large), file(small)])
    assert Evidence.objects.get().size == len(small)
    assert "1 file was not taken" in observer.get(answer["Location"]).content.decode()
    answer = send(observer, text="y", files=[file(picture((9, n))) for n in range(5, 10)])
    assert Report.objects.get(text="y").evidence.count() == 4
    assert "1 file was not taken" in observer.get(answer["Location"]).content.decode()


def test_no_room_is_told_and_the_report_stands(observer, monkeypatch):
    monkeypatch.setattr(places, "ROOM_TO_BEGIN", 1.01)
    answer = send(observer, text="x", files=[file(picture())])
    assert Report.objects.get().text == "x"
    assert "no room for files" in observer.get(answer["Location"]).content.decode()


def test_a_page_that_comes_back_asks_for_the_files_again(observer):
    html = send(observer, persons_min="many", files=[file(picture())]).content.decode()
    assert "choose them again" in html
    assert not Evidence.objects.exists()
    assert "choose them again" not in observer.get(FORM).content.decode()
