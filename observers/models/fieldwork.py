"""What goes out with an observer, and what tells the desk where they are and how they are."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.models import Election, Region, Station
from observers.models.people import Team
from observers.querysets import (
    CheckInQuerySet,
    DeviceQuerySet,
    EnrolmentQuerySet,
    SafetyCaseQuerySet,
    VisitQuerySet,
)


class Device(models.Model):
    """A phone that was enrolled. Locked ones stay: what they sent keeps its origin."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("phone with its own key")
        BROWSER = "browser", _("plain page, for a few hours")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="devices",
        verbose_name=_("account"),
    )
    election = models.ForeignKey(
        Election,
        on_delete=models.PROTECT,
        related_name="devices",
        null=True,
        blank=True,
        verbose_name=_("election"),
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PHONE)
    label = models.CharField(_("label"), max_length=100, blank=True)
    # Uncompressed P-256 point, 65 bytes in base64url without padding; see docs/decisions/0014.
    public_key = models.TextField(_("public key"), blank=True)
    # Of the plain page only: ending it is how a browser is locked.
    session_key = models.CharField(max_length=40, blank=True, editable=False)
    enrolled_at = models.DateTimeField(_("enrolled"), default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["-enrolled_at"]

    def __str__(self) -> str:
        return self.label or str(self.id)[:8]


class Enrolment(models.Model):
    """An invitation for one phone, made and redeemed by `observers.enrolling` only.

    The secret itself is kept nowhere.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="enrolments"
    )
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="enrolments")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    device = models.OneToOneField(
        Device, on_delete=models.PROTECT, related_name="enrolment", null=True, blank=True
    )

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return str(self.id)[:8]


class Visit(models.Model):
    """A team was at a station from–to: the denominator of every rate. Opened and closed by
    check-ins; without an end the observers are still there, or nobody knows that they left."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="visits")
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="visits", null=True, blank=True
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="visits"
    )
    station = models.ForeignKey(
        Station, on_delete=models.PROTECT, related_name="visits", null=True, blank=True
    )
    station_as_typed = models.CharField(max_length=200, blank=True)
    arrived_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["-arrived_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=F("arrived_at")),
                name="visit_ends_after_it_starts",
            ),
        ]
        indexes = [models.Index(fields=["election", "station"], name="visit_station")]

    def __str__(self) -> str:
        return f"{self.station_id or self.station_as_typed} {self.arrived_at:%H:%M}"


class CheckIn(models.Model):
    """“I am here, all is well.” From a phone in an envelope, or from the plain page."""

    class Kind(models.TextChoices):
        ARRIVED = "arrived", _("Arrived at the polling station")
        WELL = "well", _("All is well")
        LEFT = "left", _("Left the polling station")
        SOS = "sos", _("Calls for help")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="check_ins")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="check_ins"
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="check_ins", null=True, blank=True
    )
    device = models.ForeignKey(
        Device, on_delete=models.PROTECT, related_name="check_ins", null=True, blank=True
    )
    kind = models.CharField(max_length=8, choices=Kind)
    station = models.ForeignKey(
        Station, on_delete=models.PROTECT, related_name="check_ins", null=True, blank=True
    )
    station_as_typed = models.CharField(max_length=200, blank=True)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="check_ins", null=True, blank=True
    )
    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, related_name="check_ins", null=True, blank=True
    )
    at = models.DateTimeField()  # by the corrected clock of the phone
    received_at = models.DateTimeField(default=timezone.now)
    sha256 = models.CharField(max_length=64)
    # From a locked phone: kept, and counted nowhere.
    quarantined = models.BooleanField(default=False)

    objects = CheckInQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "id"]
        indexes = [
            models.Index(fields=["election", "-at"], name="check_in_newest"),
            models.Index(fields=["user", "-at"], name="check_in_own"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%H:%M}"


class SafetyCase(models.Model):
    """Somebody of ours may be in danger. Open until a person writes down how it ended."""

    class Trigger(models.TextChoices):
        SOS = "sos", _("Called for help")
        MISSED = "missed", _("Missed a check-in")
        DESK = "desk", _("Opened by the desk")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="safety_cases")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="safety_cases"
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="safety_cases", null=True, blank=True
    )
    check_in = models.OneToOneField(
        CheckIn, on_delete=models.PROTECT, related_name="safety_case", null=True, blank=True
    )
    # The report a call for help also is: records of what happened lie a floor above.
    report = models.UUIDField(null=True, blank=True)
    trigger = models.CharField(max_length=8, choices=Trigger)
    opened_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    outcome = models.CharField(max_length=500, blank=True)

    objects = SafetyCaseQuerySet.as_manager()

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None) | ~Q(outcome=""), name="safety_case_ends_with_words"
            ),
            models.UniqueConstraint(
                fields=["election", "user"],
                condition=Q(closed_at=None),
                name="safety_case_open_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["election", "opened_at"],
                name="safety_case_open",
                condition=Q(closed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.trigger} {self.opened_at:%H:%M}"
