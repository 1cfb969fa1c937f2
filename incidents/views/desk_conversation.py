"""What people say beside the facts: the desk's notes, questions to observers and their answers."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from incidents import wording, workflow
from incidents.models import Answer, Incident, Question, Report
from incidents.views.entering import SignedIn
from observers.models import User

Row = dict[str, Any]


def moment(at: Any, zone: str) -> Row:
    return {"words": wording.clock(at, zone), "iso": at.isoformat(), "utc": wording.utc(at)}


def notes(request: SignedIn, incident: Incident, *, strike: bool, any_note: bool) -> list[Row]:
    """Oldest first. `strike`: this person may strike notes; `any_note`: not only their own."""
    zone = incident.election.time_zone
    return [
        {
            "id": note.pk,
            "at": moment(note.written_at, zone),
            "who": note.author.get_username(),
            "text": note.text,
            "elsewhere": note.incident.ref if note.incident_id != incident.pk else "",
            "struck": moment(note.struck_at, zone) if note.struck_at else None,
            "struck_by": note.struck_by.get_username() if note.struck_by else "",
            "struck_reason": note.struck_reason,
            "may_strike": strike
            and note.struck_at is None
            and (any_note or note.author_id == request.user.pk),
        }
        for note in workflow.notes_of(incident, by=request.user)
    ]


def questions_on(reports: Iterable[Report], by: User) -> "QuerySet[Question, Question]":
    """With their answers, those of reports this person reads on the desk."""
    answers = Answer.objects.on_desk(by).select_related("author")
    return (
        Question.objects.on_desk(by)
        .filter(report__in=[report.pk for report in reports])
        .select_related("asked_by", "report__election")
        .prefetch_related(Prefetch("answers", queryset=answers))
    )


def questions(reports: Iterable[Report], by: User, *, take_back: bool = False) -> list[Row]:
    """Oldest first; `unread` answers are those nobody of the desk had before them yet."""
    return [_question(row, take_back=take_back) for row in questions_on(reports, by)]


def _question(row: Question, *, take_back: bool) -> Row:
    zone = row.report.election.time_zone
    return {
        "id": row.pk,
        "at": moment(row.asked_at, zone),
        "who": row.asked_by.get_username(),
        "text": row.text,
        "report": row.report,
        "report_url": reverse("desk-report", args=[row.report_id]),
        "shown": moment(row.shown_at, zone) if row.shown_at else None,
        "withdrawn": moment(row.withdrawn_at, zone) if row.withdrawn_at else None,
        "answers": [
            {
                "at": moment(answer.received_at, zone),
                "who": answer.author.get_username(),
                "text": answer.text,
                "unread": answer.seen_at is None,
            }
            for answer in row.answers.all()
        ],
        "may_take_back": take_back and row.withdrawn_at is None,
        "url": reverse("desk-report-step", args=[row.report_id, "withdraw_question"]),
    }
