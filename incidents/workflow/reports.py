from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents import alerts, categories, clocks, details, history, shaking
from incidents.cleaning import clean_text
from incidents.errors import Invalid, WrongState
from incidents.models import Incident, Report, ReportLink
from incidents.querysets import acting_roles
from incidents.transitions import REPORT, Step
from incidents.vocabulary import Audience, IncidentStatus, PlacePrecision, ReportState
from incidents.workflow import checking, grading, questions
from incidents.workflow.facts import searchable
from incidents.workflow.independence import independent_sources
from observers.models import User

Data = dict[str, Any]


def allowed_on_report(report: Report, *, by: User) -> list[Step]:
    roles = acting_roles(by, report)
    return [s for s in REPORT.values() if s.roles & roles and report.state in s.sources]


def mark_seen(report: Report, *, by: User) -> None:
    """A person of the desk has opened it; the observer may know that much."""
    if report.seen_at is None and acting_roles(by, report):
        report.seen_at = timezone.now()
        report.due_at = clocks.due_of_report(report)
        report.save(update_fields=["seen_at", "due_at"])


def apply_to_report(
    report: Report,
    step: str,
    *,
    by: User,
    reason: str = "",
    channel: str = "page",
    **data: Any,
) -> Report:
    """Take one step on a report and write its line of history. Returns the report as it is now."""
    chosen = checking.known_step(REPORT, step)
    reason = clean_text(reason, limit=checking.REASON_LIMIT)[0]
    with transaction.atomic():
        rows = Report.objects.select_for_update(of=("self",), no_key=True)
        locked = rows.get(pk=report.pk)
        checking.check_right(chosen, acting_roles(by, locked))
        checking.check_state(chosen, locked.state)
        checking.check_needs(chosen, {"reason": reason, **data})
        before = {"state": locked.state}
        incident, was, told = _effect(chosen, locked, by, data)
        locked.state = chosen.target or locked.state
        if chosen.name == "unlink" and locked.links.exists():
            locked.state = ReportState.LINKED
        locked.state_reason = reason if chosen.target else locked.state_reason
        locked.seen_at = locked.seen_at or timezone.now()
        locked.due_at = clocks.due_of_report(locked)
        locked.save(update_fields=sorted(Report.DESK_COLUMNS))
        told = _told(incident, locked) | told  # counted with the report as it is now
        history.record(
            chosen.name,
            by=by,
            channel=channel,
            election=locked.election,
            incident=incident,
            report=locked,
            reason=reason,
            before=before | was,
            after={"state": locked.state} | told,
        )
        if incident:
            alerts.of_incident(incident)
    return locked


# The incident of the step, and what else of it changed: before and after.
Done = tuple[Incident | None, Data, Data]


def _effect(step: Step, report: Report, by: User, data: Data) -> Done:
    if step.name in BESIDE:
        return None, {}, BESIDE[step.name](report, by, data)
    return EFFECTS.get(step.name, _nothing_else)(report, by, data)


def _told(incident: Incident | None, report: Report) -> Data:
    """The incident's part of the line: a parked one that reopened shows it here."""
    if incident is None:
        return {}
    told: Data = {"incident": incident.ref, "status": incident.status}
    # A line that others read says nothing of what only security may read, and never counts it.
    if report.audience == Audience.TEAM:
        told["independent_sources"] = independent_sources(incident)
    return told


def _nothing_else(report: Report, by: User, data: Data) -> Done:
    return None, {}, {}


TOUCHED = ["version", "changed_at", "status", "severity", "urgent", "due_at"]


def _touch(incident: Incident) -> None:
    incident.version += 1
    incident.changed_at = timezone.now()
    incident.save(update_fields=TOUCHED)


def _open_incident(report: Report, by: User, data: Data) -> Done:
    """A new incident with what the report says about when, where and how many; never its text."""
    category, title = _name(report, data)
    known = categories.get(category)
    incident = Incident(
        ref=history.take_ref(report.election),
        election=report.election,
        title=title,
        category=category,
        severity=max(known.severity_default, known.severity_floor),
        station=report.station,
        place_words=report.place_words or report.station_as_typed,
        place_precision=_precision(report),
        # Names and contacts stay in the report, where security alone reads them.
        details=details.unsealed_part(category, report.details)
        if category == report.category
        else {},
        **{
            field: getattr(report, field)
            for field in (
                "occurred_start",
                "occurred_end",
                "occurred_precision",
                "persons_min",
                "persons_max",
                "persons_words",
                "persons_basis",
                "latitude",
                "longitude",
            )
        },
    )
    incident.search = searchable(incident, [report.region] if report.region else [])
    incident.urgent = _tells_of_danger(report)
    _was, raised = grading.raise_to_floor(incident)
    incident.due_at = clocks.due_of_incident(incident, timezone.now())
    incident.save(force_insert=True)
    if report.region:
        incident.regions.add(report.region)
    ReportLink.objects.create(incident=incident, report=report, linked_by=by)
    return incident, {}, raised


def _name(report: Report, data: Data) -> tuple[str, str]:
    category = str(data.get("category") or report.category or "OTH99")
    if category not in categories.CATEGORIES:
        raise Invalid({"category": [_("Unknown category.")]})
    title = clean_text(str(data["title"]), limit=200)[0]
    if not title:
        raise Invalid({"title": [_("An incident needs a working title.")]})
    return category, title


def _precision(report: Report) -> str:
    if report.station_id:
        return PlacePrecision.STATION
    return PlacePrecision.REGION if report.region_id else PlacePrecision.UNKNOWN


def _link(report: Report, by: User, data: Data) -> Done:
    incident = _locked_incident(report, by, data["incident"])
    if incident.status == IncidentStatus.MERGED:
        raise WrongState(_("That incident was merged. Link to the one it went into."))
    _link_made, made = ReportLink.objects.get_or_create(
        incident=incident, report=report, defaults={"linked_by": by}
    )
    if not made:
        raise WrongState(_("The report is already linked to that incident."))
    if report.audience != Audience.TEAM:
        return incident, {}, {}  # a change that nobody else can explain would tell of it
    now = timezone.now()
    if incident.status == IncidentStatus.PARKED:
        incident.status = IncidentStatus.OPEN
        incident.due_at = clocks.due_of_incident(incident, now)
    newly_urgent = _tells_of_danger(report) and not incident.urgent
    incident.urgent = incident.urgent or newly_urgent
    was, raised = grading.raise_to_floor(incident)
    if newly_urgent:
        incident.due_at = min(incident.due_at, clocks.due_of_incident(incident, now))
    _touch(incident)
    return incident, was, raised


def _tells_of_danger(report: Report) -> bool:
    """What only security may read must not show in the order of everybody's queue."""
    return report.urgent and report.audience == Audience.TEAM


def _unlink(report: Report, by: User, data: Data) -> Done:
    incident = _locked_incident(report, by, data["incident"])
    removed, _rows = ReportLink.objects.filter(incident=incident, report=report).delete()
    if not removed:
        raise WrongState(_("The report is not linked to that incident."))
    if report.audience != Audience.TEAM:
        return incident, {}, {}
    rest = incident.reports.filter(urgent=True, audience=Audience.TEAM)
    incident.urgent = incident.urgent and rest.exists()
    _touch(incident)
    return incident, {}, {}


def _locked_incident(report: Report, by: User, ref: Any) -> Incident:
    seen = Incident.objects.visible_to(by).filter(election=report.election)
    found = (
        seen.filter(ref=ref).values_list("pk", flat=True).first() if isinstance(ref, str) else None
    )
    if found is None:
        raise Invalid({"incident": [_("No incident of this election has that reference.")]})
    return Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=found)


def _clear(report: Report, by: User, data: Data) -> Done:
    """What a locked phone corrects shakes no text until a person believes it."""
    report.state = ReportState.RECEIVED
    shaking.corrected_by(report)
    return None, {}, {}


# Steps that leave the report where it is.
BESIDE: dict[str, Callable[[Report, User, Data], Data]] = {
    "ask": questions.ask,
    "withdraw_question": questions.withdraw,
}
EFFECTS: dict[str, Callable[[Report, User, Data], Done]] = {
    "open_incident": _open_incident,
    "link": _link,
    "unlink": _unlink,
    "clear": _clear,
}
