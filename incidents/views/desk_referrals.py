"""Referrals as the desk reads them: to whom, until when, what came of it."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import workflow
from incidents.models import Incident, Referral
from incidents.views import clocks
from incidents.views.desk_conversation import moment
from incidents.views.entering import SignedIn


def referrals(request: SignedIn, incident: Incident) -> list[dict[str, Any]]:
    """Oldest first."""
    rows = workflow.referrals_of(incident, by=request.user)
    return [told(row, incident) for row in rows]


def told(row: Referral, incident: Incident) -> dict[str, Any]:
    zone = incident.election.time_zone
    return {
        "id": row.pk,
        "body": row.get_body_display(),
        "name": row.body_name,
        "sent": row.sent,
        "who": row.referred_by.get_username(),
        "at": moment(row.referred_at, zone),
        "due": moment(row.due_at, zone),
        "overdue": overdue(row),
        "elsewhere": row.incident.ref if row.incident_id != incident.pk else "",
        "outcome": row.outcome,
        "done": moment(row.completed_at, zone) if row.completed_at else None,
        "done_by": row.completed_by.get_username() if row.completed_by else "",
    }


def overdue(row: Referral) -> str:
    """ "overdue by 2 h", or "" while there is time or when it is done."""
    late = timezone.now() - row.due_at
    if row.completed_at is not None or late.total_seconds() < 0:
        return ""
    return _("overdue by %(time)s") % {"time": clocks.spoken(late)}
