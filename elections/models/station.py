from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from elections.folding import fold, fold_number
from elections.models.election import Election
from elections.models.region import Region
from elections.naming import in_active_language, in_all_languages
from elections.querysets import StationQuerySet
from elections.validating import both_or_neither, unknown_or_between, validate_no_colon


class Station(models.Model):
    """A polling station in one election. Its number is a text and repeats between commissions."""

    class Quality(models.TextChoices):
        EXACT = "exact", _("exact")
        APPROXIMATE = "approximate", _("approximate")
        UNKNOWN = "unknown", _("unknown")

    class Kind(models.TextChoices):
        REGULAR = "regular", _("regular")
        HOSPITAL = "hospital", _("hospital")
        PRISON = "prison", _("prison")
        MILITARY = "military", _("military")
        MOBILE = "mobile", _("mobile")
        ABROAD = "abroad", _("abroad")
        OTHER = "other", _("other")

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        MOVED = "moved", _("moved")
        MERGED = "merged", _("merged")
        CLOSED = "closed", _("closed")

    election = models.ForeignKey(
        Election, models.PROTECT, related_name="stations", verbose_name=_("election")
    )
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="stations", verbose_name=_("region")
    )
    commission = models.CharField(_("commission"), max_length=60, validators=[validate_no_colon])
    number = models.CharField(_("number"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    name_ru = models.CharField(_("name in Russian"), max_length=200, blank=True)
    name_kk = models.CharField(_("name in Kazakh"), max_length=200, blank=True)
    address = models.TextField(_("address"), blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    coordinates_quality = models.CharField(
        _("quality of the coordinates"), max_length=20, choices=Quality, default=Quality.UNKNOWN
    )
    registered_voters = models.PositiveIntegerField(_("registered voters"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.REGULAR)
    country = models.CharField(_("country, when abroad"), max_length=2, blank=True)
    venue = models.CharField(_("venue"), max_length=200, blank=True)
    groupings = models.JSONField(_("groupings"), default=dict, blank=True)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.ACTIVE)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("station that took its place"),
    )
    search = models.TextField(editable=False)
    number_key = models.CharField(max_length=120, editable=False)

    objects = StationQuerySet.as_manager()

    class Meta:
        ordering = ["election", "commission", "number"]
        verbose_name = _("polling station")
        verbose_name_plural = _("polling stations")
        indexes = [
            models.Index(fields=["election", "number_key"], name="elections_station_number")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["election", "commission", "number"], name="elections_station_code_once"
            ),
            models.CheckConstraint(
                name="elections_station_commission",
                condition=~models.Q(commission__contains=":"),
            ),
            models.CheckConstraint(
                name="elections_station_longitude",
                condition=unknown_or_between("longitude", -180, 180),
            ),
            models.CheckConstraint(
                name="elections_station_latitude",
                condition=unknown_or_between("latitude", -90, 90),
            ),
            models.CheckConstraint(
                name="elections_station_point_whole",
                condition=both_or_neither("longitude", "latitude"),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.make_findable()
        if update_fields is not None:
            update_fields = {*update_fields, "search", "number_key"}
        super().save(update_fields=update_fields, **kwargs)

    @property
    def code(self) -> str:
        return f"{self.commission}:{self.number}"

    @property
    def name(self) -> str:
        return in_active_language(self, "name")

    @property
    def names(self) -> dict[str, str]:
        return in_all_languages(self, "name")

    def clean(self) -> None:
        if not (self.election_id and self.region_id):
            return
        if self.election.region_set_id != self.region.region_set_id:
            raise ValidationError({"region": _("Choose a region of the election's own set.")})

    def make_findable(self) -> None:
        """Set what searching reads. Whoever writes stations in bulk calls this first."""
        self.number_key = fold_number(self.number)
        known_as = [self.code, self.number, *self.names.values(), self.venue, self.address]
        self.search = " ".join(dict.fromkeys(fold(text) for text in known_as if text))
