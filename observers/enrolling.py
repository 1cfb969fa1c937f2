"""How a phone becomes an observer's: an invitation with a secret, redeemed once for a device.

The secret is random and long, so one round of SHA-256 keeps it. It is shown once, as a QR code or
as letters to type, and travels in the fragment of a link, which no server sees. History is written
a floor above, in `incidents.fieldwork`: pages and API call that.
"""

import hashlib
import secrets
import unicodedata
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from elections.models import Election
from observers import keys
from observers.models import Device, Enrolment, Membership, User
from observers.roles import IN_THE_FIELD, Role, memberships

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: none looks like another
LENGTH = 26  # 130 bits
LIFETIME = timedelta(minutes=15)
LONGEST = timedelta(hours=72)
PHONES = 2
LABEL = 100
# What a person reads off a screen or writes by hand, in either script of a phone's keyboard.
ALIKE = str.maketrans("OILІОАВЕКМНРСТХУ", "0111" + "0ABEKMHPCTXY")


class Refusal(Exception):
    """`message`: what to do, for a person."""

    message: str | Promise = ""

    def __str__(self) -> str:
        return str(self.message)


class NotYours(Refusal):
    message = _("You may invite the people you look after in this election. Ask a colleague.")


class NotSent(Refusal):
    message = _(
        "This person does not go out in this election: their account is closed, or they are "
        "neither observer nor coordinator nor security there. Ask an administrator."
    )


class EnoughPhones(Refusal):
    message = _("This person has two phones already. Lock one of them first.")


class NotValid(Refusal):
    """One for all reasons: who guesses learns nothing."""

    message = _(
        "This invitation is not valid: mistyped, used or too old. Ask your coordinator for "
        "another one."
    )


def invite(
    *, by: User, user: User, election: Election, lifetime: timedelta = LIFETIME
) -> tuple[Enrolment, str]:
    """The row and the secret to show; the secret cannot be had again.

    An earlier invitation that nobody used ends. Raises NotYours, NotSent and EnoughPhones, and
    ValueError for a lifetime outside 1 second–72 hours.
    """
    if not timedelta(0) < lifetime <= LONGEST:
        raise ValueError("an invitation lives at most 72 hours")
    if not may_invite(by, user, election):
        raise NotYours
    keys.make()
    keys.make(election)
    secret = "".join(secrets.choice(LETTERS) for _place in range(LENGTH))
    with transaction.atomic():
        held = _hold(user)
        _check(held, election, another=True)
        now = timezone.now()
        open_ones = Enrolment.objects.filter(user=held, election=election, used_at=None)
        open_ones.filter(revoked_at=None).update(revoked_at=now)
        made = Enrolment.objects.create(
            user=held,
            election=election,
            secret_hash=_digest(secret),
            made_by=by,
            made_at=now,
            expires_at=now + lifetime,
        )
    return made, secret


def may_invite(by: User, user: User, election: Election) -> bool:
    """Coordinators those they look after in this election, security everybody there."""
    if not memberships(by, election).filter(role__in=[Role.COORDINATOR, Role.SECURITY]).exists():
        return False
    cared_for = Membership.objects.in_care_of(by).filter(election=election, user=user)
    return cared_for.active().filter(role__in=IN_THE_FIELD).exists()


def redeem(
    secret: str,
    *,
    public_key: str = "",
    label: str = "",
    kind: str = Device.Kind.PHONE,
    session_key: str = "",
) -> tuple[Device, bool]:
    """The device this invitation was for, and whether it is new. Raises NotValid, EnoughPhones,
    and ValueError for a key that is none.

    A phone that never got the answer asks again with the same key and gets the same device. The
    plain page has a session instead of a key and is no phone: it counts to no limit.
    """
    phone = kind == Device.Kind.PHONE
    if phone and not is_key(public_key):
        raise ValueError("not an uncompressed P-256 point")
    found = Enrolment.objects.filter(secret_hash=_digest(secret)).select_related("election")
    with transaction.atomic():
        # Who locks the person, or redeems as well, waits for this row or is waited for.
        known = found.first()
        held = _hold(known.user) if known else None
        enrolment = found.select_related("device", "user").first()
        if held is None or enrolment is None:
            raise NotValid
        if phone and (earlier := _asks_again(enrolment, public_key)):
            return earlier, False
        if not Enrolment.objects.usable().filter(pk=enrolment.pk).exists():
            raise NotValid
        try:
            _check(held, enrolment.election, another=phone)
        except NotSent:
            raise NotValid from None
        device = Device.objects.create(
            user=held,
            election=enrolment.election,
            kind=kind,
            label=label[:LABEL],
            public_key=public_key if phone else "",
            session_key=session_key,
        )
        enrolment.device, enrolment.used_at = device, device.enrolled_at
        enrolment.save(update_fields=["device", "used_at"])
    return device, True


def _asks_again(enrolment: Enrolment, public_key: str) -> Device | None:
    """The phone that was made of it, if it works and this is its key."""
    made = enrolment.device
    if made is None or made.revoked_at is not None or not enrolment.user.is_active:
        return None
    return made if made.public_key == public_key else None


def is_key(text: str) -> bool:
    try:
        keys.public_key(text)
    except ValueError:
        return False
    return True


def phones_of(user: User) -> int:
    """Those that work; the plain page of an old phone is none."""
    found = Device.objects.filter(user=user, kind=Device.Kind.PHONE, revoked_at=None)
    return found.count()


def in_groups(secret: str) -> str:
    """As it is shown to be typed: "ABCDE-FGHJK-…"."""
    return "-".join(secret[start : start + 5] for start in range(0, len(secret), 5))


def _hold(user: User) -> User:
    held: User = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return held


def _check(user: User, election: Election, *, another: bool) -> None:
    if not memberships(user, election).filter(role__in=IN_THE_FIELD).exists():
        raise NotSent
    if another and phones_of(user) >= PHONES:
        raise EnoughPhones


def _digest(secret: str) -> str:
    """Of the letters alone, however they were typed: case, spaces, dashes and look-alikes."""
    typed = "".join(
        letter
        for letter in unicodedata.normalize("NFKC", secret[:200]).upper()
        if unicodedata.category(letter) not in ("Zs", "Pd", "Cc", "Cf")
    ).translate(ALIKE)
    return hashlib.sha256(typed.encode("utf-8", "replace")).hexdigest()
