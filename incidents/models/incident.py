import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from elections.models import Election, Region, Station
from incidents import categories
from incidents.models.happening import Happening, InPhase
from incidents.models.report import Report
from incidents.querysets import (
    IncidentQuerySet,
    OfficialResponseQuerySet,
    RelationQuerySet,
    ReportLinkQuerySet,
)
from incidents.vocabulary import (
    IncidentStatus,
    Outcome,
    PlacePrecision,
    RelationKind,
    ResponsePosition,
    Severity,
    Verification,
)


class Incident(Happening, InPhase):
    """What the operations room believes happened; many reports feed one.

    Status, severity, verification and the state of its publication are four axes: moving one
    never moves another silently.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    ref = models.CharField(max_length=24, unique=True)
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="incidents")
    title = models.CharField(max_length=200)
    category = models.CharField(max_length=8, default="OTH99")
    categories_secondary = models.JSONField(default=list, blank=True)
    station = models.ForeignKey(
        Station, null=True, blank=True, on_delete=models.PROTECT, related_name="incidents"
    )
    regions = models.ManyToManyField(Region, blank=True, related_name="incidents")
    regions_at_least = models.PositiveSmallIntegerField(null=True, blank=True)
    place_precision = models.CharField(
        max_length=16, choices=PlacePrecision, default=PlacePrecision.UNKNOWN
    )
    place_words = models.CharField(max_length=500, blank=True)
    occurred_words = models.CharField(max_length=200, blank=True)

    status = models.CharField(max_length=16, choices=IncidentStatus, default=IncidentStatus.OPEN)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.SERIOUS)
    verification = models.CharField(
        max_length=16, choices=Verification, default=Verification.REPORTED
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="assigned_incidents",
    )
    reports = models.ManyToManyField(Report, through="ReportLink", related_name="incidents")
    version = models.PositiveIntegerField(default=1)
    search = models.TextField(blank=True)
    # When somebody has to have looked at it next; see incidents.clocks.
    due_at = models.DateTimeField(default=timezone.now)
    # One of its reports that all of the desk may read tells of a person in danger.
    urgent = models.BooleanField(default=False)
    opened_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = IncidentQuerySet["Incident"].as_manager()

    class Meta(Happening.Meta):
        ordering = ["-severity", "opened_at", "id"]
        indexes = [
            models.Index(
                fields=["election", "status", "-severity", "opened_at"], name="incident_queue"
            ),
            models.Index(fields=["status", "-urgent", "due_at", "id"], name="incident_due"),
            models.Index(
                fields=["election", "verification", "-changed_at"], name="incident_verification"
            ),
            models.Index(
                fields=["election", "status", "-changed_at", "id"], name="incident_changed"
            ),
            models.Index(fields=["latitude", "longitude"], name="incident_near"),
        ]
        constraints = [
            *Happening.Meta.constraints,
            models.CheckConstraint(
                name="incident_severity_1_to_4", condition=Q(severity__range=(1, 4))
            ),
            models.CheckConstraint(
                name="incident_merged_has_survivor",
                condition=Q(status="merged", merged_into__isnull=False)
                | (~Q(status="merged") & Q(merged_into__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    @property
    def category_known(self) -> categories.Category:
        return categories.get(self.category)


class ReportLink(models.Model):
    """A report counted towards an incident."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="links")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="links")
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    linked_at = models.DateTimeField(default=timezone.now)
    # None: computed. True or False: a person decided, and `note` says why.
    independent_override = models.BooleanField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    objects = ReportLinkQuerySet["ReportLink"].as_manager()

    class Meta:
        ordering = ["linked_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "report"], name="report_linked_once")
        ]

    def __str__(self) -> str:
        return f"{self.report_id} → {self.incident_id}"


class Relation(models.Model):
    """`source` is part of / follows / was caused by / contradicts `target` (after HURIDOCS)."""

    source = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="relations")
    target = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="related_from")
    kind = models.CharField(max_length=16, choices=RelationKind)
    note = models.CharField(max_length=500, blank=True)

    objects = RelationQuerySet["Relation"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "target", "kind"], name="relation_said_once"
            ),
            models.CheckConstraint(name="relation_to_another", condition=~Q(source=F("target"))),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"


class OfficialResponse(models.Model):
    """What an authority said. It stands beside the incident and never overwrites its fields.

    `claims`: a list of {"field", "value"} such as {"field": "status", "value": "released"}.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="responses")
    incidents = models.ManyToManyField(Incident, related_name="responses")
    issuer = models.CharField(max_length=200)
    office = models.CharField(max_length=200, blank=True)
    said_on = models.DateField(null=True, blank=True)
    channel = models.CharField(max_length=200, blank=True)
    quote = models.TextField(blank=True)
    quote_language = models.CharField(max_length=8, blank=True)
    translation = models.TextField(blank=True)
    position = models.CharField(max_length=32, choices=ResponsePosition)
    claims = models.JSONField(default=list, blank=True)
    source = models.CharField(max_length=500, blank=True)
    link = models.URLField(max_length=500, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = OfficialResponseQuerySet["OfficialResponse"].as_manager()

    class Meta:
        ordering = ["recorded_at", "id"]

    def __str__(self) -> str:
        return f"{self.issuer}: {self.position}"
