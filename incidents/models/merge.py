import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident
from incidents.querysets import MergeQuerySet


class Merge(models.Model):
    """What a merge moved, so that it can be undone without loss."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    loser = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="merges")
    survivor = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="absorbed")
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    merged_at = models.DateTimeField(default=timezone.now)
    # What the loser was: {"status", "assignee", "publication"}.
    before = models.JSONField(default=dict)
    # The links that went to the survivor, as they were: [{"report", "linked_by", "linked_at",
    # "independent_override", "note", "moved"}]; "moved" false: the survivor had that report.
    links = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = MergeQuerySet["Merge"].as_manager()

    class Meta:
        ordering = ["merged_at", "id"]

    def __str__(self) -> str:
        return f"{self.loser_id} → {self.survivor_id}"
