"""How a phone proves who it is when it reads: it signs a fresh challenge, as decision 0014 says.

The challenge is signed by the server and remembered nowhere. It lives by the server's clock, so
that a phone that believes it is 1970 can still prove who it is.
"""

import re
import secrets
import uuid
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from observers import keys
from observers.models import Device, Membership
from observers.roles import IN_THE_FIELD

LIVES = timedelta(minutes=2)
TOUCH_EVERY = timedelta(minutes=1)
REQUEST = "dauys-request-1"
SAID = re.compile(
    r"(?P<device>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"\.(?P<challenge>[A-Za-z0-9_:-]{1,200})\.(?P<signature>[A-Za-z0-9_-]{86})",
    re.ASCII,
)
# Verified against when there is no such device, so that this takes as long.
NOBODY = ec.generate_private_key(keys.CURVE).public_key()
_signer = TimestampSigner(salt="observers.proving")


def challenge() -> str:
    return _signer.sign(secrets.token_urlsafe(12))


def message(method: str, path: str, challenge: str) -> bytes:
    """What the phone signs; `path` with its query."""
    return "\n".join((REQUEST, method, path, challenge)).encode()


def prove(said: str, *, method: str, path: str) -> Device | None:
    """The device that signed this request, if it and its observer are in the field now.

    Asked anew each time: a lock holds from the next request on.
    """
    match = SAID.fullmatch(said)
    if match is None or not _fresh(match["challenge"]):
        return None
    device = _working(uuid.UUID(match["device"]))
    try:
        public = keys.public_key(device.public_key) if device else NOBODY
    except ValueError:
        return None
    signed = message(method, path, match["challenge"])
    if not keys.verifies(public, match["signature"], signed) or device is None:
        return None
    _touch(device)
    return device


def _fresh(challenge: str) -> bool:
    try:
        _signer.unsign(challenge, max_age=LIVES)
    except BadSignature:
        return False
    return True


def _working(pk: uuid.UUID) -> Device | None:
    sent = Membership.objects.active().filter(
        user=OuterRef("user"), election=OuterRef("election"), role__in=IN_THE_FIELD
    )
    found = Device.objects.filter(Exists(sent), pk=pk, kind=Device.Kind.PHONE, revoked_at=None)
    return found.filter(user__is_active=True).select_related("user", "election").first()


def _touch(device: Device) -> None:
    """At most one write a minute."""
    now = timezone.now()
    stale = Q(last_seen_at=None) | Q(last_seen_at__lte=now - TOUCH_EVERY)
    if device.last_seen_at is None or device.last_seen_at <= now - TOUCH_EVERY:
        Device.objects.filter(stale, pk=device.pk).update(last_seen_at=now)
        device.last_seen_at = now
