from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from elections.folding import fold
from elections.naming import Named
from elections.querysets import (
    RegionCodeQuerySet,
    RegionQuerySet,
    RegionSetQuerySet,
    RegionSuccessionQuerySet,
)
from elections.validating import (
    both_or_neither,
    unknown_or_between,
    unknown_or_ordered,
    validate_no_slash,
    validate_texts,
    validate_time_zone,
)


class RegionSet(Named):
    """The division of a country as it was between two dates."""

    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    country = models.CharField(_("country (ISO 3166-1)"), max_length=2)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.TextField(_("source"), blank=True)

    objects = RegionSetQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        verbose_name = _("set of regions")
        verbose_name_plural = _("sets of regions")
        constraints = [
            models.CheckConstraint(
                name="elections_regionset_dates_ordered",
                condition=unknown_or_ordered("valid_from", "valid_to"),
            )
        ]


class Region(Named):
    class Kind(models.TextChoices):
        COUNTRY = "country", _("country")
        REGION = "region", _("region")
        CITY = "city", _("city")
        DISTRICT = "district", _("district")
        SETTLEMENT = "settlement", _("settlement")
        OTHER = "other", _("other")

    region_set = models.ForeignKey(
        RegionSet, models.PROTECT, related_name="regions", verbose_name=_("set of regions")
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("lies in"),
    )
    level = models.PositiveSmallIntegerField(
        _("level"), default=0, help_text=_("0 is the country")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    code = models.CharField(_("code"), max_length=40, validators=[validate_no_slash])
    aliases = models.JSONField(
        _("other names"), default=list, blank=True, validators=[validate_texts]
    )
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    boundary = models.JSONField(_("boundary (GeoJSON geometry)"), null=True, blank=True)
    longitude = models.FloatField(_("longitude of the label"), null=True, blank=True)
    latitude = models.FloatField(_("latitude of the label"), null=True, blank=True)
    search = models.TextField(editable=False)
    path = models.TextField(editable=False, db_index=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        ordering = ["region_set", "level", "name_en"]
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        constraints = [
            models.UniqueConstraint(
                fields=["region_set", "code"], name="elections_region_code_once_in_set"
            ),
            models.CheckConstraint(
                name="elections_region_longitude",
                condition=unknown_or_between("longitude", -180, 180),
            ),
            models.CheckConstraint(
                name="elections_region_latitude", condition=unknown_or_between("latitude", -90, 90)
            ),
            models.CheckConstraint(
                name="elections_region_point_whole",
                condition=both_or_neither("longitude", "latitude"),
            ),
        ]

    def save(self, *, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.place_in_tree()
        if update_fields is not None:
            update_fields = {*update_fields, "path", "search", "level"}
        super().save(update_fields=update_fields, **kwargs)

    def clean(self) -> None:
        parent = self.parent
        if parent is None:
            return
        if parent.region_set_id != self.region_set_id:
            raise ValidationError({"parent": _("Choose a region of the same set.")})
        if self.pk and f"/{self.code}/" in parent.path:
            raise ValidationError({"parent": _("A region cannot lie inside itself.")})

    def place_in_tree(self, codes: Collection[str] = ()) -> None:
        """Set path, level and search from the parent and the names.

        Whoever writes regions in bulk calls this first, parents before children. `codes` are
        further codes (KATO, …) under which the region can be found.
        """
        parent = self.parent
        self.path = f"{parent.path if parent else '/'}{self.code}/"
        self.level = parent.level + 1 if parent else 0
        if self.pk and not codes:
            codes = list(self.codes.values_list("code", flat=True))
        known_as = [*self.names.values(), *self.aliases, self.code, *codes]
        self.search = " ".join(dict.fromkeys(fold(text) for text in known_as))


class RegionCode(models.Model):
    class Scheme(models.TextChoices):
        ISO = "iso3166-2", "ISO 3166-2"
        KATO = "kato", "KATO"
        COMMISSION = "commission", _("electoral commission")
        PCODE = "pcode", _("OCHA p-code")

    region = models.ForeignKey(
        Region, models.PROTECT, related_name="codes", verbose_name=_("region")
    )
    scheme = models.CharField(_("scheme"), max_length=20, choices=Scheme)
    code = models.CharField(_("code"), max_length=40)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    objects = RegionCodeQuerySet.as_manager()

    class Meta:
        ordering = ["region", "scheme", "code"]
        verbose_name = _("code of a region")
        verbose_name_plural = _("codes of regions")
        constraints = [
            models.UniqueConstraint(
                fields=["region", "scheme", "code"], name="elections_regioncode_once"
            ),
            models.CheckConstraint(
                name="elections_regioncode_dates_ordered",
                condition=unknown_or_ordered("valid_from", "valid_to"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.code}"


class RegionSuccession(models.Model):
    """`successor` took over `share` (0–1, of the predecessor; unknown when empty)."""

    predecessor = models.ForeignKey(
        Region, models.PROTECT, related_name="successions", verbose_name=_("region before")
    )
    successor = models.ForeignKey(
        Region, models.PROTECT, related_name="origins", verbose_name=_("region after")
    )
    share = models.DecimalField(_("share"), max_digits=7, decimal_places=6, null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    objects = RegionSuccessionQuerySet.as_manager()

    class Meta:
        ordering = ["predecessor", "successor"]
        verbose_name = _("succession of regions")
        verbose_name_plural = _("successions of regions")
        constraints = [
            models.UniqueConstraint(
                fields=["predecessor", "successor"], name="elections_succession_once"
            ),
            models.CheckConstraint(
                name="elections_succession_share", condition=unknown_or_between("share", 0, 1)
            ),
            models.CheckConstraint(
                name="elections_succession_not_itself",
                condition=~models.Q(predecessor=models.F("successor")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor}"
