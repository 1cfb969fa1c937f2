"""Alerts leave the house: by e-mail and by webhook, at least once, with the same id each time.

A message carries the rule, the reference and a link. Never text, names or places.
"""

import json
import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from incidents import posting
from incidents.models import Alert, AlertDelivery
from incidents.posting import NotDelivered
from incidents.vocabulary import AlertChannel, AlertRule

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
MOST_AT_ONCE = 50
log = logging.getLogger(__name__)


def deliver(now: datetime | None = None) -> int:
    """Try everything that is due. Returns how many were taken."""
    now = now or timezone.now()
    return sum(_try(delivery, now) for delivery in _due(now)[:MOST_AT_ONCE])


def _due(now: datetime) -> list[AlertDelivery]:
    # A time farther off than any pause was written by a clock that has gone back since.
    ready = Q(next_try_at__lte=now) | Q(next_try_at__gt=now + LONGEST_PAUSE)
    again = Q(
        channel=AlertChannel.EMAIL, alert__rule=AlertRule.DANGER, alert__accepted_at__isnull=True
    )
    rows = AlertDelivery.objects.filter(ready, channel__in=ROADS)
    rows = rows.filter(Q(delivered_at=None) | again)
    return list(
        rows.select_related("alert__report", "alert__incident", "alert__election").order_by(
            "next_try_at"
        )
    )


def _try(delivery: AlertDelivery, now: datetime) -> bool:
    """Taken by who changes the row first; sent outside any transaction, then marked.

    Who dies in between has perhaps sent it: it is sent again, and the receiver knows its id.
    """
    attempts = delivery.attempts + 1
    mine = AlertDelivery.objects.filter(
        pk=delivery.pk, attempts=delivery.attempts, next_try_at=delivery.next_try_at
    )
    if not mine.update(attempts=attempts, next_try_at=now + _pause(attempts)):
        return False
    row = AlertDelivery.objects.filter(pk=delivery.pk)
    try:
        ROADS[delivery.channel](delivery)
    except (NotDelivered, OSError, smtplib.SMTPException) as error:
        said = str(error) if isinstance(error, NotDelivered) else type(error).__name__
        row.update(last_error=said[:200])
        log.warning("alert not delivered by %s: %s", delivery.channel, type(error).__name__)
        return False
    again = now + timedelta(minutes=settings.ALERT_REPEAT_MINUTES)
    row.update(delivered_at=now, last_error="", next_try_at=min(again, now + LONGEST_PAUSE))
    return True


def _pause(attempts: int) -> timedelta:
    return min(LONGEST_PAUSE, FIRST_PAUSE * int(2 ** min(attempts - 1, 12)))


# --- What is said -----------------------------------------------------------------------------


def message(alert: Alert) -> dict[str, Any]:
    """All that a stranger who reads it may know."""
    return {
        "type": f"alert.{alert.rule}",
        "id": str(alert.pk),
        "ref": alert.report.ref if alert.report else alert.incident.ref if alert.incident else "",
        "raised_at": alert.raised_at.isoformat(timespec="seconds"),
        "url": settings.PUBLIC_URL + path(alert),
        "rehearsal": alert.election.is_rehearsal,
    }


def path(alert: Alert) -> str:
    if alert.report:
        return reverse("desk-report", args=[alert.report.pk])
    return reverse("desk-incident", args=[alert.incident.ref if alert.incident else ""])


# --- E-mail -----------------------------------------------------------------------------------


def _by_email(delivery: AlertDelivery) -> None:
    alert = delivery.alert
    said = message(alert)
    with translation.override(settings.LANGUAGE_CODE):
        rule = str(AlertRule(alert.rule).label)
        if said["rehearsal"]:
            rule = _("Rehearsal: %(rule)s") % {"rule": rule}
        lines = [rule, said["ref"], said["url"], "", _("Sign in to read it, then accept it.")]
    # A repeat after a failure is the same message; a reminder is another one.
    number = f".{delivery.attempts}" if delivery.delivered_at else ""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    mail = EmailMessage(
        subject=f"{rule}: {said['ref']}",
        body="\n".join(lines),
        to=settings.ALERT_EMAIL_TO,
        headers={
            "Message-ID": f"<{delivery.pk}{number}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if not settings.ALERT_EMAIL_TO:
        raise NotDelivered("nobody is named")
    mail.send()


# --- Webhook ----------------------------------------------------------------------------------


def _by_webhook(delivery: AlertDelivery) -> None:
    body = json.dumps(message(delivery.alert), separators=(",", ":")).encode()
    secrets, message_id = [settings.ALERT_WEBHOOK_SECRET], str(delivery.pk)
    headers = posting.signed_headers(secrets, message_id, timezone.now().timestamp(), body)
    posting.post(settings.ALERT_WEBHOOK_URL, body, headers)


ROADS: dict[str, Callable[[AlertDelivery], None]] = {
    AlertChannel.EMAIL: _by_email,
    AlertChannel.WEBHOOK: _by_webhook,
}
