"""Locking a phone or a person from the desk: one press, no question asked, all of it in history.

A coordinator or security officer locks whom they look after, colleagues among them; nobody locks
their own account, and nobody touches an administrator's. An account is unlocked by security or by
who locked it; what was locked in haste is opened by the same hand. A phone is never unlocked.
"""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from elections.models import Election
from incidents import history
from incidents.errors import NotAllowed, WrongState
from observers import revoking
from observers.models import Device, Membership, User
from observers.roles import Role, roles


def lock_device(device: Device, *, by: User, channel: str = "page") -> Device:
    """Locking twice keeps the first lock. Raises NotAllowed."""
    election = _election_of_care(device.user, by)
    with transaction.atomic():
        if revoking.lock_device(device, by=by):
            said = {"device": str(device.pk), "user": str(device.user_id)}
            history.record("lock_device", by=by, channel=channel, election=election, after=said)
    device.refresh_from_db()
    return device


def lock_person(person: User, *, by: User, channel: str = "page") -> User:
    """Locking twice keeps the first lock. Raises NotAllowed."""
    election = _election_of_care(person, by)
    if person.pk == by.pk:
        raise NotAllowed(_("Your own account is locked by a colleague. Lock your phone here."))
    with transaction.atomic():
        if revoking.lock_person(person, by=by):
            said = {"user": str(person.pk)}
            history.record("lock_person", by=by, channel=channel, election=election, after=said)
    person.refresh_from_db()
    return person


def unlock_person(person: User, *, by: User, channel: str = "page") -> User:
    """Raises NotAllowed, and WrongState when the desk did not lock this account."""
    election = _election_of_care(person, by)
    if person.locked_by_id is not None and not may_unlock(person, by=by):
        raise NotAllowed(_("A security officer unlocks this person, or the one who locked them."))
    with transaction.atomic():
        if not revoking.unlock_person(person):
            raise WrongState(_("This person is not locked by the desk. Reload and look again."))
        said = {"user": str(person.pk)}
        history.record("unlock_person", by=by, channel=channel, election=election, after=said)
    person.refresh_from_db()
    return person


def may_unlock(person: User, *, by: User, seen: Iterable[Membership] | None = None) -> bool:
    """`seen`: the memberships of theirs that `by` looks after, if they are known already."""
    if person.pk == by.pk or person.locked_by_id is None:
        return False
    if person.locked_by_id == by.pk:
        return True
    if seen is None:
        cared_for = Membership.objects.in_care_of(by).filter(user=person)
        seen = cared_for.select_related("election")
    return any(Role.SECURITY in roles(by, one.election) for one in seen if one.election)


def _election_of_care(person: User, by: User) -> Election:
    """The one in which `by` looks after them; history names it. Raises NotAllowed."""
    cared_for = Membership.objects.in_care_of(by).filter(user=person).select_related("election")
    first = cared_for.order_by("pk").first()
    if first is None or first.election is None:
        raise NotAllowed(_("This person is not among those you look after. Ask a colleague."))
    if revoking.administers(person):
        raise NotAllowed(_("An administrator's account is closed in the administration only."))
    return first.election
