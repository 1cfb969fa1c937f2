"""How long something has waited, and when that is too long.

Targets: from receipt by the server, in minutes (the clocks of docs/workflow.md).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Report
from incidents.vocabulary import Danger, ReportState

SEEN_WITHIN = {"danger": 2, 4: 5, 3: 15, 2: 30, 1: 240}
ACTED_WITHIN = {"danger": 5, 4: 15, 3: 45, 2: 120, 1: 1440}


@dataclass(frozen=True)
class Clock:
    """`words`: "12 min"; `overdue`: what has not been done in time, in words, or ""."""

    since: datetime
    words: str
    overdue: str = ""


def of_report(report: Report, now: datetime | None = None) -> Clock:
    now = now or timezone.now()
    waited = now - report.received_at
    if report.state != ReportState.RECEIVED:
        return Clock(report.received_at, spoken(waited))
    key = _key(report)
    overdue = ""
    if report.seen_at is None and waited > timedelta(minutes=SEEN_WITHIN[key]):
        overdue = _("nobody has read it")
    elif waited > timedelta(minutes=ACTED_WITHIN[key]):
        overdue = _("nothing was done")
    return Clock(report.received_at, spoken(waited), overdue)


def _key(report: Report) -> str | int:
    if report.danger != Danger.NONE:
        return "danger"
    known = report.category_known
    return known.severity_default if known else 2


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
