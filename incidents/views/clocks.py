"""How long something has waited and until when it may, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import clocks
from incidents.models import Incident, Report
from incidents.vocabulary import IncidentStatus, ReportState


@dataclass(frozen=True)
class Clock:
    """`words`: "12 min"; `due`: by when, if somebody has to; `missing`: what nobody has done yet;
    `overdue`: the same once it is late, else "" """

    since: datetime
    words: str
    due: datetime | None = None
    left: str = ""
    missing: str = ""
    overdue: str = ""


def of_report(report: Report, now: datetime | None = None) -> Clock:
    now = now or timezone.now()
    if report.state != ReportState.RECEIVED:
        return Clock(report.received_at, spoken(now - report.received_at))
    missing = _("nobody has read it") if report.seen_at is None else _("nothing was done")
    late = clocks.report_overdue(report, now)
    return _running(report.received_at, report.due_at, now, missing, late=late)


def of_incident(incident: Incident, now: datetime | None = None) -> Clock:
    now = now or timezone.now()
    if incident.status not in (IncidentStatus.OPEN, IncidentStatus.IN_REVIEW):
        return Clock(incident.changed_at, spoken(now - incident.changed_at))
    taken = incident.status == IncidentStatus.IN_REVIEW
    missing = _("nothing was decided") if taken else _("nobody has taken it up")
    late = clocks.incident_overdue(incident, now)
    return _running(incident.changed_at, incident.due_at, now, missing, late=late)


def _running(since: datetime, due: datetime, now: datetime, missing: str, *, late: bool) -> Clock:
    return Clock(
        since,
        spoken(now - since),
        due=due,
        left="" if late else spoken(due - now),
        missing=missing,
        overdue=missing if late else "",
    )


def since(moment: datetime) -> str:
    return spoken(timezone.now() - moment)


def spoken(waited: timedelta) -> str:
    """ "12 min", "2 h 10 min", "3 days"."""
    minutes = max(0, int(waited.total_seconds() // 60))
    if minutes < 60:
        return _("%(minutes)s min") % {"minutes": minutes}
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return _("%(hours)s h %(minutes)02d min") % {"hours": hours, "minutes": rest}
    days = hours // 24
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
