"""A browser session for a phone that cannot keep a key: two hours, the observer's pages only.

Begun with an enrolment code instead of a password and bound to a device row, so the desk sees it
beside the phones and ends it like one. It is weaker than a phone with its own key, which seals
what it keeps: whoever has the cookie is the observer until the time is over. So it opens nothing
but `/report/`, whatever else the person may do at a desk.
"""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from observers.models import Device, User

if TYPE_CHECKING:
    from observers.roles import Visitor

LIFETIME = timedelta(hours=2)
TOUCH_EVERY = timedelta(minutes=1)
DEVICE = "field_device"
OPEN = "/report/"


def begin(request: HttpRequest, device: Device) -> None:
    """Whoever was signed in in this browser is so no longer. In the caller's transaction."""
    request.session.flush()
    login(request, device.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[DEVICE] = str(device.pk)
    request.session.set_expiry(0)  # with the browser; the two hours are counted here
    request.session.save()
    device.session_key = request.session.session_key or ""
    device.last_seen_at = timezone.now()
    device.save(update_fields=["session_key", "last_seen_at"])


def bounded(request: HttpRequest, user: "Visitor") -> "Visitor":
    """Who this request is from, as far as such a session reaches. Sets `request.field_device`
    and `field_until`."""
    named = request.session.get(DEVICE)
    if named is None or not user.is_authenticated:
        return user
    device = _usable(named, user, request.session.session_key)
    if device is None or not _within(request.path_info):
        return AnonymousUser()
    _touch(device)
    request.field_device = device  # type: ignore[attr-defined]
    request.field_until = device.enrolled_at + LIFETIME  # type: ignore[attr-defined]
    return user


def _within(path: str) -> bool:
    return path.startswith(OPEN) or path == reverse("account_logout")


def _usable(named: object, user: User, session_key: str | None) -> Device | None:
    try:
        pk = uuid.UUID(str(named))
    except ValueError:
        return None
    found: Device | None = (
        Device.objects.select_related("election")
        .filter(
            pk=pk,
            user=user,
            kind=Device.Kind.BROWSER,
            session_key=session_key or "-",
            revoked_at=None,
            enrolled_at__gt=timezone.now() - LIFETIME,
        )
        .first()
    )
    return found


def _touch(device: Device) -> None:
    now = timezone.now()
    if device.last_seen_at is None or device.last_seen_at < now - TOUCH_EVERY:
        stale = Q(last_seen_at=None) | Q(last_seen_at__lt=now - TOUCH_EVERY)
        Device.objects.filter(stale, pk=device.pk).update(last_seen_at=now)
