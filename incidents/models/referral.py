import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models.incident import Incident
from incidents.querysets import OfIncidentQuerySet
from incidents.vocabulary import ReferralBody


class Referral(models.Model):
    """An incident handed to a body outside, which has to answer by a certain time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="referrals")
    body = models.CharField(max_length=24, choices=ReferralBody)
    body_name = models.CharField(max_length=200, blank=True)
    sent = models.TextField(blank=True)  # what was handed over, in the desk's words
    referred_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    referred_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    outcome = models.TextField(blank=True)
    completed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = OfIncidentQuerySet["Referral"].as_manager()

    class Meta:
        ordering = ["referred_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="referral_completed_with_outcome",
                condition=Q(completed_at__isnull=True) | ~Q(outcome=""),
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="referral_open", condition=Q(completed_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.body}"
