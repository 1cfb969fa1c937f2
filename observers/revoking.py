"""Taking a phone or a person out, at once and everywhere; see docs/decisions/0014.

Nothing is remembered of who may come in, so nothing has to expire: every surface asks these
columns with every request. History and rights of the desk are a floor above, in
`incidents.workflow.safety`.
"""

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from observers.models import ApiToken, Device, Enrolment, Membership, User
from observers.roles import Role


def administers(person: User) -> bool:
    """Their accounts are opened and closed in the admin site only, now or in time to come."""
    return Membership.objects.filter(user=person, role=Role.ADMIN).exists()


def lock_device(device: Device, *, by: User) -> bool:
    """For ever: a phone that is found again is enrolled again. False when it was locked before."""
    with transaction.atomic():
        return _revoke_devices(Q(pk=device.pk), by=by) > 0


def lock_person(person: User, *, by: User) -> bool:
    """Account, phones, sessions, tokens and invitations. False when nothing was left to lock."""
    now = timezone.now()
    with transaction.atomic():
        # Whoever redeems an invitation waits for this row, or this waits for them.
        held = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        closed = held.is_active
        if closed:
            held.is_active, held.locked_at, held.locked_by = False, now, by
            held.save(update_fields=["is_active", "locked_at", "locked_by"])
        phones = _revoke_devices(Q(user=person), by=by)
        tokens = ApiToken.objects.filter(user=person, revoked_at=None).update(revoked_at=now)
        invited = Enrolment.objects.filter(user=person, used_at=None, revoked_at=None)
        invitations = invited.update(revoked_at=now)
    return closed or bool(phones or tokens or invitations)


def unlock_person(person: User) -> bool:
    """The account only. What was signed in before stays out, and phones are enrolled again.

    An account that an administrator closed is not the desk's to open: False.
    """
    locked = User.objects.filter(pk=person.pk, is_active=False, locked_by__isnull=False)
    return bool(locked.update(is_active=True, locked_by=None))


def _revoke_devices(which: Q, *, by: User) -> int:
    devices = Device.objects.filter(which, revoked_at=None)
    keys = [key for key in devices.values_list("session_key", flat=True) if key]
    revoked = devices.update(revoked_at=timezone.now(), revoked_by=by)
    Session.objects.filter(session_key__in=keys).delete()
    return revoked
