"""What a report, an incident and a publication say alike: when, how many, where exactly."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from incidents.vocabulary import OccurredPrecision, PersonsBasis, Phase

LONGITUDE = [MinValueValidator(-180), MaxValueValidator(180)]
LATITUDE = [MinValueValidator(-90), MaxValueValidator(90)]


class Happening(models.Model):
    """Null is "not known", never zero; words are kept as they were said."""

    occurred_start = models.DateTimeField(null=True, blank=True)
    occurred_end = models.DateTimeField(null=True, blank=True)
    occurred_precision = models.CharField(
        max_length=16, choices=OccurredPrecision, default=OccurredPrecision.UNKNOWN
    )
    persons_min = models.PositiveIntegerField(null=True, blank=True)
    persons_max = models.PositiveIntegerField(null=True, blank=True)
    persons_words = models.CharField(max_length=200, blank=True)
    persons_basis = models.CharField(
        max_length=16, choices=PersonsBasis, default=PersonsBasis.NONE_GIVEN
    )
    latitude = models.FloatField(null=True, blank=True, validators=LATITUDE)
    longitude = models.FloatField(null=True, blank=True, validators=LONGITUDE)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_starts_before_it_ends",
                condition=Q(occurred_start__isnull=True)
                | Q(occurred_end__isnull=True)
                | Q(occurred_start__lte=F("occurred_end")),
            ),
            models.CheckConstraint(
                name="%(class)s_persons_in_order",
                condition=Q(persons_min__isnull=True)
                | Q(persons_max__isnull=True)
                | Q(persons_min__lte=F("persons_max")),
            ),
            models.CheckConstraint(
                name="%(class)s_point_on_earth",
                condition=(Q(latitude__isnull=True) & Q(longitude__isnull=True))
                | (Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180))),
            ),
        ]


class InPhase(models.Model):
    phase = models.CharField(max_length=8, choices=Phase, blank=True)

    class Meta:
        abstract = True
