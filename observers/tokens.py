"""API tokens: `dauys_<prefix>_<secret>`. The prefix finds the row, the secret proves the right.

The secret has 256 random bits, so one round of SHA-256 is enough to keep it (slow hashes are for
passwords people choose). Tokens travel in the Authorization header only, never in an address.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import CharField, DateTimeField, Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.models import Election, Region
from elections.prepared import Given, Prepared
from observers.models import ApiToken, User

LIFETIME = timedelta(days=90)
LONGEST = timedelta(days=366)
TOUCH_EVERY = timedelta(minutes=1)
LETTERS = string.ascii_letters + string.digits
TEXT = re.compile(r"dauys_([a-z0-9]{8})_([A-Za-z0-9]{43})", re.ASCII)
# Compared with when no row was found, so that a wrong prefix takes as long as a wrong secret.
NO_HASH = "0" * 64
USABLE = Prepared(
    lambda: (
        ApiToken.objects.usable(Given("now", DateTimeField()))
        .filter(prefix=Given("prefix", CharField()))
        .select_related("user")
        .order_by()
    )
)


class Scope(TextChoices):
    PUBLISHED_READ = (
        "published:read",
        _("Read what is published, and what is agreed with partners"),
    )
    REPORTS_WRITE = "reports:write", _("Send reports and see the fate of one's own")
    DESK = "desk", _("Work on the desk")
    WEBHOOKS = "webhooks", _("Keep webhooks")


READS = Scope.PUBLISHED_READ.value


def create(
    user: User,
    *,
    name: str,
    scopes: Iterable[str],
    expires_in: timedelta = LIFETIME,
    elections: Iterable[Election] = (),
    regions: Iterable[Region] = (),
) -> tuple[ApiToken, str]:
    """The row and the text to hand over; the text cannot be had again.

    Without `elections` and `regions` it reaches as far as the person does. Raises ValueError for
    an unknown scope, no scope, a lifetime outside 1 second–366 days, or regions of a token that
    does more than read: neither a desk nor an observer can be limited by them.
    """
    elections, regions = list(elections), list(regions)
    wanted = sorted({Scope(scope).value for scope in scopes})
    if not wanted:
        raise ValueError("a token needs at least one scope")
    if not timedelta(0) < expires_in <= LONGEST:
        raise ValueError(f"a token lives at most {LONGEST.days} days")
    if regions and wanted != [Scope.PUBLISHED_READ]:
        raise ValueError(f"only a token that does no more than {READS} is limited to regions")
    prefix = _random(8).lower()
    secret = _random(43)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user,
            name=name,
            prefix=prefix,
            secret_hash=_digest(secret),
            scopes=wanted,
            expires_at=timezone.now() + expires_in,
            by_election=bool(elections),
            by_region=bool(regions),
        )
        token.elections.set(elections)
        token.regions.set(regions)
    return token, f"dauys_{prefix}_{secret}"


def find(text: str) -> ApiToken | None:
    """The usable token with this text. Not cached: a revocation holds from the next request on."""
    match = TEXT.fullmatch(text)
    if match is None:
        return None
    prefix, secret = match.groups()
    token = next(iter(USABLE(prefix=prefix, now=timezone.now())), None)
    known = token.secret_hash if token else NO_HASH
    if not hmac.compare_digest(_digest(secret), known) or token is None:
        return None
    _touch(token)
    return token


def revoke(token: ApiToken) -> None:
    """Revoking twice keeps the first time."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    token.refresh_from_db(fields=["revoked_at"])


def _touch(token: ApiToken) -> None:
    """At most one write a minute, however busy the token is."""
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at > now - TOUCH_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - TOUCH_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    token.last_used_at = now


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _place in range(length))
