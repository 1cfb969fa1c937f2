"""What became of a report, for the person who sent it."""

from django.utils.translation import gettext as _

from incidents.models import Report
from incidents.vocabulary import ReportState
from incidents.wording.times import clock


def fate(report: Report) -> str:
    """A report in quarantine looks like one that waits: who holds the phone of an observer must
    not learn from it that the desk has noticed."""
    if report.state == ReportState.LINKED:
        return _("It is part of an incident.")
    if report.state == ReportState.DISMISSED:
        return _("It was closed: %(reason)s") % {"reason": report.state_reason}
    if report.seen_at:
        seen = clock(report.seen_at, report.election.time_zone)
        return _("A person read it: %(when)s.") % {"when": seen}
    return _("Nobody has read it yet.")
