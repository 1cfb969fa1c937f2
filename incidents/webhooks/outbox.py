"""From the public feed into each subscription's own queue, every change once.

The numbers of the feed become visible in order, so "up to which one was it looked at" is all that
has to be remembered; it moves in the transaction that makes the messages.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from incidents import categories
from incidents.models import Change, Delivery, PublicationCategory, Subscription

# As many wait at most; the rest stays in the feed, where it takes no room.
MOST_WAITING = 500
KEPT_FOR = timedelta(days=90)


def fill() -> int:
    """Returns how many messages were made."""
    newest = Change.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    behind = Subscription.objects.in_force().filter(paused_at=None, seen_seq__lt=newest)
    return sum(_fill(pk, newest) for pk in list(behind.order_by().values_list("pk", flat=True)))


def _fill(pk: UUID, newest: int) -> int:
    with transaction.atomic():
        rows = Subscription.objects.select_for_update(of=("self",), no_key=True)
        subscription = rows.filter(pk=pk, paused_at=None).first()
        if subscription is None:
            return 0
        room = MOST_WAITING - subscription.deliveries.filter(waiting=True).count()
        if room <= 0:
            return 0
        changes = Change.objects.visible_to(AnonymousUser(), withdrawn=True)
        changes = changes.filter(seq__gt=subscription.seen_seq, seq__lte=newest)
        found = list(changes.select_related("publication").order_by("seq")[:room])
        made = [
            Delivery(subscription=subscription, change=change)
            for change in _concerning(subscription, found)
        ]
        Delivery.objects.bulk_create(made, ignore_conflicts=True)
        subscription.seen_seq = found[-1].seq if len(found) == room else newest
        subscription.save(update_fields=["seen_seq"])
        return len(made)


def _concerning(subscription: Subscription, changes: Sequence[Change]) -> list[Change]:
    """A retraction is told to everybody who follows the election: of a withdrawn publication
    nothing is left that a filter could look at, and a copy must not keep what was taken back.
    So is, of something that was told, that it is now of another category."""
    if subscription.election_id is not None:
        election = subscription.election_id
        changes = [one for one in changes if one.publication.election_id == election]
    if not subscription.categories:
        return list(changes)
    codes = {code for one in subscription.categories for code in categories.expand(one)}
    about = {change.publication_id for change in changes}
    fitting = PublicationCategory.objects.filter(publication__in=about, code__in=codes)
    told = Delivery.objects.filter(
        subscription=subscription, change__op=Change.Op.UPSERT, change__publication__in=about
    )
    known = set(fitting.values_list("publication", flat=True))
    known |= set(told.values_list("change__publication", flat=True))
    return [one for one in changes if one.op == Change.Op.RETRACT or one.publication_id in known]


def sweep() -> int:
    """The log is for looking up what went wrong, not for ever."""
    old = Delivery.objects.filter(waiting=False, made_at__lt=timezone.now() - KEPT_FOR)
    return old.delete()[0]
