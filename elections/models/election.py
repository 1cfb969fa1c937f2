from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from elections.models.region import Region, RegionSet
from elections.naming import Named, in_active_language, in_all_languages
from elections.querysets import (
    ContestantQuerySet,
    ElectionQuerySet,
    PollDayQuerySet,
    SeatBlockQuerySet,
)
from elections.validating import unknown_or_between, validate_time_zone


class Election(Named):
    class Kind(models.TextChoices):
        PARLIAMENTARY = "parliamentary", _("parliamentary election")
        PRESIDENTIAL = "presidential", _("presidential election")
        LOCAL = "local", _("local election")
        REFERENDUM = "referendum", _("referendum")
        REPEAT = "repeat", _("repeat vote")
        RUN_OFF = "run_off", _("run-off")

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    ref_prefix = models.CharField(
        _("prefix of references"), max_length=12, unique=True, help_text=_("Such as KZ2021")
    )
    country = models.CharField(_("country (ISO 3166-1)"), max_length=2)
    region_set = models.ForeignKey(
        RegionSet, models.PROTECT, related_name="elections", verbose_name=_("set of regions")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    chamber_en = models.CharField(_("chamber in English"), max_length=200, blank=True)
    chamber_ru = models.CharField(_("chamber in Russian"), max_length=200, blank=True)
    chamber_kk = models.CharField(_("chamber in Kazakh"), max_length=200, blank=True)
    system_en = models.TextField(_("electoral system in English"), blank=True)
    system_ru = models.TextField(_("electoral system in Russian"), blank=True)
    system_kk = models.TextField(_("electoral system in Kazakh"), blank=True)
    threshold_percent = models.DecimalField(
        _("threshold, percent"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    seats_total = models.PositiveIntegerField(_("seats in total"), null=True, blank=True)
    seats_in_vote = models.PositiveIntegerField(_("seats in this vote"), null=True, blank=True)
    called_on = models.DateField(_("called on"), null=True, blank=True)
    time_zone = models.CharField(
        _("time zone of the capital"), max_length=64, validators=[validate_time_zone]
    )
    is_rehearsal = models.BooleanField(_("rehearsal"), default=False)
    source = models.TextField(_("source"), blank=True)
    licence = models.CharField(_("licence"), max_length=60, default="CC-BY-4.0")

    objects = ElectionQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        verbose_name = _("election")
        verbose_name_plural = _("elections")
        constraints = [
            models.CheckConstraint(
                name="elections_election_threshold",
                condition=unknown_or_between("threshold_percent", 0, 100),
            ),
            models.CheckConstraint(
                name="elections_election_seats",
                condition=models.Q(seats_total__isnull=True)
                | models.Q(seats_in_vote__isnull=True)
                | models.Q(seats_in_vote__lte=models.F("seats_total")),
            ),
        ]

    @property
    def chamber(self) -> str:
        return in_active_language(self, "chamber")

    @property
    def chambers(self) -> dict[str, str]:
        return in_all_languages(self, "chamber")

    @property
    def system(self) -> str:
        return in_active_language(self, "system")

    @property
    def systems(self) -> dict[str, str]:
        return in_all_languages(self, "system")

    def clean(self) -> None:
        """A rehearsal never turns real with what was rehearsed in it, nor the reverse.

        Its texts would be public the same second, without four eyes on a real text; a real
        election made a rehearsal would vanish without a tombstone.
        """
        super().clean()
        before = Election.objects.filter(pk=self.pk).values_list("is_rehearsal", flat=True).first()
        if before is None or before == self.is_rehearsal:
            return
        if self.reports.exists():
            raise ValidationError(
                {
                    "is_rehearsal": _(
                        "Reports were filed in this election, so it stays what it is. Make "
                        "another election."
                    )
                }
            )


class PollDay(models.Model):
    """A day of voting, with hours in local time; a region given means "there it differs"."""

    election = models.ForeignKey(
        Election, models.PROTECT, related_name="poll_days", verbose_name=_("election")
    )
    date = models.DateField(_("date"))
    opens = models.TimeField(_("opens"), null=True, blank=True)
    closes = models.TimeField(_("closes"), null=True, blank=True)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("region")
    )

    objects = PollDayQuerySet.as_manager()

    class Meta:
        ordering = ["election", "date", "region"]
        verbose_name = _("poll day")
        verbose_name_plural = _("poll days")
        constraints = [
            models.UniqueConstraint(
                fields=["election", "date"],
                condition=models.Q(region__isnull=True),
                name="elections_pollday_once",
            ),
            models.UniqueConstraint(
                fields=["election", "date", "region"], name="elections_pollday_once_in_region"
            ),
        ]

    def __str__(self) -> str:
        return self.date.isoformat()


class SeatBlock(Named):
    class Method(models.TextChoices):
        PARTY_LIST = "party_list", _("by party lists")
        ASSEMBLY = "assembly", _("by an assembly")
        CONSTITUENCY = "constituency", _("by constituencies")

    election = models.ForeignKey(
        Election, models.PROTECT, related_name="seat_blocks", verbose_name=_("election")
    )
    seats = models.PositiveIntegerField(_("seats"))
    method = models.CharField(_("method"), max_length=20, choices=Method)
    elected_on = models.DateField(_("elected on"), null=True, blank=True)

    objects = SeatBlockQuerySet.as_manager()

    class Meta:
        ordering = ["election", "-seats", "name_en"]
        verbose_name = _("block of seats")
        verbose_name_plural = _("blocks of seats")


class Contestant(Named):
    class Kind(models.TextChoices):
        PARTY = "party", _("party")
        LIST = "list", _("list")
        CANDIDATE = "candidate", _("candidate")

    class Status(models.TextChoices):
        REGISTERED = "registered", _("registered")
        REFUSED = "refused", _("registration refused")
        WITHDREW = "withdrew", _("withdrew")
        BOYCOTT = "boycott", _("boycotts the election")
        NOT_REGISTERED = "not_registered", _("not registered")

    election = models.ForeignKey(
        Election, models.PROTECT, related_name="contestants", verbose_name=_("election")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    status = models.CharField(_("status"), max_length=20, choices=Status)
    note_en = models.TextField(_("note in English"), blank=True)
    note_ru = models.TextField(_("note in Russian"), blank=True)
    note_kk = models.TextField(_("note in Kazakh"), blank=True)

    objects = ContestantQuerySet.as_manager()

    class Meta:
        ordering = ["election", "name_en"]
        verbose_name = _("contestant")
        verbose_name_plural = _("contestants")

    @property
    def note(self) -> str:
        return in_active_language(self, "note")

    @property
    def notes(self) -> dict[str, str]:
        return in_all_languages(self, "note")
