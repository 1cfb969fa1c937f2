"""Questions of the desk on the observer's own page, each with a form to answer it."""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as lazy

from incidents import wording, workflow
from incidents.interpreting import TEXT_LIMIT
from incidents.models import Answer, Question, Report
from observers.models import User


class AnswerForm(forms.Form):
    """`id` is that of the answer, so that a second press sends nothing twice."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=lazy("Your answer"),
        # The verb counts: a browser sends two characters for the end of a line.
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "maxlength": TEXT_LIMIT}),
    )


def fresh_form(question: Question | None = None, text: str = "") -> AnswerForm:
    mark = question.pk if question else "again"
    return AnswerForm(initial={"id": uuid.uuid4(), "text": text}, auto_id=f"answer-{mark}-%s")


def questions_of(reports: Iterable[Report], by: User) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """By report, oldest first, for the person who sent it; what was taken back is not there."""
    answers = Answer.objects.visible_to(by).filter(author=by).order_by("received_at")
    rows = list(
        Question.objects.visible_to(by)
        .filter(report__in=[report.pk for report in reports], report__author=by)
        .filter(withdrawn_at=None)
        .select_related("report__election")
    )
    answered = {answer.question_id: answer for answer in answers.filter(question__in=rows)}
    workflow.mark_questions_shown(rows)
    found: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.report_id, []).append(told(row, answered.get(row.pk)))
    return found


def told(row: Question, answer: Answer | None) -> dict[str, Any]:
    zone = row.report.election.time_zone
    return {
        "id": row.pk,
        "text": row.text,
        "asked": wording.clock(row.asked_at, zone),
        "answered": wording.clock(answer.received_at, zone) if answer else "",
        "form": fresh_form(row),
    }
