"""A person's own webhooks: make one, give it another secret, pause it, take it away."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.models import Election
from elections.querysets import THE_WORLD
from elections.strict import shown
from incidents import categories, posting
from incidents.cleaning import clean_text
from incidents.errors import Invalid, NotAllowed, Text, WrongState
from incidents.models import Change, Delivery, Subscription
from incidents.querysets import SUBSCRIBERS
from incidents.vocabulary import WebhookPause
from observers import keys
from observers.models import User
from observers.roles import roles

MOST = 20
SECRET_OVERLAP = timedelta(hours=24)
LONGEST_NAME = 100
MOST_CATEGORIES = 100
BAD_ADDRESS = _(
    "Give an https:// address on the open internet: no password and no # in it, port 443 or one "
    "above 1023, a name in Latin letters (xn--… for others)."
)


def may_subscribe(user: User) -> bool:
    return bool(frozenset(SUBSCRIBERS) & roles(user))


def subscribe(
    *, by: User, url: str, name: str = "", election: str = "", wanted: Iterable[str] = ()
) -> tuple[Subscription, str]:
    """The row and its secret. `election`: a short name, or "" for all; `wanted`: codes of
    categories or groups. What is published from now on will be told. Raises Invalid."""
    _require_right(by)
    errors: dict[str, list[Text]] = {}
    name = clean_text(name, limit=LONGEST_NAME)[0].strip()
    if not _may_be_called(url):
        errors["url"] = [BAD_ADDRESS]
    found = Election.objects.visible_to(THE_WORLD).filter(slug=election).first()
    if election and found is None:
        errors["election"] = [_("There is no such election.")]
    codes = sorted(set(wanted))
    if unknown := [code for code in codes if not categories.expand(code)]:
        said = _("“%(value)s” is not known.")
        errors["categories"] = [said % {"value": shown(code)} for code in unknown[:5]]
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        # Locked, so that two at once do not both find room for the last one.
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
        if Subscription.objects.filter(owner=by).count() >= MOST:
            full = _("You have %(most)s webhooks already. Delete one first.")
            raise WrongState(full % {"most": MOST})
        newest = Change.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
        made = Subscription.objects.create(
            owner=by, url=url, name=name, election=found, categories=codes, seen_seq=newest
        )
        return made, secrets_of(made)[0]


def _may_be_called(url: str) -> bool:
    """As far as the letters tell; where the name leads is asked at each call."""
    try:
        target = posting.understand(url, plain=settings.WEBHOOKS_MAY_CALL_HERE)
    except posting.NotDelivered:
        return False
    address = posting.literal(target.host)
    return address is None or reachable(address)


def reachable(address: str) -> bool:
    here = settings.WEBHOOKS_MAY_CALL_HERE and posting.on_this_machine(address)
    return here or posting.on_the_open_internet(address)


def secrets_of(subscription: Subscription) -> list[str]:
    """The newest first; the one before it while both are in use."""
    generations = [subscription.generation]
    until = subscription.previous_until
    if until is not None and until > timezone.now():
        generations.append(subscription.generation - 1)
    return [keys.webhook_secret(subscription.pk, number) for number in generations]


def rotate(subscription: Subscription, *, by: User) -> tuple[Subscription, str]:
    """Another secret, at once; the one before it signs too for a day. Twice ends both before."""
    with transaction.atomic():
        locked = _own(subscription, by)
        locked.generation += 1
        locked.previous_until = timezone.now() + SECRET_OVERLAP
        locked.save(update_fields=["generation", "previous_until"])
    return locked, secrets_of(locked)[0]


def pause(subscription: Subscription, *, by: User) -> Subscription:
    """Nothing is sent, and nothing lost: what is published meanwhile is told afterwards."""
    with transaction.atomic():
        locked = _own(subscription, by)
        if locked.paused_at is None:
            locked.paused_at, locked.paused_why = timezone.now(), WebhookPause.OWNER
            locked.save(update_fields=["paused_at", "paused_why"])
    return locked


def resume(subscription: Subscription, *, by: User) -> Subscription:
    """Also of one that is only failing: what waits is tried at once."""
    with transaction.atomic():
        locked = _own(subscription, by)
        locked.paused_at, locked.paused_why, locked.failing_since = None, "", None
        locked.failures = 0
        locked.save(update_fields=["paused_at", "paused_why", "failing_since", "failures"])
        waiting = Delivery.objects.filter(subscription=locked, waiting=True)
        waiting.update(next_try_at=timezone.now())
    return locked


def unsubscribe(subscription: Subscription, *, by: User) -> None:
    """With its log: it tells of nothing that is not public, and nobody else reads it."""
    with transaction.atomic():
        _own(subscription, by).delete()


def test(subscription: Subscription, *, by: User) -> Delivery:
    """A message of no change, tried once, also while paused. One at a time."""
    with transaction.atomic():
        locked = _own(subscription, by)
        waiting = Delivery.objects.filter(subscription=locked, change=None, waiting=True)
        return waiting.first() or Delivery.objects.create(subscription=locked)


def redeliver(delivery: Delivery, *, by: User) -> Delivery:
    """Once more under the same id, before what is newer."""
    with transaction.atomic():
        _own(delivery.subscription, by)
        if delivery.change_id is None:
            raise WrongState(_("A test is not sent again. Send another one."))
        again = Delivery.objects.filter(pk=delivery.pk)
        again.update(waiting=True, next_try_at=timezone.now())
    return again.get()


def _own(subscription: Subscription, by: User) -> Subscription:
    _require_right(by)
    rows = Subscription.objects.select_for_update(of=("self",), no_key=True)
    locked = rows.filter(pk=subscription.pk, owner=by).first()
    if locked is None:
        raise NotAllowed(_("This webhook is somebody else's."))
    return locked


def _require_right(by: User) -> None:
    if not may_subscribe(by):
        raise NotAllowed(_("Webhooks are for partners and for the desk of an election."))
