"""Twenty phones, or one phone twenty times: one row and one receipt."""

import json
import threading
import urllib.request
import uuid

import pytest

from incidents.models import Answer, Event, RawReport, Report
from observers import tokens
from tests.walking import filed_report, person, step_on

BODY = json.dumps({"category": "ACC01", "text": "Не пустили.", "region": "KZ-ALA"}).encode()


def send(
    url: str, token: str, body: bytes, together: threading.Barrier, into: list, method: str = "PUT"
) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method=method)
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


@pytest.mark.django_db(transaction=True)
def test_ten_parallel_sends_of_one_answer_make_one_row_and_one_line_of_history(live_server):
    report = filed_report()
    step_on(report, "ask", question="Who was there?")
    _token, text = tokens.create(report.author, name="phone", scopes=["reports:write"])
    url = f"{live_server.url}/api/v1/reports/{report.pk}/answers/"
    asked = str(report.questions.get().pk)
    body = json.dumps({"id": str(uuid.uuid4()), "question": asked, "text": "Two men."}).encode()
    together, answers = threading.Barrier(10), []
    senders = [
        threading.Thread(target=send, args=(url, text, body, together, answers, "POST"))
        for _ in range(10)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(status for status, _receipt in answers) == [200] * 9 + [201], answers
    assert Answer.objects.count() == 1
    assert Event.objects.filter(verb="answer").count() == 1
