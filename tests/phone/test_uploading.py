"""Files of a phone: words first, pieces that fit the line, resumed after anything, once."""

import base64
import hashlib
import re
import time

import pytest
from django.db import connection

from incidents import envelopes
from incidents.models import Evidence, Report, Upload
from incidents.vocabulary import EnvelopeKind

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
API = re.compile(r".*/api/v1/(envelopes|uploads)/.*")
SEND = """
const body = new Uint8Array(given).map((_, at) => at * 31 + (at >> 8));
body.set([0xff, 0xd8, 0xff, 0xe0]);
const file = new File([body], 'photo.jpg', { type: 'image/jpeg' });
const heard = [];
const onProgress = (share) => heard.push(share);
await outbox.send('report', { text: 'With a photo.' }, [file], { onProgress });
return [bytes.base64(body), heard];
"""


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


class Line:
    """What goes over the line, and what a test has happen at the n-th request."""

    def __init__(self, page):
        self.asked, self.at = [], {}
        page.route(API, self.between)

    def between(self, route):
        request = route.request
        self.asked.append((request.method, "/uploads/" in request.url))
        fault = self.at.pop(len(self.asked), None)
        return fault(route) if fault else route.continue_()


def reset(route):
    route.abort("connectionreset")


def lost(route):
    route.fetch()
    route.abort("connectionreset")


def half(route):
    """The line is cut in the middle of a piece."""
    body = route.request.post_data_buffer
    route.fetch(post_data=body[: len(body) // 2])
    route.abort("connectionreset")


def gone(route):
    """Nobody went on with it for two weeks."""
    Upload.objects.all().delete()
    connection.close()  # what the browser calls runs in a context of its own, and has its own
    route.continue_()


def moved(route):
    route.fulfill(
        status=409,
        json={"type": "/api/v1/problems/conflict/"},
        content_type="application/problem+json",
    )


def unfounded(route):
    """Says it has everything, with a receipt of somebody else."""
    answer = route.fetch()
    headers = answer.headers | {"dauys-receipt": "e30=", "upload-offset": "7"}
    route.fulfill(status=answer.status, headers=headers)


def test_words_go_first_and_a_file_survives_every_cut(phone):
    phone.become()
    line = Line(phone.page)
    sent, shares = phone.run(SEND, 900_000)
    assert shares[-1] == 1
    # 1 is the report, 2 the creation of the upload; then pieces.
    line.at = {2: lost, 4: reset, 7: lost, 9: half, 11: moved, 13: gone, 15: unfounded}
    phone.start()
    for _fault in range(40):
        if phone.run("return outbox.waiting().then(({ length }) => !length)"):
            break
        phone.nudge()
        phone.until("!lines.length || lines.some(({ state }) => state !== 'sending')")
    phone.until("lines.length === 0")
    assert line.at == {}, "not every fault came in the way"
    assert line.asked[0] == ("PUT", False)
    upload = Upload.objects.get()
    assert upload.finished_at
    found = envelopes.read(bytes(upload.envelope))
    assert found.kind == EnvelopeKind.EVIDENCE
    inside = found.open()
    report = Report.objects.get()
    assert inside["report"] == str(report.pk)
    assert len(phone.run("return vault.names('parts')")) == 0
    body = base64.b64decode(sent)
    assert inside["sha256"] == hashlib.sha256(body).hexdigest()
    assert Evidence.objects.get().sha256 == inside["sha256"]


def test_a_report_written_meanwhile_does_not_wait_for_a_film(phone):
    phone.become()
    line = Line(phone.page)
    phone.run(SEND, 600_000)
    begun = []

    def pass_on(route):
        begun.append(route)
        route.continue_()

    line.at = {4: pass_on}
    phone.start()
    while not begun:
        phone.page.wait_for_timeout(5)
    phone.send("check_in", {"kind": "sos"})
    phone.until("lines.length === 0")
    puts = [at for at, (method, _file) in enumerate(line.asked) if method == "PUT"]
    assert len(puts) == 2
    assert puts[1] < len(line.asked) - 2, "it went after the whole file"


SLOW = {"offline": False, "latency": 300, "downloadThroughput": 2500, "uploadThroughput": 2500}


def test_words_beside_a_large_photo_arrive_within_ten_seconds_at_20_kbit_a_second(phone):
    phone.become()
    phone.start()
    phone.run("await import('/static/js/phone/bytes.js')")
    line = phone.context.new_cdp_session(phone.page)
    line.send("Network.emulateNetworkConditions", SLOW)
    pieces = []
    phone.page.on("request", lambda asked: asked.method == "PATCH" and pieces.append(asked))
    for text in ("With a photo.", "While the photo is on its way."):
        began = time.monotonic()
        if pieces:
            phone.send("report", {"text": text})
        else:
            phone.run(SEND, 5_000_000)
        while not Report.objects.filter(text=text).exists():
            phone.page.wait_for_timeout(50)
            assert time.monotonic() - began < 10
        while not pieces:
            phone.page.wait_for_timeout(50)
    assert Upload.objects.get().offset < 100_000
