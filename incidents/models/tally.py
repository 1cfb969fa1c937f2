"""Prepared counts of what the world reads, for questions that would count a million rows."""

from django.db import models
from django.db.models import Q

from elections.models import Election
from incidents.models.publication import Publication
from incidents.querysets import OfPublicationQuerySet, TallyQuerySet


class Counted(models.Model):
    """How a public incident is counted: kept by `tallies`, one row a live publication.

    What was added to the tallies stands here, so that exactly this is taken out again, whatever
    became of its election or regions since. Keys are texts: ";12;15;" are ids of the regions of
    the first level in which it lies, ";NET00;DET01;" codes with the main one first, "" is none
    named. Times are the beginning of the hour or day by the clock of the election; "" is not
    known so exactly.
    """

    publication = models.OneToOneField(
        Publication, primary_key=True, on_delete=models.CASCADE, related_name="counted"
    )
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="+")
    regions = models.TextField(blank=True)
    categories = models.TextField()
    severity = models.PositiveSmallIntegerField()
    verification = models.CharField(max_length=16)
    phase = models.CharField(max_length=8, blank=True)
    persons_min = models.BigIntegerField(null=True)
    persons_max = models.BigIntegerField(null=True)
    occurred_hour = models.CharField(max_length=32, blank=True)
    occurred_day = models.CharField(max_length=32, blank=True)
    published_hour = models.CharField(max_length=32)
    published_day = models.CharField(max_length=32)

    objects = OfPublicationQuerySet["Counted"].as_manager()

    def __str__(self) -> str:
        return str(self.publication_id)


class Tally(models.Model):
    """Sums over the `Counted` that say the same in the dimensions of a cuboid.

    Each publication is in exactly one row of each cuboid (see `tallies.CUBOIDS`), so sums over
    rows count nothing twice. Dimensions outside the cuboid are "" and 0. No constraint forbids a
    number below zero: a count that went wrong must not keep a warning from being published.
    """

    cuboid = models.CharField(max_length=24)
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="+")
    at = models.CharField(max_length=32, blank=True)
    regions = models.TextField(blank=True)
    categories = models.TextField(blank=True)
    severity = models.PositiveSmallIntegerField(default=0)
    verification = models.CharField(max_length=16, blank=True)
    phase = models.CharField(max_length=8, blank=True)
    incidents = models.BigIntegerField()
    persons_min = models.BigIntegerField()
    persons_max = models.BigIntegerField()
    with_min = models.BigIntegerField()
    with_max = models.BigIntegerField()
    unknown = models.BigIntegerField()

    objects = TallyQuerySet["Tally"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "cuboid",
                    "election",
                    "at",
                    "regions",
                    "categories",
                    "severity",
                    "verification",
                    "phase",
                ],
                name="tally_once",
            )
        ]
        indexes = [models.Index(fields=["id"], name="tally_empty", condition=Q(incidents=0))]

    def __str__(self) -> str:
        return f"{self.cuboid} {self.incidents}"
