"""Twenty phones, or one phone twenty times: one row and one receipt."""

import json
import threading
import urllib.request
import uuid

import pytest

from incidents.models import RawReport, Report
from observers import tokens
from tests.walking import person

BODY = json.dumps({"category": "ACC01", "text": "Не пустили.", "region": "KZ-ALA"}).encode()


def send(url: str, token: str, body: bytes, together: threading.Barrier, into: list) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method="PUT")
    together.wait()
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            into.append((answer.status, json.load(answer)))
    except urllib.error.HTTPError as error:
        into.append((error.code, json.load(error)))


@pytest.mark.django_db(transaction=True)
def test_twenty_parallel_puts_of_one_report_make_one_row_and_one_receipt(live_server):
    _token, text = tokens.create(person("observer"), name="phone", scopes=["reports:write"])
    url = f"{live_server.url}/api/v1/reports/{uuid.uuid4()}/"
    together, answers = threading.Barrier(20), []
    senders = [
        threading.Thread(target=send, args=(url, text, BODY, together, answers)) for _ in range(20)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(status for status, _receipt in answers) == [200] * 19 + [201], answers
    assert len({json.dumps(receipt, sort_keys=True) for _status, receipt in answers}) == 1
    assert Report.objects.count() == 1
    assert RawReport.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_contents_under_one_id_one_is_filed_and_both_are_kept(live_server):
    _token, text = tokens.create(person("observer"), name="phone", scopes=["reports:write"])
    url = f"{live_server.url}/api/v1/reports/{uuid.uuid4()}/"
    together, answers = threading.Barrier(10), []
    other = BODY.replace(b"ACC01", b"ACC02")
    senders = [
        threading.Thread(target=send, args=(url, text, body, together, answers))
        for body in (BODY, other) * 5
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(status for status, _receipt in answers) == [200] * 4 + [201] + [409] * 5
    assert Report.objects.count() == 1
    assert RawReport.objects.count() == 2
