from django.db import models
from django.urls import reverse

from incidents.querysets import SnapshotQuerySet
from incidents.vocabulary import WithdrawReason

BUILT, WITHDRAWN = "built", "withdrawn"


class Snapshot(models.Model):
    """A frozen archive of everything published at one data version; see docs/decisions/0019.

    The file lies in SNAPSHOTS_ROOT under the name. It never changes: it is there or withdrawn.
    """

    name = models.CharField(max_length=40, unique=True)  # the day, perhaps with the data version
    data_version = models.PositiveBigIntegerField(db_index=True)
    data_at = models.DateTimeField(null=True)  # of that change; null when there was none yet
    created_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField()
    codebook = models.CharField(max_length=16)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=16, choices=WithdrawReason, blank=True)
    # What to read instead; always a readable one, or nothing yet.
    superseded_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes"
    )

    objects = SnapshotQuerySet["Snapshot"].as_manager()
    endangers: bool  # annotated by visible_to

    class Meta:
        ordering = ["-created_at", "-name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("api-snapshot", args=[self.name])

    @property
    def state(self) -> str:
        return WITHDRAWN if self.withdrawn_at is not None or self.endangers else BUILT

    @property
    def why(self) -> str:
        """The reason, also of one that nobody has put away yet."""
        return self.reason or (WithdrawReason.SAFETY if self.endangers else "")
