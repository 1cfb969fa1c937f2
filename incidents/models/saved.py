import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from incidents.querysets import OwnQuerySet


class SavedExport(models.Model):
    """One question about the published incidents under an address that answers it for ever.

    Made, found and revoked by `incidents.saving` only. The secret itself is kept nowhere.
    """

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSON = "json", "JSON"
        XLSX = "xlsx", "XLSX"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_exports"
    )
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=1000, blank=True)  # of PublicationFilter, checked
    columns = models.JSONField(default=list)  # empty: all there are, also those to come
    labels = models.CharField(max_length=2, blank=True)
    format = models.CharField(max_length=8, choices=Format)
    secret_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OwnQuerySet["SavedExport"].as_manager()

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.name
