"""Two incidents that are one, and the way back: what a merge moved returns exactly as it was.

A merge moves links, never copies them: every report counts once. What the desk did with the
reports afterwards stays done; undoing moves back what is still there and says what is not.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from incidents.errors import NotAllowed, WrongState
from incidents.locking import lock
from incidents.models import Incident, Merge, Report, ReportLink
from incidents.querysets import acting_roles
from incidents.transitions import Step
from incidents.vocabulary import Audience, IncidentStatus, ReportState
from observers.models import User

Data = dict[str, Any]


def check_merge(incident: Incident, survivor: Incident, step: Step, by: User) -> None:
    if not step.roles & acting_roles(by, survivor):
        raise NotAllowed(_("You may not change the other incident. Ask who works on it."))
    if survivor.status == IncidentStatus.MERGED:
        raise WrongState(_("The other incident was itself merged. Choose the one it went into."))
    here, there = stations(incident), stations(survivor)
    if here and there and not here & there:
        raise WrongState(_("Two stations are two events: relate them instead of merging."))


def stations(incident: Incident) -> set[int]:
    """The one it names; else those its reports name that all of the desk may read."""
    if incident.station_id:
        return {incident.station_id}
    rows = incident.reports.filter(audience=Audience.TEAM, state=ReportState.LINKED)
    return set(rows.exclude(station=None).values_list("station", flat=True))


def tells_of_danger(incident: Incident) -> bool:
    return incident.reports.filter(urgent=True, audience=Audience.TEAM).exists()


def merge(incident: Incident, survivor: Incident, by: User) -> list[str]:
    """Move the links and keep how they were. Returns the reports that moved, as history tells."""
    already = set(ReportLink.objects.filter(incident=survivor).values_list("report", flat=True))
    links = list(ReportLink.objects.filter(incident=incident).select_related("report"))
    doubled = [link.pk for link in links if link.report_id in already]
    Merge.objects.create(
        loser=incident,
        survivor=survivor,
        merged_by=by,
        before={
            "status": incident.status,
            "outcome": incident.outcome,
            "assignee": str(incident.assignee_id) if incident.assignee_id else None,
        },
        links=[_kept(link, moved=link.pk not in doubled) for link in links],
    )
    ReportLink.objects.filter(pk__in=doubled).delete()
    ReportLink.objects.filter(incident=incident).update(incident=survivor)
    incident.merged_into = survivor
    incident.status = IncidentStatus.MERGED
    survivor.urgent = survivor.urgent or incident.urgent
    return [ref for link in links if link.pk not in doubled for ref in _told(link.report)]


def _told(report: Report) -> list[str]:
    """Its reference for a line that others read, too; none of what only security may read."""
    return [report.ref] if report.audience == Audience.TEAM else []


def _kept(link: ReportLink, *, moved: bool) -> Data:
    return {
        "link": link.pk,
        "report": str(link.report_id),
        "linked_by": str(link.linked_by_id),
        "linked_at": link.linked_at.isoformat(),
        "independent_override": link.independent_override,
        "note": link.note,
        "moved": moved,
    }


@dataclass
class Undone:
    """`holder`: who had the reports until now. `gone`: reports the desk took off it meanwhile."""

    holder: Incident
    back: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def last_merge(incident: Incident) -> Merge | None:
    rows = Merge.objects.standing().filter(loser=incident)
    return rows.order_by("-merged_at").first()


def chain(incident: Incident) -> list[UUID]:
    """The incident it went into, the one that went into, and so on."""
    found: list[UUID] = []
    above = incident.merged_into_id
    while above and above not in found:
        found.append(above)
        above = Incident.objects.values_list("merged_into", flat=True).get(pk=above)
    return found


def unmerge(incident: Incident, step: Step, by: User) -> Undone:
    """`incident` and those above it are locked already."""
    above = chain(incident)
    made = last_merge(incident)
    undone = Undone(lock(above[-1:])[above[-1]])
    if not step.roles & acting_roles(by, undone.holder):
        raise NotAllowed(_("You may not change the other incident. Ask who works on it."))
    before = made.before if made else {}
    incident.status = before.get("status", IncidentStatus.OPEN)
    incident.outcome = before.get("outcome", "")
    incident.assignee = User.objects.filter(pk=before.get("assignee")).first()
    incident.merged_into = None
    if made:
        _bring_back(incident, made, above, undone)
        made.undone_at, made.undone_by = timezone.now(), by
        made.save(update_fields=["undone_at", "undone_by"])
    incident.urgent = tells_of_danger(incident)
    undone.holder.urgent = tells_of_danger(undone.holder)
    return undone


def _bring_back(incident: Incident, made: Merge, above: list[UUID], undone: Undone) -> None:
    there = {link.pk: link for link in ReportLink.objects.filter(incident__in=above)}
    reports = {link.report_id for link in there.values()}
    doubled = _doubled_on_the_way(above) | {e["link"] for e in made.links if not e["moved"]}
    known = Report.objects.in_bulk([UUID(entry["report"]) for entry in made.links])
    for entry in made.links:
        report = known[UUID(entry["report"])]
        if entry["link"] in there:
            _restore(there[entry["link"]], incident, entry)
            undone.back += _told(report)
        elif ReportLink.objects.filter(pk=entry["link"]).exists():
            continue  # it belonged to one absorbed earlier, which has it back already
        elif entry["link"] in doubled and report.pk in reports:
            _restore(ReportLink(pk=entry["link"], report=report), incident, entry)
            undone.back += _told(report)
        else:
            undone.gone += _told(report)


def _doubled_on_the_way(above: list[UUID]) -> set[int]:
    """Links that a later merge gave up because its survivor had the report as well."""
    rows = Merge.objects.standing().filter(loser__in=above, survivor__in=above)
    return {entry["link"] for row in rows for entry in row.links if not entry["moved"]}


def _restore(link: ReportLink, incident: Incident, entry: Data) -> None:
    link.incident = incident
    link.linked_by_id = UUID(entry["linked_by"])
    link.linked_at = parse_datetime(entry["linked_at"]) or timezone.now()
    link.independent_override = entry["independent_override"]
    link.note = entry["note"]
    link.save()
