"""One way in for pages, API and bulk actions: find the axis a step belongs to and take it."""

from typing import Any

from django.db import transaction

from incidents import publishing, uniting, workflow
from incidents.locking import lock_named
from incidents.models import Incident, Report
from incidents.querysets import acting_roles
from incidents.transitions import INCIDENT_AXES, PUBLICATION, Step
from incidents.workflow import leases
from incidents.workflow.checking import check_right as check_role
from observers.models import User


def names() -> list[str]:
    return [name for table in INCIDENT_AXES.values() for name in table]


def allowed(incident: Incident, *, by: User) -> list[Step]:
    return [*workflow.allowed(incident, by=by), *publishing.allowed(incident, by=by)]


def check_right(step: Step, row: Incident | Report, *, by: User) -> None:
    """Whether this person may ever take it on this row, whatever they send: NotAllowed if not."""
    if isinstance(row, Incident):
        publishing.check_right(step, row, by=by)
    else:
        check_role(step, acting_roles(by, row))


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
    with transaction.atomic():
        touched = {incident.pk, incident.merged_into_id}
        if step == "merge":
            moved = uniting.merge(incident, **arguments)
        elif step == "unmerge":
            moved = uniting.unmerge(incident, **arguments)
        elif step in PUBLICATION:
            moved = publishing.apply(incident, step, **arguments)
        else:
            moved = workflow.apply(incident, step, **arguments)
        if step not in PUBLICATION:
            publishing.look_again(touched | {moved.merged_into_id})
    leases.after(step, moved, by=by)
    return moved


def take_on_report(report: Report, step: str, *, by: User, **data: Any) -> Report:
    """What is public and rests on the report is marked in the same transaction."""
    with transaction.atomic():
        part_of = _hold(report, data.get("incident"), by)
        moved = workflow.apply_to_report(report, step, by=by, **data)
        publishing.report_moved(moved, step, part_of)
    leases.after(step, moved, by=by)
    return moved


def _hold(report: Report, named: Any, by: User) -> set[Any]:
    """Lock the report, the incidents it is part of and the one the step names."""
    Report.objects.select_for_update(of=("self",), no_key=True).get(pk=report.pk)
    seen = Incident.objects.visible_to(by).filter(election=report.election_id)
    of_step = seen.filter(ref=named).values_list("pk", flat=True)
    also = set(of_step) if isinstance(named, str) else set()
    lock_named(lambda: _part_of(report) | also)
    return _part_of(report)


def _part_of(report: Report) -> set[Any]:
    return set(report.links.values_list("incident", flat=True))


allowed_on_report = workflow.allowed_on_report
