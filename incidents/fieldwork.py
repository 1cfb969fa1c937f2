"""Sending people out with a phone: the verbs of `observers.enrolling`, with their history.

The floor below knows people and phones, not what happened; the history lies here.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from elections.models import Election
from incidents import history
from incidents.errors import Invalid, NotAllowed, WrongState
from observers import enrolling
from observers.models import Device, Enrolment, User


class EnrolmentNotValid(NotAllowed):
    code = "enrolment_not_valid"


def invite(
    *,
    by: User,
    user: User,
    election: Election,
    channel: str,
    lifetime: timedelta = enrolling.LIFETIME,
) -> tuple[Enrolment, str]:
    """The invitation and the secret to show. Raises NotAllowed (403) and WrongState (409)."""
    with transaction.atomic():
        try:
            made, secret = enrolling.invite(by=by, user=user, election=election, lifetime=lifetime)
        except enrolling.NotYours as refusal:
            raise NotAllowed(refusal.message) from None
        except enrolling.Refusal as refusal:
            raise WrongState(refusal.message) from None
        history.record(
            "invite",
            by=by,
            channel=channel,
            election=election,
            after={"person": str(user.pk), "until": made.expires_at.isoformat()},
        )
    return made, secret


def enrol(secret: str, *, channel: str, **device: Any) -> tuple[Device, bool]:
    """The device, and whether it is new; `device` as `enrolling.redeem` takes it.

    Raises EnrolmentNotValid (403), WrongState (409) when the person has enough phones, and
    Invalid (400) for a key that is none.
    """
    with transaction.atomic():
        try:
            made, created = enrolling.redeem(secret, **device)
        except enrolling.NotValid as refusal:
            raise EnrolmentNotValid(refusal.message) from None
        except enrolling.Refusal as refusal:
            raise WrongState(refusal.message) from None
        except ValueError:
            said = _("Send a P-256 point, uncompressed, in base64url.")
            raise Invalid({"public_key": [said]}) from None
        if created and made.election is not None:
            history.record(
                "enrol",
                by=made.user,
                channel=channel,
                election=made.election,
                after={"device": str(made.pk), "kind": made.kind},
            )
    return made, created
