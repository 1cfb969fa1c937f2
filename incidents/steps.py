"""One way in for pages, API and bulk actions: find the axis a step belongs to and take it."""

from typing import Any

from incidents import publishing, uniting, workflow
from incidents.models import Incident
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
    if step == "merge":
        return uniting.merge(incident, **arguments)
    if step == "unmerge":
        return uniting.unmerge(incident, **arguments)
    if step in PUBLICATION:
        return publishing.apply(incident, step, **arguments)
    return workflow.apply(incident, step, **arguments)


take_on_report = workflow.apply_to_report
allowed_on_report = workflow.allowed_on_report
