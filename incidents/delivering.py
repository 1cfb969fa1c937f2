"""Alerts leave the house: by e-mail and by webhook, at least once, with the same id each time.

A message carries the rule, the reference and a link. Never text, names or places.
"""

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import smtplib
import socket
import ssl
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

from incidents.models import Alert, AlertDelivery
from incidents.vocabulary import AlertChannel, AlertRule

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
SECONDS = 10
MOST_AT_ONCE = 50
log = logging.getLogger(__name__)


class NotDelivered(Exception):
    """The message says why, without an address, a secret or what the other side answered."""


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
    except (NotDelivered, OSError, smtplib.SMTPException, http.client.HTTPException) as error:
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
    moment = str(int(timezone.now().timestamp()))
    signed = signature(settings.ALERT_WEBHOOK_SECRET, str(delivery.pk), moment, body)
    post(
        settings.ALERT_WEBHOOK_URL,
        body,
        {
            "content-type": "application/json",
            "user-agent": "dauys",
            "webhook-id": str(delivery.pk),
            "webhook-timestamp": moment,
            "webhook-signature": signed,
        },
    )


def signature(secret: str, message_id: str, moment: str, body: bytes) -> str:
    """As Standard Webhooks defines it, version 1."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotDelivered("the secret is not base64") from error
    if len(key) < 24:
        raise NotDelivered("the secret is shorter than 24 bytes")
    signed = f"{message_id}.{moment}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def on_the_open_internet(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # An IPv6 address may wrap one of a private network.
        wrapped = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if wrapped and not wrapped.is_global:
            return False
    return found.is_global and not found.is_multicast


def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    reachable: Callable[[str], bool] = on_the_open_internet,
    context: ssl.SSLContext | None = None,
) -> None:
    """The name is resolved once and exactly that address is spoken to. Raises NotDelivered."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise NotDelivered("the address is not https")
    if parts.username or parts.password:
        raise NotDelivered("the address carries a password")
    try:
        port = parts.port or 443
    except ValueError as error:
        raise NotDelivered("the port is not a number") from error
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(reachable(address) for address in addresses):
        raise NotDelivered("the address is not on the open internet")
    connection = _Pinned(parts.hostname, port, addresses[0], context)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        connection.request("POST", target, body=body, headers=headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise NotDelivered(f"answered {status}")


class _Pinned(http.client.HTTPSConnection):
    """Speaks to one address, whatever the name resolves to a moment later."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext | None) -> None:
        self.address = address
        self.tls = context or ssl.create_default_context()
        super().__init__(host, port, timeout=SECONDS, context=self.tls)

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), timeout=SECONDS)
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)


ROADS: dict[str, Callable[[AlertDelivery], None]] = {
    AlertChannel.EMAIL: _by_email,
    AlertChannel.WEBHOOK: _by_webhook,
}
