"""Who is at what. A lease warns colleagues; it never blocks a save, the version does that.

It ends by itself some idle minutes after the last sign of its holder, and at once when the holder
may no longer work on the desk.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from incidents.models import Incident, Lease, Report
from incidents.querysets import CLOCK_CORRECTED, acting_roles, lease_lasts
from observers.models import User

Subject = Incident | Report
# Renewed no oftener than this: a person who types would write to the database with every key.
SPARED = timedelta(seconds=20)
# Steps after which nobody is at it.
ENDS = frozenset({"release", "park", "close", "merge", "dismiss", "quarantine", "withdraw"})


def hold(subject: Subject, *, by: User) -> Lease:
    """Take it if nobody else has it, renew it if it is mine. Returns the lease as it stands."""
    now = timezone.now()
    with transaction.atomic():
        lease, made = Lease.objects.select_for_update(no_key=True).get_or_create(
            subject=subject.pk, defaults={"holder": by, "until": now + lease_lasts()}
        )
        if made or (lease.holder_id != by.pk and _lives(lease, subject, now)):
            return lease
        if lease.holder_id != by.pk or not _held(lease, now):
            lease.holder, lease.taken_at = by, now
        if lease.until < now + lease_lasts() - SPARED or lease.taken_at == now:
            lease.until = now + lease_lasts()
            lease.save()
    return lease


def take(subject: Subject, *, by: User) -> None:
    """Whoever had it: the claim of an incident moves it."""
    now = timezone.now()
    Lease.objects.update_or_create(
        subject=subject.pk, defaults={"holder": by, "taken_at": now, "until": now + lease_lasts()}
    )


def renew(subject: Subject, *, by: User) -> None:
    """A step is a sign of life of the holder; it takes no lease."""
    now = timezone.now()
    mine = Lease.objects.held(now).filter(subject=subject.pk, holder=by)
    mine.update(until=now + lease_lasts())


def let_go(subject: Subject, *, by: User) -> None:
    Lease.objects.filter(subject=subject.pk, holder=by).delete()


def after(step: str, subject: Subject, *, by: User) -> None:
    (let_go if step in ENDS else renew)(subject, by=by)


def other_holder(subject: Subject, *, by: User) -> User | None:
    """The colleague who is at it now."""
    now = timezone.now()
    lease = Lease.objects.held(now).filter(subject=subject.pk).exclude(holder=by).first()
    return lease.holder if lease and _lives(lease, subject, now) else None


def others(*, by: User) -> dict[UUID, str]:
    """Names of colleagues by what they are at, whoever may see it: filter before you show it."""
    held = Lease.objects.held(timezone.now()).exclude(holder=by).working_on_desk()
    return dict(held.values_list("subject", "holder__username"))


def all_held() -> list[tuple[UUID, UUID]]:
    """To find out cheaply whether anything moved at all."""
    return list(Lease.objects.held(timezone.now()).values_list("subject", "holder"))


def _lives(lease: Lease, subject: Subject, now: datetime) -> bool:
    return _held(lease, now) and bool(acting_roles(lease.holder, subject))


def _held(lease: Lease, now: datetime) -> bool:
    return now < lease.until <= now + lease_lasts() + CLOCK_CORRECTED
