"""Who must be told at once, and of what: raised once for one rule, one subject and one cause.

Danger and what is critical are raised in the transaction of the verb that learns of them, what is
overdue by the clock. `delivering` carries them out of the house; here they wait for a person.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents import history
from incidents.errors import NotAllowed
from incidents.models import Alert, AlertDelivery, Draft, Incident, Referral, Report
from incidents.querysets import acting_roles
from incidents.vocabulary import (
    AlertChannel,
    AlertRule,
    Audience,
    Danger,
    IncidentStatus,
    ReportState,
    Severity,
)
from observers.models import User

AT_WORK = (IncidentStatus.OPEN, IncidentStatus.IN_REVIEW)
# What the server received or changed so far ahead of its own clock shows that the clock went
# back: its due time is no use, so it is overdue now rather than never.
CLOCK_WENT_BACK = timedelta(minutes=5)
MOST_AT_ONCE = 500


def of_report(report: Report) -> None:
    """In the transaction that files it."""
    if report.danger != Danger.NONE:
        _raise(AlertRule.DANGER, report.danger, report=report)


def of_incident(incident: Incident) -> None:
    """In the transaction that changes it. A person in danger was alerted of with their report."""
    live = incident.status in (*AT_WORK, IncidentStatus.PARKED)
    if live and incident.severity == Severity.CRITICAL and not incident.urgent:
        _raise(AlertRule.CRITICAL, f"severity {incident.severity}", incident=incident)


def overdue(now: datetime | None = None) -> int:
    """Raise what waits too long and put away what no longer waits. Returns how many are new."""
    now = now or timezone.now()
    _settle(now)
    referrals = Referral.objects.filter(completed_at=None, due_at__lte=now)
    shaken = Draft.objects.filter(shaken_at__isnull=False).select_related("incident")
    return (
        sum(
            _raise(AlertRule.OVERDUE_REPORT, _said(row.due_at), report=row)
            for row in _new(_late_reports(now), AlertRule.OVERDUE_REPORT)
        )
        + sum(
            _raise(AlertRule.OVERDUE_INCIDENT, _said(row.due_at), incident=row)
            for row in _new(_late_incidents(now), AlertRule.OVERDUE_INCIDENT)
        )
        + sum(
            _raise(AlertRule.OVERDUE_REFERRAL, str(row.pk), incident=row.incident)
            for row in referrals.order_by("due_at", "pk").select_related("incident")
        )
        + sum(
            _raise(AlertRule.RESTS_ON, _said(row.shaken_at), incident=row.incident)
            for row in shaken
        )
    )


def _said(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""


def _late_reports(now: datetime) -> "QuerySet[Report, Report]":
    ahead = Q(received_at__gt=now + CLOCK_WENT_BACK)
    rows = Report.objects.filter(Q(due_at__lte=now) | ahead, state=ReportState.RECEIVED)
    return rows.only("election", "due_at", "audience")


def _late_incidents(now: datetime) -> "QuerySet[Incident, Incident]":
    ahead = Q(changed_at__gt=now + CLOCK_WENT_BACK)
    rows = Incident.objects.filter(Q(due_at__lte=now) | ahead, status__in=AT_WORK)
    return rows.only("election", "due_at")


def _new(rows: Any, rule: str) -> Iterator[Any]:
    """Those not yet alerted of for this due time, the longest waiting first, some at a time."""
    raised = set(Alert.objects.filter(rule=rule).values_list("key", flat=True))
    late = rows.order_by("due_at", "pk").iterator(chunk_size=MOST_AT_ONCE)
    return islice(
        (row for row in late if _key(rule, row, _said(row.due_at)) not in raised), MOST_AT_ONCE
    )


def _key(rule: str, subject: Report | Incident, cause: str) -> str:
    return f"{rule}:{subject.pk}:{cause}"


def _settle(now: datetime) -> None:
    """Nobody has to accept that something waits which waits no longer."""
    waiting = Alert.objects.waiting()
    dismissed = Q(rule=AlertRule.DANGER, report__state=ReportState.DISMISSED)
    done = Q(rule=AlertRule.OVERDUE_REPORT) & ~Q(report__state=ReportState.RECEIVED)
    done |= Q(rule=AlertRule.OVERDUE_INCIDENT) & ~Q(incident__status__in=AT_WORK)
    Alert.objects.filter(pk__in=waiting.filter(done | dismissed).values("pk")).update(
        accepted_at=now
    )


def _raise(
    rule: str, cause: str, *, report: Report | None = None, incident: Incident | None = None
) -> bool:
    """False when it was raised for this cause before, also by somebody at this very moment."""
    subject = report or incident
    if subject is None:
        return False
    key = _key(rule, subject, cause)
    # Asked first: an insert would wait for whoever accepts it now, and they wait for history.
    if Alert.objects.filter(key=key).exists():
        return False
    with transaction.atomic():
        alert = Alert(
            election_id=subject.election_id,
            rule=rule,
            report=report,
            incident=incident,
            cause=cause,
            key=key,
        )
        Alert.objects.bulk_create([alert], ignore_conflicts=True)
        if not Alert.objects.filter(pk=alert.pk).exists():
            return False
        AlertDelivery.objects.bulk_create(
            AlertDelivery(alert=alert, channel=channel) for channel in channels(report)
        )
    return True


def channels(report: Report | None) -> list[str]:
    """A report that only security may read is told of on security's own pages and nowhere else."""
    found: list[str] = [AlertChannel.PAGE]
    if report is None or report.audience == Audience.TEAM:
        if settings.ALERT_EMAIL_TO:
            found.append(AlertChannel.EMAIL)
        if settings.ALERT_WEBHOOK_URL:
            found.append(AlertChannel.WEBHOOK)
    return found


def accept(alert: Alert, *, by: User, channel: str = "page") -> Alert:
    """A person has taken it up; it stops. The second of two people finds it taken."""
    with transaction.atomic():
        locked = Alert.objects.select_for_update(of=("self",), no_key=True).get(pk=alert.pk)
        subject = locked.report or locked.incident
        if subject is None or not acting_roles(by, subject):
            raise NotAllowed(_("This is not yours to accept. Ask a colleague who may read it."))
        if locked.accepted_at is None:
            locked.accepted_at, locked.accepted_by = timezone.now(), by
            locked.save(update_fields=["accepted_at", "accepted_by"])
            shown = locked.deliveries.filter(channel=AlertChannel.PAGE)
            shown.update(delivered_at=locked.accepted_at, attempts=F("attempts") + 1)
            history.record(
                "accept_alert",
                by=by,
                channel=channel,
                election=locked.election,
                incident=locked.incident,
                report=locked.report,
                after={"alert": locked.rule},
            )
    return locked
