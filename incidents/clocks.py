"""When somebody has to have looked at a report or an incident next.

Targets in minutes from the settings (`CLOCKS`), by danger and severity: until a person has read
it, until something was done. Moving an incident starts its clock anew; see docs/workflow.md.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from incidents.vocabulary import Danger, IncidentStatus, ReportState, Verification

if TYPE_CHECKING:
    from incidents.models import Incident, Report

DANGER = "danger"
UNDECIDED = 2  # severity of a report that names no category


def _minutes(key: str, which: int) -> timedelta:
    return timedelta(minutes=settings.CLOCKS[key][which])


def read_within(key: str) -> timedelta:
    return _minutes(key, 0)


def done_within(key: str) -> timedelta:
    return _minutes(key, 1)


def looked_at_within() -> timedelta:
    """Until somebody looks again at what was settled."""
    return _minutes("look", 0)


def key_of_report(report: "Report") -> str:
    if report.danger != Danger.NONE:
        return DANGER
    known = report.category_known
    return str(known.severity_default if known else UNDECIDED)


def key_of_incident(incident: "Incident") -> str:
    return DANGER if incident.urgent else str(incident.severity)


def due_of_report(report: "Report") -> datetime:
    """From receipt by the server: first to be read, then to be acted upon."""
    within = read_within if report.seen_at is None else done_within
    return report.received_at + within(key_of_report(report))


def due_of_incident(incident: "Incident", now: datetime) -> datetime:
    """Of one that has just moved."""
    key = key_of_incident(incident)
    if incident.status == IncidentStatus.OPEN:
        return now + read_within(key)
    if (
        incident.status == IncidentStatus.IN_REVIEW
        and incident.verification == Verification.REPORTED
    ):
        return now + done_within(key)
    return now + looked_at_within()


def report_overdue(report: "Report", now: datetime) -> bool:
    return report.state == ReportState.RECEIVED and report.due_at <= now


def incident_overdue(incident: "Incident", now: datetime) -> bool:
    at_work = (IncidentStatus.OPEN, IncidentStatus.IN_REVIEW)
    return incident.status in at_work and incident.due_at <= now
