import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from elections.models import Election, Region, Station
from incidents.models.happening import Happening, InPhase
from incidents.models.incident import Incident
from incidents.querysets import (
    ChangeQuerySet,
    OfIncidentQuerySet,
    OfPublicationQuerySet,
    PublicationQuerySet,
    WalkedQuerySet,
)
from incidents.vocabulary import (
    DraftState,
    PlacePrecision,
    Severity,
    Verification,
    WithdrawReason,
)

LIVE = Q(live=True)


class Draft(models.Model):
    """The editor's working copy: private, and the only place where a public text is prepared.

    Apart from Publication, so that unpublished text is never in a row the world reads
    (docs/decisions/0002). `content` holds what an editor decides; the facts of the incident are
    added by `publishing.compose`.
    """

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="draft")
    state = models.CharField(max_length=16, choices=DraftState, default=DraftState.DRAFT)
    content = models.JSONField(default=dict)
    what_changed = models.CharField(max_length=500, blank=True)
    last_editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Of exactly the public fields that were approved; any later change makes it not match.
    approved_digest = models.CharField(max_length=64, blank=True)
    embargo_until = models.DateTimeField(null=True, blank=True)
    # Item of the checklist -> {"answer", "by", "digest"}: an answer is of exactly that text.
    checklist = models.JSONField(default=dict, blank=True)
    # Since when it rests on a source that no longer holds, and which; see publishing.
    shaken_at = models.DateTimeField(null=True, blank=True)
    shaken_by = models.JSONField(default=list, blank=True)

    objects = OfIncidentQuerySet["Draft"].as_manager()

    def __str__(self) -> str:
        return f"{self.incident_id} {self.state}"


class Publication(Happening, InPhase):
    """What the world reads: copied here when published, rendered once into `document`.

    A withdrawn one keeps reference, dates and reason; every other column is emptied.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="publication")
    ref = models.CharField(max_length=24, unique=True)
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="publications")
    version = models.PositiveIntegerField(default=1)
    live = models.BooleanField(default=True)
    titles = models.JSONField(default=dict)  # language -> text
    summaries = models.JSONField(default=dict)
    category = models.CharField(max_length=8, blank=True)
    severity = models.PositiveSmallIntegerField(choices=Severity, null=True)
    verification = models.CharField(max_length=16, choices=Verification, blank=True)
    sources = models.PositiveSmallIntegerField(null=True)
    station = models.ForeignKey(
        Station, null=True, blank=True, on_delete=models.PROTECT, related_name="publications"
    )
    regions = models.ManyToManyField(Region, through="PublicationRegion")
    regions_at_least = models.PositiveSmallIntegerField(null=True)
    place_precision = models.CharField(max_length=16, choices=PlacePrecision, blank=True)
    responses = models.JSONField(default=list)
    has_response = models.BooleanField(default=False)
    licence = models.CharField(max_length=40, blank=True)
    # Canonical JSON of the public columns in their order; what API, feed and exports send.
    document = models.TextField(blank=True)
    # The same as a line of CSV and a GeoJSON feature (incidents.lines): a file of all rows only
    # passes them on.
    csv_row = models.TextField(blank=True)
    geojson_feature = models.TextField(blank=True)
    search = models.TextField(blank=True)
    # The start, else the end, else the first poll day: an ordering key that is never empty.
    occurred_sort = models.DateTimeField()
    published_at = models.DateTimeField()  # of the first version; never changes
    updated_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=16, choices=WithdrawReason, blank=True)
    public_note = models.CharField(max_length=500, blank=True)
    merged_into_ref = models.CharField(max_length=24, blank=True)
    last_seq = models.PositiveBigIntegerField(default=0, db_index=True)

    objects = PublicationQuerySet["Publication"].as_manager()

    class Meta(Happening.Meta):
        ordering = ["-published_at", "-id"]
        # Each begins with what is asked, goes on in the order of the list and ends with what else
        # may be asked: a page is a walk along one of them (docs/decisions/0016). Of the live ones
        # only: SQLite uses no index on a bare boolean column.
        indexes = [
            models.Index(
                fields=["-published_at", "-id", "election", "severity", "verification"],
                name="publication_newest",
                condition=LIVE,
            ),
            models.Index(
                fields=["election", "-published_at", "-id", "severity", "verification"],
                name="publication_election",
                condition=LIVE,
            ),
            models.Index(
                fields=["verification", "-published_at", "-id", "election", "severity"],
                name="publication_verification",
                condition=LIVE,
            ),
            models.Index(
                fields=["severity", "-published_at", "-id", "election", "verification"],
                name="publication_severity",
                condition=LIVE,
            ),
            models.Index(
                fields=["-occurred_sort", "-id"], name="publication_occurred", condition=LIVE
            ),
            # Tombstones, too: the feed of one election.
            models.Index(fields=["election", "last_seq"], name="publication_feed"),
        ]
        constraints = [
            *Happening.Meta.constraints,
            models.CheckConstraint(
                name="publication_withdrawn_is_empty",
                condition=Q(live=True, withdrawn_at__isnull=True)
                | Q(
                    live=False,
                    withdrawn_at__isnull=False,
                    document="",
                    csv_row="",
                    geojson_feature="",
                    search="",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("public-incident", args=[self.ref])


class Walked(models.Model):
    """What a list of publications is ordered and narrowed by, beside the value it is found by.

    Repeated here, so that a page of a region or a category is read from one index in its order
    and not sorted out of all rows. Written by `copying` alone, with the publication.
    """

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    published_at = models.DateTimeField()
    severity = models.PositiveSmallIntegerField(choices=Severity)
    verification = models.CharField(max_length=16, choices=Verification)

    class Meta:
        abstract = True


class PublicationRegion(Walked):
    """The named regions and, with `named` false, all above them: a subtree filter is one join."""

    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, related_name="region_rows", db_index=False
    )
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", db_index=False)
    named = models.BooleanField()
    category = models.CharField(max_length=8)
    # The secondary ones, each between bars: "|DET01|VIO02|"; mostly there are none.
    also = models.CharField(max_length=500, blank=True)

    objects = WalkedQuerySet["PublicationRegion"].as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=[
                    "region",
                    "-published_at",
                    "-publication",
                    "election",
                    "severity",
                    "verification",
                    "category",
                    "also",
                ],
                name="publication_region_walk",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "region"], name="publication_region_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} {self.region_id}"


class PublicationCategory(Walked):
    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, related_name="category_rows", db_index=False
    )
    code = models.CharField(max_length=8)
    primary = models.BooleanField()

    objects = WalkedQuerySet["PublicationCategory"].as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=[
                    "code",
                    "-published_at",
                    "-publication",
                    "election",
                    "severity",
                    "verification",
                ],
                name="publication_category_walk",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "code"], name="publication_category_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} {self.code}"


class PublicationVersion(models.Model):
    """That a version was published, when and why it changed; never its text."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    what_changed = models.CharField(max_length=500, blank=True)
    digest = models.CharField(max_length=64)

    objects = OfPublicationQuerySet["PublicationVersion"].as_manager()

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "version"], name="publication_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version}"

    @property
    def returned(self) -> bool:
        """Not the first, and not a correction: those say what they changed."""
        return self.version > 1 and not self.what_changed


class Change(models.Model):
    """One line of the public feed. `seq` comes last in the publishing transaction."""

    class Op(models.TextChoices):
        UPSERT = "upsert"
        RETRACT = "retract"

    seq = models.PositiveBigIntegerField(primary_key=True)
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="changes")
    # Of the publication: the newest change of an election is asked for with every filtered answer.
    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    op = models.CharField(max_length=8, choices=Op)
    reason = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects = ChangeQuerySet["Change"].as_manager()

    class Meta:
        ordering = ["seq"]
        indexes = [
            models.Index(fields=["election", "-seq"], name="change_of_election"),
            # Few, and asked for with every snapshot that is read.
            models.Index(fields=["seq"], name="change_for_safety", condition=Q(reason="safety")),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.op}"
