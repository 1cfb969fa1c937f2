"""What heads the queue besides reports and incidents: answers nobody read, late bodies."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from elections.templatetags.say import local
from incidents.models import Answer, Referral
from incidents.views import clocks
from incidents.views.desk_referrals import overdue
from incidents.views.entering import SignedIn
from incidents.views.telling import danger_words, report_zone
from incidents.vocabulary import IncidentStatus

MOST = 20
Row = dict[str, Any]


def waiting(request: SignedIn) -> dict[str, Any]:
    """For desk/_waiting.html."""
    return {"answers": answers_waiting(request), "referrals": referrals_overdue(request)}


def answers_waiting(request: SignedIn) -> list[Row]:
    """Unread answers to the desk's questions: danger first, then the one that waits longest."""
    rows = (
        Answer.objects.on_desk(request.user)
        .unread()
        .select_related("question__report__election", "question__report__region")
        .order_by("-question__report__urgent", "received_at", "pk")[:MOST]
    )
    return [
        {
            "url": reverse("desk-report", args=[row.question.report_id]) + "#questions",
            "ref": row.question.report.ref,
            "question": row.question.text,
            "danger": danger_words(row.question.report),
            "received": local(row.received_at, report_zone(row.question.report)),
            "waited": clocks.spoken(timezone.now() - row.received_at),
        }
        for row in rows
    ]


def referrals_overdue(request: SignedIn) -> list[Row]:
    """The latest first: whom to remind, and of what."""
    rows = (
        Referral.objects.visible_to(request.user)
        .filter(completed_at=None, due_at__lte=timezone.now())
        .select_related("incident__merged_into")
        .order_by("due_at", "pk")[:MOST]
    )
    return [
        {
            "url": reverse("desk-incident", args=[_where(row)]) + "#referrals",
            "ref": row.incident.ref,
            "title": row.incident.title,
            "body": row.body_name or row.get_body_display(),
            "overdue": overdue(row),
        }
        for row in rows
    ]


def _where(row: Referral) -> str:
    """The page on which its outcome can be written down."""
    incident = row.incident
    if incident.status == IncidentStatus.MERGED and incident.merged_into:
        return incident.merged_into.ref
    return incident.ref
