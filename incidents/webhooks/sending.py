"""What waits is sent: to each receiver in order and one at a time, to several at once.

Any number of processes may do this. A worker takes a subscription by a lease, speaks outside any
transaction and then writes down what came of it. Who is killed in between has perhaps sent it: the
lease ends, it is sent again, and the receiver knows its id.
"""

import json
import logging
import secrets
import time
import uuid
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from incidents import posting
from incidents.models import Change, Delivery, Subscription
from incidents.vocabulary import DeliveryProblem, WebhookPause
from incidents.webhooks.subscribing import reachable, secrets_of

LEASE = timedelta(seconds=60)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=24)
GIVE_UP = timedelta(days=3)
# A clock that jumped three days ahead is no receiver that failed for three days.
FEWEST_FAILURES = 8
GONE = 410
AT_ONCE = 8
TURN_SECONDS = 20.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parcel:
    """All that a thread without a database needs."""

    subscription: uuid.UUID
    delivery: uuid.UUID
    is_test: bool
    lease: uuid.UUID
    url: str
    body: bytes
    secrets: list[str]


@dataclass(frozen=True)
class Answer:
    status: int | None = None
    problem: str = ""


def send() -> int:
    """Everything that is due, for some seconds. Returns how many messages were taken."""
    end, taken = time.monotonic() + TURN_SECONDS, 0
    due = deque(_due())
    running: dict[Future[Answer], Parcel] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            while due and len(running) < AT_ONCE and time.monotonic() < end:
                if parcel := _take(due.popleft()):
                    running[pool.submit(_post, parcel)] = parcel
            if not running:
                return taken
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                parcel = running.pop(done)
                if _record(parcel, done.result()):
                    taken += 1
                    due.append(parcel.subscription)


def _free(now: datetime) -> Q:
    # A lease that ends farther off than any was written by a clock that has gone back since.
    over = Q(leased_until__lte=now) | Q(leased_until__gt=now + LEASE)
    return Q(leased_by=None) | over


def _due() -> list[uuid.UUID]:
    """Those that were served longest ago first."""
    now = timezone.now()
    ready = Q(next_try_at__lte=now) | Q(next_try_at__gt=now + LONGEST_PAUSE)
    waiting = Delivery.objects.filter(ready, subscription=OuterRef("pk"), waiting=True)
    unpaused = Q(paused_at=None) & Q(Exists(waiting))
    found = Subscription.objects.in_force().filter(_free(now))
    found = found.filter(unpaused | Exists(waiting.filter(change=None)))
    order = F("leased_until").asc(nulls_first=True)
    return list(found.order_by(order, "pk").values_list("pk", flat=True))


def _take(pk: uuid.UUID) -> Parcel | None:
    """The next message and the lease to send it; None if there is none, or another has it."""
    now = timezone.now()
    with transaction.atomic():
        rows = Subscription.objects.select_for_update(of=("self",), no_key=True).in_force()
        subscription = rows.filter(_free(now), pk=pk).first()
        if subscription is None or (delivery := _next(subscription, now)) is None:
            return None
        subscription.leased_by, subscription.leased_until = uuid.uuid4(), now + LEASE
        is_test = delivery.change_id is None
        subscription.failures += not is_test  # until it is known better
        subscription.save(update_fields=["leased_by", "leased_until", "failures"])
        delivery.attempts += 1
        delivery.last_tried_at = now
        delivery.next_try_at = now + pause_after(subscription.failures)
        delivery.waiting = not is_test  # a test is tried once
        fields = ["attempts", "last_tried_at", "next_try_at", "waiting"]
        delivery.save(update_fields=fields)
        return Parcel(
            subscription=subscription.pk,
            delivery=delivery.pk,
            is_test=is_test,
            lease=subscription.leased_by,
            url=subscription.url,
            body=body_of(delivery),
            secrets=secrets_of(subscription),
        )


def _next(subscription: Subscription, now: datetime) -> Delivery | None:
    """A test, or the oldest change: while that one fails, what is newer waits behind it."""
    waiting = Delivery.objects.filter(subscription=subscription, waiting=True)
    if test := waiting.filter(change=None).order_by("made_at").first():
        return test
    if subscription.paused_at is not None:
        return None
    told = waiting.exclude(change=None).select_related("change__publication__election")
    for delivery in told.order_by("change_id").iterator(chunk_size=10):
        if now < delivery.next_try_at <= now + LONGEST_PAUSE:
            return None
        public = Change.objects.visible_to(AnonymousUser(), withdrawn=True)
        if public.filter(pk=delivery.change_id or 0).exists():
            return delivery
        gone = Delivery.objects.filter(pk=delivery.pk)
        gone.update(waiting=False, last_problem=DeliveryProblem.NOT_PUBLIC)
    return None


def pause_after(failures: int) -> timedelta:
    """Twice as long each time, at most a day; spread, so that many do not come back at once."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * int(2 ** min(max(failures - 1, 0), 20)))
    return longest * secrets.SystemRandom().uniform(0.8, 1.0)


def body_of(delivery: Delivery) -> bytes:
    """The same bytes at each attempt: made of what never changes."""
    change, home = delivery.change, settings.PUBLIC_URL
    said: dict[str, Any] = {"type": "webhook.test", "timestamp": delivery.made_at}
    data: dict[str, Any] = {"webhook": str(delivery.subscription_id)}
    if change is not None:
        publication = change.publication
        said = {"type": f"incident.{_kind(change)}", "timestamp": change.at}
        data = {
            "seq": change.seq,
            "id": str(publication.id),
            "ref": publication.ref,
            "election": publication.election.slug,
            "reason": change.reason or None,
            "url": home + reverse("api-incident", args=[publication.ref]),
            "changes": f"{home}{reverse('api-changes')}?since={change.seq - 1}",
        }
    said["timestamp"] = said["timestamp"].isoformat(timespec="seconds")
    return json.dumps(said | {"data": data}, separators=(",", ":")).encode()


def _kind(change: Change) -> str:
    if change.op == Change.Op.RETRACT:
        return "withdrawn"
    earlier = Change.objects.visible_to(AnonymousUser(), withdrawn=True)
    earlier = earlier.filter(publication=change.publication_id, seq__lt=change.seq)
    last = earlier.order_by("-seq").values_list("op", flat=True).first()
    return "corrected" if last == Change.Op.UPSERT else "published"


def _post(parcel: Parcel) -> Answer:
    """In a thread of its own: it knows no database."""
    moment = timezone.now().timestamp()
    try:
        headers = posting.signed_headers(parcel.secrets, str(parcel.delivery), moment, parcel.body)
        status = posting.post(
            parcel.url,
            parcel.body,
            headers,
            reachable=reachable,
            plain=settings.WEBHOOKS_MAY_CALL_HERE,
        )
        return Answer(status)
    except posting.NotDelivered as error:
        known = error.code in DeliveryProblem.values
        return Answer(error.answered, error.code if known else DeliveryProblem.INTERNAL)
    except Exception as error:  # noqa: BLE001  one receiver never stops the others
        log.error("webhook not sent: %s", type(error).__name__)
        return Answer(problem=DeliveryProblem.INTERNAL)


def _record(parcel: Parcel, answer: Answer) -> bool:
    """What came of it, and the lease goes back, if it is still ours. True: it was taken."""
    now, came = timezone.now(), not answer.problem
    with transaction.atomic():
        rows = Subscription.objects.select_for_update(of=("self",), no_key=True)
        mine = rows.filter(pk=parcel.subscription, leased_by=parcel.lease).first()
        row = Delivery.objects.filter(pk=parcel.delivery)
        said: dict[str, Any] = {"last_status": answer.status, "last_problem": answer.problem}
        if came:  # true whoever holds the lease by now
            row.update(**said, waiting=False, delivered_at=now)
        elif mine is not None:
            row.update(**said)
        if mine is None:
            return came
        mine.leased_by, mine.leased_until = None, now
        if came and not parcel.is_test:
            mine.failing_since, mine.failures = None, 0
        elif not parcel.is_test:
            _fail(mine, parcel, answer.status, now)
        mine.save(
            update_fields=[
                "leased_by", "leased_until", "failing_since", "failures", "paused_at", "paused_why"
            ]
        )  # fmt: skip
    if not came:
        log.warning("webhook not delivered: %s", answer.problem)
    return came


def _fail(mine: Subscription, parcel: Parcel, status: int | None, now: datetime) -> None:
    """Three days of failures, or a receiver that is gone for good, end the attempts."""
    if mine.failing_since is None or mine.failing_since > now:
        mine.failing_since = now
    last = mine.failing_since + GIVE_UP
    over = now >= last and mine.failures >= FEWEST_FAILURES
    if status == GONE or over:
        mine.paused_at = mine.paused_at or now
        gone = WebhookPause.GONE if status == GONE else WebhookPause.FAILING
        mine.paused_why = mine.paused_why or gone
    elif now < last:  # the last attempt comes when the three days are over, not a day later
        later = Delivery.objects.filter(pk=parcel.delivery, next_try_at__gt=last)
        later.update(next_try_at=last)
