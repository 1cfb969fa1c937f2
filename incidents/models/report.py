import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from elections.models import Election, Region, Station
from incidents import categories
from incidents.models.happening import Happening
from incidents.querysets import (
    OfReportQuerySet,
    OwnUploadQuerySet,
    RawReportQuerySet,
    ReportQuerySet,
)
from incidents.vocabulary import (
    Audience,
    Channel,
    ClockQuality,
    Danger,
    EnvelopeKind,
    EvidenceState,
    FollowUpKind,
    ReportState,
    Source,
)
from observers.models import Device, Team


class RawReport(models.Model):
    """The bytes as they arrived, kept before anything interprets them."""

    class Outcome(models.TextChoices):
        ARRIVED = "arrived"
        FILED = "filed"
        CONFLICT = "conflict"  # the id is taken by other content; both are kept
        REFUSED = "refused"  # could not be understood; the desk reads it

    received_at = models.DateTimeField(default=timezone.now)
    report_id = models.UUIDField(db_index=True)
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField()
    channel = models.CharField(max_length=16, choices=Channel)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="raw_reports"
    )
    device = models.ForeignKey(
        Device, null=True, blank=True, on_delete=models.PROTECT, related_name="raw_reports"
    )
    election = models.ForeignKey(
        Election, null=True, blank=True, on_delete=models.PROTECT, related_name="raw_reports"
    )
    sealed = models.BooleanField(default=False)  # may hold what only security may read
    # Of an envelope: what it holds, the phone's own count, and its clock when it was sent.
    envelope = models.CharField(max_length=16, choices=EnvelopeKind, blank=True)
    device_seq = models.PositiveBigIntegerField(null=True, blank=True)
    sent_clock = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.ARRIVED)
    problems = models.JSONField(default=dict, blank=True)

    objects = RawReportQuerySet["RawReport"].as_manager()

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(fields=["outcome", "election"], name="raw_report_unread")]
        constraints = [
            models.UniqueConstraint(
                fields=["report_id", "sha256", "author"], name="raw_report_kept_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.outcome}"

    @property
    def text(self) -> str:
        return bytes(self.body).decode("utf-8", "backslashreplace")


class Report(Happening):
    """What one person sent. Immutable (a database trigger says so) and never public."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    ref = models.CharField(max_length=24, unique=True)
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="reports")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports"
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="reports"
    )
    device = models.ForeignKey(
        Device, null=True, blank=True, on_delete=models.PROTECT, related_name="reports"
    )
    channel = models.CharField(max_length=16, choices=Channel)
    received_at = models.DateTimeField(default=timezone.now)
    sent_clock = models.DateTimeField(null=True, blank=True)
    captured_clock = models.DateTimeField(null=True, blank=True)
    clock_offset_s = models.FloatField(null=True, blank=True)
    # When it was written by the corrected clock, how far that can be trusted, and the phone's own
    # count, which orders what one phone sent whatever its clock said.
    captured_at = models.DateTimeField(null=True, blank=True)
    clock_quality = models.CharField(max_length=16, choices=ClockQuality, blank=True)
    device_seq = models.PositiveBigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64)

    category = models.CharField(max_length=8, blank=True)
    text = models.TextField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    station = models.ForeignKey(
        Station, null=True, blank=True, on_delete=models.PROTECT, related_name="reports"
    )
    station_as_typed = models.CharField(max_length=200, blank=True)
    region = models.ForeignKey(
        Region, null=True, blank=True, on_delete=models.PROTECT, related_name="reports"
    )
    place_words = models.CharField(max_length=500, blank=True)
    accuracy_m = models.FloatField(null=True, blank=True)
    source = models.CharField(max_length=24, choices=Source, blank=True)
    told_by = models.CharField(max_length=200, blank=True)
    danger = models.CharField(max_length=16, choices=Danger, default=Danger.NONE)
    audience = models.CharField(max_length=16, choices=Audience, default=Audience.TEAM)
    follow_up_of = models.UUIDField(null=True, blank=True, db_index=True)
    follow_up_kind = models.CharField(max_length=16, choices=FollowUpKind, blank=True)
    # Files the phone said would come: [{"id", "sha256", "size", "type"}].
    announced = models.JSONField(default=list, blank=True)
    # Field name -> what was typed and could not be understood, for the desk to resolve.
    unresolved = models.JSONField(default=dict, blank=True)
    search = models.TextField(blank=True)

    # What the desk does with it; the only columns that may change.
    state = models.CharField(max_length=16, choices=ReportState, default=ReportState.RECEIVED)
    state_reason = models.CharField(max_length=500, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    # When somebody has to have looked at it next; see incidents.clocks.
    due_at = models.DateTimeField(default=timezone.now)
    urgent = models.BooleanField(default=False)  # somebody is in danger

    DESK_COLUMNS = frozenset({"state", "state_reason", "seen_at", "due_at"})
    objects = ReportQuerySet["Report"].as_manager()

    class Meta(Happening.Meta):
        ordering = ["-received_at", "id"]
        indexes = [
            models.Index(fields=["election", "state", "-received_at"], name="report_queue"),
            models.Index(fields=["author", "-received_at"], name="report_own"),
            models.Index(fields=["state", "-urgent", "due_at", "id"], name="report_due"),
        ]
        constraints = [
            *Happening.Meta.constraints,
            models.CheckConstraint(
                name="report_follow_up_has_a_kind",
                condition=Q(follow_up_of__isnull=True) | ~Q(follow_up_kind=""),
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def from_locked_phone(self) -> bool:
        """It came when its phone was locked: who holds that may have written it, or made them."""
        locked = self.device.revoked_at if self.device else None
        return locked is not None and locked <= self.received_at

    @property
    def category_known(self) -> categories.Category | None:
        return categories.CATEGORIES.get(self.category)


class Upload(models.Model):
    """A file on its way, resumable by tus 1.0; kept until it is whole. See docs/decisions/0014.

    It may arrive before its report: `report` is an id, not a row.
    """

    id = models.UUIDField(primary_key=True)  # of the evidence, made on the phone
    report = models.UUIDField(db_index=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads"
    )
    device = models.ForeignKey(
        Device, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads"
    )
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="uploads")
    envelope = models.BinaryField()  # as it came; holds the key of the file, sealed
    envelope_sha256 = models.CharField(max_length=64)
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    attached_at = models.DateTimeField(null=True, blank=True)  # became Evidence of its report

    objects = OwnUploadQuerySet["Upload"].as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(offset__lte=models.F("length")), name="upload_within_its_length"
            )
        ]

    def __str__(self) -> str:
        return f"{self.offset}/{self.length}"


class Evidence(models.Model):
    """A file that came with a report. The original is kept as it came and never served inline."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="evidence")
    received_at = models.DateTimeField(default=timezone.now)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100, blank=True)  # found by content, not by name
    name_as_given = models.CharField(max_length=255, blank=True)
    # Sealed to the election's key, as it came from the phone.
    original = models.FileField(upload_to="originals/", max_length=255)
    # Made anew in a limited process: pixels only, nothing of what a camera writes beside them.
    derivative = models.FileField(upload_to="derivatives/", max_length=255, blank=True)
    state = models.CharField(max_length=16, choices=EvidenceState, default=EvidenceState.WAITING)
    problem = models.CharField(max_length=200, blank=True)  # why no clean copy, in a word
    captured_at = models.DateTimeField(null=True, blank=True)
    device = models.ForeignKey(
        Device, null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )

    objects = OfReportQuerySet["Evidence"].as_manager()

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "sha256"], name="evidence_once_a_report")
        ]

    def __str__(self) -> str:
        return f"{self.media_type} {self.size}"
