from django.conf import settings
from django.db import models
from django.utils import timezone

from elections.models import Election
from incidents.models.incident import Incident
from incidents.models.report import Report
from incidents.querysets import EventQuerySet


class Counter(models.Model):
    """Numbers that become visible in order and without gaps: the row is locked until commit.

    A database sequence would hand out numbers before their transactions are visible, and a
    follower of the feed would miss rows for ever.
    """

    name = models.CharField(max_length=32, primary_key=True)
    value = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class Event(models.Model):
    """One line of history. Append-only: triggers refuse update, delete and replace."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    election = models.ForeignKey(
        Election, null=True, on_delete=models.PROTECT, related_name="events"
    )
    incident = models.ForeignKey(
        Incident, null=True, on_delete=models.PROTECT, related_name="events"
    )
    report = models.ForeignKey(Report, null=True, on_delete=models.PROTECT, related_name="events")
    # None: the clock (an embargo that ended), never a person who is not named.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(max_length=16)
    verb = models.CharField(max_length=32)
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # Of the incident, after the change; 0 where no incident changed.
    version = models.PositiveIntegerField(default=0)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = EventQuerySet["Event"].as_manager()

    class Meta:
        ordering = ["seq"]
        indexes = [models.Index(fields=["at"], name="event_at")]

    def __str__(self) -> str:
        return f"{self.seq} {self.verb}"
