"""One way in for pages, API and bulk actions: find the axis a step belongs to and take it."""

from typing import Any

from django.db import transaction

from incidents import publishing, workflow
from incidents.models import Incident, Report
from incidents.transitions import INCIDENT_AXES, PUBLICATION, Step
from observers.models import User


def names() -> list[str]:
    return [name for table in INCIDENT_AXES.values() for name in table]


def allowed(incident: Incident, *, by: User) -> list[Step]:
    return [*workflow.allowed(incident, by=by), *publishing.allowed(incident, by=by)]


def take(
    incident: Incident,
    step: str,
    *,
    by: User,
    version: int | None,
    reason: str = "",
    channel: str,
    **data: Any,
) -> Incident:
    """Raises NotAllowed (403), Stale (412), WrongState (409) and Invalid (400)."""
    arguments: dict[str, Any] = {
        "by": by,
        "version": version,
        "reason": reason,
        "channel": channel,
        **data,
    }
    if step in PUBLICATION:
        return publishing.apply(incident, step, **arguments)
    with transaction.atomic():
        touched = {incident.pk, incident.merged_into_id}
        if step == "merge":
            taken = publishing.merge(incident, **arguments)
        else:
            taken = workflow.apply(incident, step, **arguments)
        publishing.look_again(touched | {taken.merged_into_id})
    return taken


def take_on_report(report: Report, step: str, *, by: User, **data: Any) -> Report:
    """What is public and rests on the report is marked in the same transaction."""
    with transaction.atomic():
        part_of = set(report.links.values_list("incident", flat=True))
        taken = workflow.apply_to_report(report, step, by=by, **data)
        publishing.report_moved(taken, step, part_of)
    return taken


allowed_on_report = workflow.allowed_on_report
