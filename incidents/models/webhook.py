"""Who is told of the public feed, and what was told: see docs/decisions/0021."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from elections.models import Election
from incidents.models.publication import Change
from incidents.posting import LONGEST_URL
from incidents.querysets import DeliveryQuerySet, SubscriptionQuerySet
from incidents.vocabulary import DeliveryProblem, WebhookPause


class Subscription(models.Model):
    """A person's webhook. Its secret is in no column: it is made from a key and `generation`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="subscriptions"
    )
    name = models.CharField(max_length=100, blank=True)
    url = models.CharField(max_length=LONGEST_URL)
    election = models.ForeignKey(Election, null=True, blank=True, on_delete=models.PROTECT)
    categories = models.JSONField(default=list)  # codes and prefixes; empty: all
    created_at = models.DateTimeField(default=timezone.now)
    generation = models.PositiveIntegerField(default=1)
    # Until then the secret before this one signs, too.
    previous_until = models.DateTimeField(null=True, blank=True)
    # Changes up to this number were looked at; what concerns it has become a Delivery.
    seen_seq = models.PositiveBigIntegerField(default=0)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_why = models.CharField(max_length=16, choices=WebhookPause, blank=True)
    failures = models.PositiveIntegerField(default=0)  # one after the other, up to now
    failing_since = models.DateTimeField(null=True, blank=True)
    # One worker at a time, so that messages keep their order. A worker that died loses it soon.
    leased_by = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet["Subscription"].as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="subscription_paused_says_why",
                condition=Q(paused_at=None, paused_why="")
                | Q(paused_at__isnull=False, paused_why__in=WebhookPause.values),
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)


class Delivery(models.Model):
    """One message to one subscription: of a change, or, without one, a test. `id` is its name on
    the wire and stays the same however often it is tried."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="deliveries"
    )
    change = models.ForeignKey(
        Change, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    waiting = models.BooleanField(default=True)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    last_tried_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_problem = models.CharField(max_length=20, choices=DeliveryProblem, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet["Delivery"].as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "change"], name="delivery_once_a_change"
            )
        ]
        indexes = [
            models.Index(
                fields=["subscription", "change"],
                name="delivery_waiting",
                condition=Q(waiting=True),
            ),
            models.Index(fields=["subscription", "-made_at", "-id"], name="delivery_log"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.change_id or 'test'}"
