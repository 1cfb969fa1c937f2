"""Asking the person who sent a report, and their answers, kept as they came."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents import clocks, history
from incidents.cleaning import digest
from incidents.errors import Conflict, Invalid, NotAllowed, WrongState
from incidents.interpreting import TEXT_LIMIT
from incidents.models import Answer, Question, Report
from incidents.querysets import acting_roles
from incidents.vocabulary import ReportState
from incidents.workflow import checking
from observers.models import User

LIMIT = 1000
Data = dict[str, Any]


def ask(report: Report, by: User, data: Data) -> Data:
    text = checking.read_text(data["question"], "question", limit=LIMIT)
    if not text:
        raise Invalid({"question": [_("Write the question.")]})
    made = Question.objects.create(report=report, asked_by=by, text=text)
    return {"asked": text, "question_id": str(made.pk)}


def withdraw(report: Report, by: User, data: Data) -> Data:
    """The observer no longer finds it; an answer on its way is kept all the same."""
    rows = Question.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(report=report, pk=checking.read_id(data["question"])).first()
    if found is None:
        raise Invalid({"question": [_("There is no such question here.")]})
    if found.withdrawn_at is not None:
        raise WrongState(_("The question is taken back already."))
    found.withdrawn_at = timezone.now()
    found.save(update_fields=["withdrawn_at"])
    return {"asked": found.text, "question_id": str(found.pk)}


@dataclass(frozen=True)
class AnswerReceipt:
    """`created` is false when the same answer had arrived before: the receipt is the same."""

    answer: Answer
    created: bool


def answer(
    question: Question, *, by: User, answer_id: UUID, text: Any, channel: str
) -> AnswerReceipt:
    """Keep an answer under the sender's id. Raises NotAllowed, Invalid (400) and Conflict (409).

    A question that was taken back meanwhile, or is answered, takes one more: nothing is lost.
    """
    report = question.report
    if report.author_id != by.pk:
        raise NotAllowed(_("Only who sent the report may answer."))
    kept = checking.read_text(text, "text", limit=TEXT_LIMIT)
    if not kept:
        raise Invalid({"text": [_("Write your answer.")]})
    sha256 = digest({"question": str(question.pk), "text": text})
    if found := Answer.objects.filter(pk=answer_id).first():
        return _again(found, question, sha256)
    made = Answer(
        id=answer_id,
        question=question,
        author=by,
        received_at=timezone.now(),
        text=kept,
        sha256=sha256,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            _wake(report, made.received_at)
            history.record(
                "answer",
                by=by,
                channel=channel,
                election=report.election,
                report=report,
                after={"answer_id": str(made.pk), "sha256": sha256},
            )
    except IntegrityError:
        # Somebody else kept it between our look and our insert: the same answer, sent twice.
        if found := Answer.objects.filter(pk=answer_id).first():
            return _again(found, question, sha256)
        raise
    return AnswerReceipt(made, created=True)


def _again(found: Answer, question: Question, sha256: str) -> AnswerReceipt:
    if found.question_id != question.pk or found.sha256 != sha256:
        raise Conflict(_("This answer id already carries other words. Send them under a new id."))
    return AnswerReceipt(found, created=False)


def _wake(report: Report, at: datetime) -> None:
    """A report that waits has to be read again, as soon as one that has just come in."""
    locked = Report.objects.select_for_update(of=("self",), no_key=True).get(pk=report.pk)
    due_at = at + clocks.read_within(clocks.key_of_report(locked))
    if locked.state == ReportState.RECEIVED and due_at < locked.due_at:
        locked.due_at = due_at
        locked.save(update_fields=["due_at"])


def mark_answers_read(report: Report, *, by: User) -> None:
    """A person of the desk has the answers before them; they no longer head the queue."""
    unread = Answer.objects.unread().filter(question__report=report)
    if unread.exists() and acting_roles(by, report):
        unread.update(seen_at=timezone.now())
        report.due_at = clocks.due_of_report(report)
        report.save(update_fields=["due_at"])


def mark_questions_shown(questions: Iterable[Question]) -> None:
    """Their observer has them on the screen or in the phone."""
    fresh = [question.pk for question in questions if question.shown_at is None]
    if fresh:
        Question.objects.filter(pk__in=fresh, shown_at=None).update(shown_at=timezone.now())
