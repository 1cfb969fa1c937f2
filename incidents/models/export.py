import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.querysets import ExportQuerySet
from incidents.vocabulary import ExportStage


class Export(models.Model):
    """A file of published incidents that is too long to wait for, made by the clock.

    It holds nothing private: what was asked, and how far it has come. The file lies under
    MEDIA_ROOT and is gone with the hour, or with the first withdrawal after `data_version`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # Digest of what was asked, so that asking again finds it.
    key = models.CharField(max_length=64)
    # The query as it came: name -> values; without what only concerns the form of an answer.
    query = models.JSONField(default=dict)
    stage = models.CharField(max_length=8, choices=ExportStage, default=ExportStage.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Until then somebody works on it; who was killed no longer moves it.
    leased_until = models.DateTimeField(null=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    data_version = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    objects = ExportQuerySet["Export"].as_manager()

    class Meta:
        indexes = [models.Index(fields=["stage", "created_at"], name="export_waiting")]
        constraints = [
            # The same asked twice at once is made once.
            models.UniqueConstraint(
                fields=["key"],
                name="export_once",
                condition=Q(stage__in=(ExportStage.QUEUED, ExportStage.RUNNING)),
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.stage}"

    def expired(self, now: datetime) -> bool:
        return self.expires_at <= now
