"""Notes, questions and answers, referrals: what people say beside the facts, on page and desk."""

import json
import re
import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents import workflow
from incidents.errors import Invalid, NotAllowed, Stale, WrongState
from incidents.models import Answer, Event, Incident, Note, Question, Referral, Report
from tests import walking

pytestmark = pytest.mark.django_db


def signed_in(who, number: int = 1) -> Client:
    client = Client()
    client.force_login(walking.person(who, number=number))
    return client


def page(subject, who="coordinator") -> str:
    kind = "incidents" if isinstance(subject, Incident) else "reports"
    key = subject.ref if isinstance(subject, Incident) else subject.pk
    answer = signed_in(who).get(f"/desk/{kind}/{key}/")
    assert answer.status_code == 200
    return answer.content.decode()


def post(subject, step, who="coordinator", **data):
    kind = "incidents" if isinstance(subject, Incident) else "reports"
    key = subject.ref if isinstance(subject, Incident) else subject.pk
    return signed_in(who).post(f"/desk/{kind}/{key}/steps/{step}/", data)


def noted(incident, text="Called back.", by="coordinator") -> Note:
    walking.take(incident, "note", by, text=text)
    return Note.objects.filter(incident=incident).latest("written_at")


def in_hours(hours: float) -> str:
    return (timezone.now() + timedelta(hours=hours)).isoformat()


def referred(incident, **data) -> Referral:
    walking.take(incident, "refer", **({"body": "police", "due_at": in_hours(5)} | data))
    return Referral.objects.filter(incident=incident).latest("referred_at")


def late(referral, hours: float = 3) -> None:
    Referral.objects.filter(pk=referral.pk).update(due_at=timezone.now() - timedelta(hours=hours))


def asked(report=None, question="Who was there?") -> Question:
    report = report or walking.filed_report()
    walking.step_on(report, "ask", question=question)
    return report.questions.latest("asked_at")


def answered(question, text="Two men.", answer_id=None) -> Answer:
    return workflow.answer(
        question,
        by=question.report.author,
        answer_id=answer_id or uuid.uuid4(),
        text=text,
        channel="page",
    ).answer


# --- Notes ------------------------------------------------------------------------------------


def test_a_note_is_kept_though_the_incident_changed_meanwhile():
    incident = walking.opened()
    walking.take(incident, "claim")
    assert post(incident, "note", version="1", text="Seen late.").status_code == 303
    assert post(incident, "note", text="With no version.").status_code == 303
    assert "Seen late." in page(incident)


def test_a_note_makes_nobody_elses_save_stale():
    incident = walking.opened()
    noted(incident)
    now = Incident.objects.get(pk=incident.pk)
    assert now.version == incident.version
    assert now.changed_at > incident.changed_at
    walking.take(incident, "claim", version=incident.version)


def test_a_note_is_not_among_what_differs():
    incident = walking.opened()
    late = incident.version
    walking.take(incident, "claim")
    noted(incident)
    with pytest.raises(Stale) as refused:
        walking.take(incident, "park", version=late, reason="No.")
    assert {row["field"] for row in refused.value.fields} == {"status", "assignee"}


def test_a_struck_note_stays_readable_with_who_and_why():
    incident = walking.opened()
    note = noted(incident, "The plate was <b>123</b>.")
    answer = post(incident, "strike_note", note=str(note.pk), reason="It was another bus.")
    assert answer.status_code == 303
    text = page(incident, "editor")
    assert re.search(r"<del[^>]*>The plate was &lt;b&gt;123&lt;/b&gt;.</del>", text)
    assert "Struck by coordinator-1" in text
    assert "It was another bus." in text
    assert Event.objects.latest("seq").verb == "strike_note"


def test_only_the_writer_or_a_coordinator_strikes_a_note():
    incident = walking.opened()
    note = noted(incident, by="editor")
    second = walking.person("editor", number=2)
    with pytest.raises(NotAllowed):
        walking.take(incident, "strike_note", second, note=str(note.pk), reason="No.")
    assert (
        "Strike the note"
        not in signed_in("editor", 2).get(f"/desk/incidents/{incident.ref}/").content.decode()
    )
    walking.take(incident, "strike_note", "editor", note=str(note.pk), reason="Mine.")
    with pytest.raises(WrongState):
        walking.take(incident, "strike_note", note=str(note.pk), reason="Again.")


def test_a_note_of_another_incident_is_not_struck_from_here():
    note = noted(walking.opened())
    for key in (str(note.pk), "x", str(uuid.uuid4()), "\x00", 5, None):
        with pytest.raises(Invalid):
            walking.take(walking.opened(), "strike_note", note=key, reason="No.")


@pytest.mark.parametrize("text", ["", "  ", "\x00", "x" * 10_001, 5, ["a"], None])
def test_what_is_no_note_is_refused(text):
    with pytest.raises(Invalid):
        walking.take(walking.opened(), "note", text=text)


def test_a_refused_note_comes_back_as_typed():
    incident = walking.opened()
    answer = post(incident, "note", text="x" * 10_001)
    assert answer.status_code == 400
    assert "x" * 10_001 in answer.content.decode()
    assert Note.objects.count() == 0


def test_the_database_keeps_the_words_of_a_note_and_an_answer():
    note, answer = noted(walking.opened()), answered(asked())
    for row in (note, answer):
        rows = type(row).objects.filter(pk=row.pk)
        for change in (lambda rows=rows: rows.update(text="Other."), rows.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()


def test_what_was_written_for_a_merged_incident_is_read_and_finished_on_the_survivor():
    loser, survivor = walking.opened(), walking.opened()
    note, referral = noted(loser, "Of the loser."), referred(loser)
    walking.take(loser, "merge", into=survivor.ref, reason="The same.")
    text = page(survivor)
    assert "Of the loser." in text
    assert loser.ref in text
    with pytest.raises(WrongState, match="open"):
        walking.take(survivor, "close", outcome="confirmed", reason="Done.")
    walking.take(survivor, "complete_referral", referral=str(referral.pk), outcome="Nothing.")
    walking.take(survivor, "strike_note", note=str(note.pk), reason="Old.")
    walking.take(survivor, "close", outcome="confirmed", reason="Done.")


# --- Referrals --------------------------------------------------------------------------------


def test_a_referral_is_shown_with_its_time_and_what_came_of_it():
    incident = walking.opened()
    answer = post(
        incident,
        "refer",
        version=incident.version,
        body="commission",
        body_name="Commission of the district",
        sent="The protocol.",
        due_at="2090-01-10T11:05",
    )
    assert answer.status_code == 400  # years away
    assert "Check the year" in answer.content.decode()
    assert "The protocol." in answer.content.decode()
    referral = referred(incident, body="commission", sent="The protocol.")
    assert "The protocol." in page(incident)
    incident.refresh_from_db()
    done = post(
        incident,
        "complete_referral",
        version=incident.version,
        referral=str(referral.pk),
        outcome="They opened a case.",
    )
    assert done.status_code == 303
    assert "They opened a case." in page(incident, "editor")
    with pytest.raises(WrongState):
        walking.take(incident, "complete_referral", referral=str(referral.pk), outcome="Again.")


def test_an_overdue_referral_says_so_and_heads_the_queue_until_it_is_done():
    incident = walking.opened()
    referral = referred(incident, body="other", body_name="Bar association")
    late(referral)
    assert "overdue by 3 h" in page(incident)
    queue = signed_in("editor").get("/desk/").content.decode()
    assert "Referrals not answered in time" in queue
    assert "Bar association" in queue
    walking.take(incident, "complete_referral", referral=str(referral.pk), outcome="No answer.")
    assert "Referrals not answered" not in signed_in("editor").get("/desk/").content.decode()
    assert "overdue by" not in page(incident)


def test_an_incident_with_an_open_referral_is_not_closed():
    incident = walking.opened()
    referral = referred(incident)
    data = {"outcome": "confirmed", "reason": "Done.", "version": incident.version + 1}
    answer = post(incident, "close", **data)
    assert answer.status_code == 409
    assert "A referral is still open: Police." in answer.content.decode()
    assert "Done." in answer.content.decode()
    walking.take(incident, "complete_referral", referral=str(referral.pk), outcome="Fined.")
    walking.take(incident, "close", outcome="confirmed", reason="Done.")


@pytest.mark.parametrize(
    "data",
    [
        {"body": "ministry"},
        {"body": ["police"]},
        {"body": "other"},
        {"due_at": "soon"},
        {"due_at": 5},
        {"due_at": "2021-01-10T11:05+06:00"},
        {"due_at": "9999-12-31T23:59:59+00:00"},
        {"sent": "x" * 5001},
        {"sent": {"a": 1}},
        {"body_name": "x" * 201},
    ],
)
def test_what_is_no_referral_is_refused_naming_the_field(data):
    with pytest.raises(Invalid):
        referred(walking.opened(), **data)
    assert Referral.objects.count() == 0


# --- Questions and answers --------------------------------------------------------------------


def test_a_question_reaches_the_observer_without_the_report():
    report = walking.filed_report(text="SECRET words")
    question = asked(report, "Which door?")
    assert "Their phone has not fetched it yet." in page(report)
    mine = signed_in("observer").get("/report/mine/").content.decode()
    assert "Which door?" in mine
    assert "SECRET" not in mine
    question.refresh_from_db()
    assert question.shown_at
    assert "They have had it since" in page(report)


def test_nobody_else_finds_or_answers_a_question():
    question = asked()
    for who, number in (("observer", 2), ("coordinator", 1), ("security", 1)):
        client = signed_in(who, number)
        assert "Who was there?" not in client.get("/report/mine/").content.decode()
        url = f"/report/questions/{question.pk}/"
        assert client.get(url).status_code == 404
        assert client.post(url, {"id": uuid.uuid4(), "text": "x"}).status_code == 404
    assert Answer.objects.count() == 0


def answer_page(question, client=None, **data):
    client = client or signed_in("observer")
    sent = {"id": str(uuid.uuid4()), "text": "Two men."} | data
    return client.post(f"/report/questions/{question.pk}/", sent)


def test_an_answer_is_sent_from_the_page_and_shown_to_nobody_on_the_phone():
    question = asked()
    key = str(uuid.uuid4())
    for _press in range(2):
        assert answer_page(question, id=key).status_code == 303
    assert Answer.objects.get().text == "Two men."
    mine = signed_in("observer").get("/report/mine/").content.decode()
    assert "You answered" in mine
    assert "Two men." not in mine
    assert "Two men." in page(question.report)


def test_other_words_under_the_same_id_come_back_under_a_fresh_one():
    question = asked()
    key = str(uuid.uuid4())
    answer_page(question, id=key)
    again = answer_page(question, id=key, text="Three men.")
    assert again.status_code == 409
    assert "Three men." in again.content.decode()
    fresh = again.context["form"]["id"].value()
    assert str(fresh) != key
    assert answer_page(question, id=fresh, text="Three men.").status_code == 303
    assert Answer.objects.count() == 2


@pytest.mark.parametrize(
    "data", [{"text": ""}, {"text": "x" * 20_001}, {"id": "nothing"}, {"text": "\x00 "}]
)
def test_a_refused_answer_comes_back_as_typed(data):
    answer = answer_page(asked(), **data)
    assert answer.status_code == 400
    assert data.get("text", "Two men.").strip("\x00 ") in answer.content.decode()
    assert Answer.objects.count() == 0


def test_an_expired_page_and_a_lost_session_give_the_answer_back():
    question = asked()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(question.report.author)
    expired = answer_page(question, strict, text="Typed for long.")
    assert expired.status_code == 403
    assert "Typed for long." in expired.content.decode()
    gone = answer_page(question, Client(), text="Typed for long.")
    assert gone.status_code == 401
    assert "Typed for long." in gone.content.decode()
    assert "Who was there?" not in gone.content.decode()
    assert Answer.objects.count() == 0


def test_an_answer_heads_the_queue_until_somebody_opens_the_report():
    report = walking.filed_report()
    walking.opened(report)
    question = asked(report)
    answered(question)
    queue = signed_in("coordinator").get("/desk/").content.decode()
    assert "Answers from observers, not read yet" in queue
    assert "Who was there?" in queue
    assert "not read before" in page(report)
    assert Answer.objects.get().seen_at
    assert "not read before" not in page(report)
    assert "not read yet" not in signed_in("coordinator").get("/desk/").content.decode()


def test_a_waiting_report_has_to_be_read_again_as_soon_as_a_new_one():
    report = walking.filed_report()
    question = asked(report)
    Report.objects.filter(pk=report.pk).update(due_at=timezone.now() + timedelta(hours=9))
    answered(question)
    report.refresh_from_db()
    assert report.due_at < timezone.now() + timedelta(hours=1)


def test_a_question_taken_back_is_gone_from_the_phone_and_its_answer_is_kept():
    report = walking.filed_report()
    question = asked(report)
    assert post(report, "withdraw_question", question=str(question.pk)).status_code == 303
    assert "Who was there?" not in signed_in("observer").get("/report/mine/").content.decode()
    form = signed_in("observer").get(f"/report/questions/{question.pk}/").content.decode()
    assert "Who was there?" not in form
    assert answer_page(question).status_code == 303
    assert "Two men." in page(report)
    with pytest.raises(WrongState):
        walking.step_on(report, "withdraw_question", question=str(question.pk))


def test_a_sealed_reports_question_is_securitys_alone():
    report = walking.filed_report(audience="security_only")
    assert post(report, "ask", question="Are you safe?").status_code == 404
    assert post(report, "ask", "security", question="Are you safe?").status_code == 303
    incident = walking.opened()
    walking.step_on(report, "link", "security", incident=incident.ref)
    answered(report.questions.get(), "Not now.")
    for who in ("coordinator", "editor"):
        for text in (page(incident, who), signed_in(who).get("/desk/").content.decode()):
            assert "Are you safe?" not in text
            assert "Not now." not in text
            assert report.ref not in text
    assert "Not now." in page(incident, "security")
    assert "Are you safe?" in signed_in("security").get("/desk/").content.decode()


def test_a_report_in_quarantine_is_asked_nothing():
    report = walking.filed_report()
    walking.step_on(report, "quarantine", reason="The phone is lost.")
    with pytest.raises(WrongState):
        walking.step_on(report, "ask", "security", question="Where are you?")


def test_a_question_leaves_state_and_reason_of_the_report_alone():
    report = walking.filed_report()
    walking.step_on(report, "dismiss", reason="A test.")
    walking.step_on(report, "reinstate", reason="It was none.")
    asked(report)
    report.refresh_from_db()
    assert (report.state, report.state_reason) == ("received", "It was none.")


@pytest.mark.parametrize("question", ["", "x" * 1001, 5, ["a"], "\x00"])
def test_what_is_no_question_is_refused(question):
    with pytest.raises(Invalid):
        walking.step_on(walking.filed_report(), "ask", question=question)


def test_notes_questions_and_referrals_do_not_cost_a_query_each():
    incident = walking.opened()

    def more() -> None:
        noted(incident)
        referred(incident)
        report = walking.filed_report()
        walking.step_on(report, "link", incident=incident.ref)
        answered(asked(report))

    def cost() -> int:
        client = signed_in("coordinator")
        url = f"/desk/incidents/{incident.ref}/"
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
            client.get("/desk/")
            client.get(f"/api/v1/desk/incidents/{incident.ref}/")
        return len(queries)

    more()
    few = cost()
    for _n in range(3):
        more()
    assert cost() <= few


# --- The API ----------------------------------------------------------------------------------


def send(asked_for, /, client=None, *, status=201, **body):
    client = client or signed_in("observer")
    given = {"id": str(uuid.uuid4()), "question": str(asked_for.pk), "text": "Two men."} | body
    answer = client.post(
        f"/api/v1/reports/{asked_for.report_id}/answers/",
        json.dumps(given),
        content_type="application/json",
    )
    assert answer.status_code == status, answer.content[:2000]
    return answer.json()


def test_an_answer_is_taken_once_and_its_repeat_gets_the_same_receipt():
    question = asked()
    key = str(uuid.uuid4())
    receipt = send(question, id=key)
    assert set(receipt) == {"id", "question", "sha256", "received_at"}
    assert send(question, id=key, status=200) == receipt
    assert send(question, id=key, text="Three.", status=409)["type"].endswith("/conflict/")
    assert Answer.objects.count() == 1


def test_own_reports_carry_their_questions():
    question = asked()
    client = signed_in("observer")
    send(question, client)
    told = client.get("/api/v1/reports/").json()["results"][0]["questions"][0]
    assert told["text"] == "Who was there?"
    assert "text" not in told["answers"][0]
    question.refresh_from_db()
    assert question.shown_at


def test_only_the_sender_answers_and_only_this_reports_question():
    question, other = asked(), asked(walking.filed_report(text="Another."))
    send(question, signed_in("observer", 2), status=404)
    send(question, signed_in("coordinator"), status=404)
    problem = send(question, question=str(other.pk), status=400)
    assert problem["errors"][0]["field"] == "question"


@pytest.mark.parametrize(
    "body",
    [
        {"id": "x"},
        {"id": 5},
        {"question": None},
        {"text": ""},
        {"text": "  "},
        {"text": 5},
        {"text": "x" * 20_001},
        {"text": None},
        {"more": 1},
    ],
)
def test_a_bad_answer_is_named(body):
    problem = send(asked(), status=400, **body)
    assert problem["errors"][0]["field"] in body
    assert Answer.objects.count() == 0


def test_signs_no_database_keeps_are_left_out_of_an_answer():
    question = asked()
    send(question, text="Two\x00 men \ud800.")
    assert Answer.objects.get().text == "Two men ."


def test_the_desk_api_takes_the_steps_and_carries_what_they_wrote():
    incident = walking.opened()
    client = signed_in("coordinator")

    def step(status=200, kind="incidents", key=incident.ref, **body):
        answer = client.post(
            f"/api/v1/desk/{kind}/{key}/steps/", json.dumps(body), content_type="application/json"
        )
        assert answer.status_code == status, answer.content[:2000]
        return answer.json()

    told = step(step="note", text="Called back.")
    assert told["notes"][0]["text"] == "Called back."
    assert told["version"] == 1
    told = step(step="refer", version=1, body="police", due_at=in_hours(3))
    referral = told["referrals"][0]["id"]
    step(409, step="close", version=2, outcome="confirmed", reason="Done.")
    told = step(step="complete_referral", version=2, referral=referral, outcome="Fined.")
    assert told["referrals"][0]["outcome"] == "Fined."
    step(400, step="close", version=3, outcome="Fined.", reason="Done.")
    step(400, step="claim")
    report = incident.reports.get()
    told = step(kind="reports", key=report.pk, step="ask", question="Who?")
    assert told["questions"][0]["text"] == "Who?"
    answered(report.questions.get())
    told = client.get(f"/api/v1/desk/incidents/{incident.ref}/").json()
    assert told["reports"][0]["questions"][0]["answers"][0]["text"] == "Two men."
