"""Handing an incident to a body outside, which has to answer by a certain time."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.errors import Invalid, WrongState
from incidents.interpreting import read_time
from incidents.models import Incident, Referral
from incidents.transitions import Step
from incidents.vocabulary import ReferralBody
from incidents.workflow import checking
from incidents.workflow.merged import with_merged
from observers.models import User

NAME_LIMIT = 200
TEXT_LIMIT = 5_000
TOLD = 500  # characters of an outcome that the line of history repeats
FARTHEST_YEARS = 5
Data = dict[str, Any]


def referrals_of(incident: Incident, *, by: User) -> "QuerySet[Referral, Referral]":
    """Of the incident and of those merged into it, oldest first."""
    rows = Referral.objects.visible_to(by).filter(incident__in=with_merged(incident))
    return rows.select_related("incident", "referred_by", "completed_by")


def refer(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    errors: dict[str, list[Any]] = {}
    values: Data = {}
    for field, limit in (("body_name", NAME_LIMIT), ("sent", TEXT_LIMIT)):
        try:
            values[field] = checking.read_text(data.get(field) or "", field, limit=limit)
        except Invalid as refused:
            errors |= refused.errors
    body = data["body"]
    if body not in ReferralBody.values:
        errors["body"] = [_("Must be one of: %s.") % ", ".join(ReferralBody.values)]
    elif body == ReferralBody.OTHER and not values.get("body_name"):
        errors["body_name"] = [_("Name the body.")]
    due_at = _due(incident, data["due_at"], errors)
    if errors or due_at is None:
        raise Invalid(errors)
    made = Referral.objects.create(
        incident=incident, body=body, referred_by=by, due_at=due_at, **values
    )
    told = {"body": body, "due_at": checking.plain(due_at), "referral_id": str(made.pk)}
    return {}, told | ({"body_name": made.body_name} if made.body_name else {})


def _due(incident: Incident, given: Any, errors: dict[str, list[Any]]) -> datetime | None:
    due_at = read_time(given, incident.election.time_zone) if isinstance(given, str) else None
    now = timezone.now()
    if due_at is None:
        errors["due_at"] = [_("Must be a time such as 2021-01-10T11:05+06:00.")]
    elif due_at <= now:
        errors["due_at"] = [_("This time is over. Say until when they have to answer.")]
    elif due_at.year > now.year + FARTHEST_YEARS:
        errors["due_at"] = [_("This is years away. Check the year.")]
    return due_at


def complete(
    step: Step, incident: Incident, by: User, reason: str, data: Data
) -> tuple[Data, Data]:
    rows = Referral.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(
        incident__in=with_merged(incident), pk=checking.read_id(data["referral"])
    ).first()
    if found is None:
        raise Invalid({"referral": [_("There is no such referral here.")]})
    if found.completed_at is not None:
        raise WrongState(_("The outcome of this referral is written down already."))
    found.outcome = checking.read_text(data["outcome"], "outcome", limit=TEXT_LIMIT)
    if not found.outcome:
        raise Invalid({"outcome": [_("Write something first.")]})
    found.completed_at, found.completed_by = timezone.now(), by
    found.save(update_fields=["outcome", "completed_at", "completed_by"])
    return {}, {
        "body": found.body,
        "reply": found.outcome[:TOLD],
        "referral_id": str(found.pk),
    }


def check_none_open(incident: Incident) -> None:
    """What somebody outside still has to answer is not closed. Raises WrongState."""
    still_open = Referral.objects.filter(
        incident__in=with_merged(incident), completed_at=None
    ).first()
    if still_open is not None:
        raise WrongState(
            _("A referral is still open: %(body)s. Write down its outcome, then close.")
            % {"body": still_open.body_name or still_open.get_body_display()}
        )
