"""Who is at what, and who must be told: the working memory of the operations room."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from elections.models import Election
from incidents.models.incident import Incident
from incidents.models.report import Report
from incidents.querysets import AlertQuerySet, LeaseQuerySet, OwnQuerySet
from incidents.vocabulary import AlertChannel, AlertRule


class Lease(models.Model):
    """A colleague is at it now. It ends by itself after some idle minutes; see workflow.leases.

    `subject` is the id of an incident or of a report. Not history: it is overwritten.
    """

    subject = models.UUIDField(primary_key=True)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="leases"
    )
    taken_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    objects = LeaseQuerySet["Lease"].as_manager()

    def __str__(self) -> str:
        return f"{self.subject} until {self.until:%H:%M:%S}"


class SavedView(models.Model):
    """Filters of the queue under a name; a person's own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_views"
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    saved_at = models.DateTimeField(default=timezone.now)

    objects = OwnQuerySet["SavedView"].as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_view_named_once")
        ]

    def __str__(self) -> str:
        return self.name


class DeskMark(models.Model):
    """Up to which line of history a person has read what happened while they were away."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="desk_mark",
    )
    seq = models.PositiveBigIntegerField(default=0)
    left_at = models.DateTimeField(default=timezone.now)

    objects = OwnQuerySet["DeskMark"].as_manager()

    def __str__(self) -> str:
        return f"{self.owner_id} {self.seq}"


class Alert(models.Model):
    """Raised once for one rule, one subject and one cause; a person accepts it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="alerts")
    rule = models.CharField(max_length=32, choices=AlertRule)
    incident = models.ForeignKey(
        Incident, null=True, on_delete=models.PROTECT, related_name="alerts"
    )
    report = models.ForeignKey(Report, null=True, on_delete=models.PROTECT, related_name="alerts")
    # What set it off: a due time, a level. The same cause never raises it again.
    cause = models.CharField(max_length=64)
    key = models.CharField(max_length=160, unique=True)  # rule, subject and cause
    raised_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = AlertQuerySet["Alert"].as_manager()

    class Meta:
        ordering = ["raised_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="alert_about_one_thing",
                condition=Q(incident__isnull=True, report__isnull=False)
                | Q(incident__isnull=False, report__isnull=True),
            )
        ]
        indexes = [
            models.Index(
                fields=["raised_at"], name="alert_waiting", condition=Q(accepted_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.key


class AlertDelivery(models.Model):
    """One way an alert leaves the house; tried until it is taken."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=16, choices=AlertChannel)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "channel"], name="alert_delivered_once")
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="alert_delivery_due",
                condition=Q(delivered_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.channel}"
