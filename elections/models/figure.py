"""Figures and words as somebody gave them. Several coexist; a later one overwrites none."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from elections.models.election import Contestant, Election
from elections.models.region import Region
from elections.models.station import Station
from elections.naming import in_active_language, in_all_languages
from elections.querysets import ResultFigureQuerySet, StatementQuerySet, TurnoutFigureQuerySet
from elections.validating import unknown_or_between


class Stage(models.TextChoices):
    DURING = "during", _("during the vote")
    PRELIMINARY = "preliminary", _("preliminary")
    FINAL = "final", _("final")
    RECOUNT = "recount", _("recount")


class Qualifier(models.TextChoices):
    EXACT = "exact", _("exactly")
    ABOUT = "about", _("about")
    ABOVE = "above", _("above")
    BELOW = "below", _("below")


class Figure(models.Model):
    """Neither region nor station means the whole election. Empty means not known, never zero."""

    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("region")
    )
    station = models.ForeignKey(
        Station,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("polling station"),
    )
    stage = models.CharField(_("stage"), max_length=20, choices=Stage)
    issuer = models.CharField(_("issuer"), max_length=200)
    as_of = models.DateTimeField(_("as of"), null=True, blank=True)
    announced_on = models.DateField(_("announced on"), null=True, blank=True)
    percent = models.DecimalField(
        _("percent"), max_digits=6, decimal_places=3, null=True, blank=True
    )
    qualifier = models.CharField(
        _("qualifier"), max_length=20, choices=Qualifier, default=Qualifier.EXACT
    )
    source = models.TextField(_("source"), blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="elections_%(class)s_percent",
                condition=unknown_or_between("percent", 0, 100),
            )
        ]


class TurnoutFigure(Figure):
    election = models.ForeignKey(
        Election, models.PROTECT, related_name="turnout_figures", verbose_name=_("election")
    )
    registered = models.PositiveIntegerField(_("registered voters"), null=True, blank=True)
    voted = models.PositiveIntegerField(_("voted"), null=True, blank=True)
    remark_en = models.CharField(_("remark in English"), max_length=200, blank=True)
    remark_ru = models.CharField(_("remark in Russian"), max_length=200, blank=True)
    remark_kk = models.CharField(_("remark in Kazakh"), max_length=200, blank=True)

    objects = TurnoutFigureQuerySet.as_manager()

    class Meta(Figure.Meta):
        ordering = ["election", "as_of", "pk"]
        verbose_name = _("turnout figure")
        verbose_name_plural = _("turnout figures")

    def __str__(self) -> str:
        return f"{self.issuer}: {self.percent}"

    @property
    def remark(self) -> str:
        return in_active_language(self, "remark")

    @property
    def remarks(self) -> dict[str, str]:
        return in_all_languages(self, "remark")


class ResultFigure(Figure):
    election = models.ForeignKey(
        Election, models.PROTECT, related_name="result_figures", verbose_name=_("election")
    )
    contestant = models.ForeignKey(
        Contestant, models.PROTECT, related_name="result_figures", verbose_name=_("contestant")
    )
    votes = models.PositiveIntegerField(_("votes"), null=True, blank=True)

    objects = ResultFigureQuerySet.as_manager()

    class Meta(Figure.Meta):
        ordering = ["election", "announced_on", "pk"]
        verbose_name = _("result figure")
        verbose_name_plural = _("result figures")

    def __str__(self) -> str:
        return f"{self.contestant}: {self.percent}"


class Statement(models.Model):
    """Words of a mission or an authority about the election as a whole."""

    class IssuerKind(models.TextChoices):
        MISSION = "mission", _("observation mission")
        AUTHORITY = "authority", _("authority")
        CONTESTANT = "contestant", _("contestant")
        OTHER = "other", _("other")

    election = models.ForeignKey(
        Election, models.PROTECT, related_name="statements", verbose_name=_("election")
    )
    issuer = models.CharField(_("issuer"), max_length=200)
    issuer_kind = models.CharField(_("kind of issuer"), max_length=20, choices=IssuerKind)
    quote = models.TextField(_("quote"))
    language = models.CharField(_("language of the quote"), max_length=10, default="en")
    dated_on = models.DateField(_("dated"), null=True, blank=True)
    source = models.TextField(_("source"), blank=True)

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering = ["election", "dated_on", "pk"]
        verbose_name = _("statement")
        verbose_name_plural = _("statements")

    def __str__(self) -> str:
        return f"{self.issuer}: {self.quote[:60]}"
