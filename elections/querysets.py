"""Who sees which rows of `elections`, and the other questions asked of them."""

from typing import TYPE_CHECKING, Self, TypeAlias

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from elections.folding import fold, fold_number, fold_words
from elections.prepared import Given, Prepared

if TYPE_CHECKING:
    from elections import models as records

Viewer: TypeAlias = AbstractBaseUser | AnonymousUser
# Who reads public pages and the public API, whoever is signed in: a rehearsal is absent there
# for those who take part in it, too.
THE_WORLD = AnonymousUser()

# What an observer writes around a station's number, folded.
_STATION_WORDS = frozenset(
    word
    for text in (
        "station polling precinct ps number no",
        "участок избирательный избирательного участка уик номер н",
        "учаске сайлау учаскесі нөмірі нөмір",
    )
    for word in fold_words(text)
)
_LONGEST_SEARCH = 200
_MOST_SEARCH_WORDS = 12


def _rehearsals_of(user: Viewer) -> Q:
    """Condition on elections: rehearsals in which this person takes part today."""
    now = timezone.now()
    begun = Q(memberships__starts__isnull=True) | Q(memberships__starts__lte=now)
    not_over = Q(memberships__ends__isnull=True) | Q(memberships__ends__gt=now)
    return Q(memberships__user=user.pk) & begun & not_over


def _all_words_in_search(text: str) -> Q:
    """Nothing typed finds everything; nothing but punctuation finds nothing."""
    words = fold_words(text[:_LONGEST_SEARCH])
    if not words and text.strip():
        return Q(pk__in=[])
    condition = Q()
    for word in words[:_MOST_SEARCH_WORDS]:
        condition &= Q(search__contains=word)
    return condition


class RegionSetQuerySet(models.QuerySet["records.RegionSet"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.all()


class RegionQuerySet(models.QuerySet["records.Region"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.all()

    def of(self, election: "records.Election") -> Self:
        return self.filter(region_set_id=election.region_set_id)

    def within(self, region: "records.Region") -> Self:
        """The region itself and everything below it."""
        return self.filter(region_set_id=region.region_set_id, path__startswith=region.path)

    def search(self, text: str) -> Self:
        """Every word of `text` occurs in a name, an alias or a code. Names are not unique."""
        return self.filter(_all_words_in_search(text))


class RegionCodeQuerySet(models.QuerySet["records.RegionCode"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.all()


class RegionSuccessionQuerySet(models.QuerySet["records.RegionSuccession"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.all()


class ElectionQuerySet(models.QuerySet["records.Election"]):
    def visible_to(self, user: Viewer) -> Self:
        """Real elections for everybody, rehearsals for those who take part in them."""
        if not (user.is_authenticated and user.is_active):
            return self.filter(is_rehearsal=False)
        own = self.model._base_manager.filter(_rehearsals_of(user)).values("pk")
        return self.filter(Q(is_rehearsal=False) | Q(pk__in=own))

    def newest_first(self) -> Self:
        return self.annotate(last_day=models.Max("poll_days__date")).order_by(
            models.F("last_day").desc(nulls_last=True), "-pk"
        )


def _of_visible_elections(user: Viewer) -> Q:
    from elections.models import Election

    return Q(election__in=Election.objects.visible_to(user))


class StationQuerySet(models.QuerySet["records.Station"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(_of_visible_elections(user))

    def of(self, election: "records.Election") -> Self:
        return self.filter(election=election)

    def within(self, region: "records.Region") -> Self:
        return self.filter(
            region__region_set_id=region.region_set_id, region__path__startswith=region.path
        )

    def search(self, text: str) -> Self:
        return self.filter(_all_words_in_search(text))

    def with_region(self) -> Self:
        """Whoever asks for a station asks for its region next, and rarely draws it."""
        return self.select_related("region").defer("region__boundary")

    def resolve(
        self,
        election: "records.Election",
        typed: str,
        region: "records.Region | None" = None,
    ) -> "records.Station | None":
        """The one station meant by `typed`, or None when there is none or more than one.

        `typed` is a code ("KZ-ALA:015") or a number, with or without "№" or "участок" around
        it. A region narrows the choice; a code from outside the region is a contradiction, so
        None. Nothing is guessed.
        """
        typed = typed[:_LONGEST_SEARCH]
        commission, colon, number = typed.partition(":")
        if not colon and region is None:
            return _only(_ANYWHERE(election=election.pk, number=_number_in(typed)))
        stations = self.of(election).with_region()
        if region is not None:
            stations = stations.within(region)
        if not colon:
            return _only(list(stations.filter(number_key=_number_in(typed))[:2]))
        code = {"commission": commission.strip(), "number": number.strip()}
        exact = _EXACTLY(election=election.pk, **code)
        if exact and (region is None or exact[0].region.path.startswith(region.path)):
            return exact[0]
        same_number = stations.filter(number_key=fold_number(number))
        wanted = fold(commission)
        alike = [station for station in same_number if fold(station.commission) == wanted]
        return alike[0] if len(alike) == 1 else None


def _number_in(typed: str) -> str:
    """ "участок № 015" and "15" are both "15"."""
    words = [word for word in fold(typed).split(" ") if word.strip(".,") not in _STATION_WORDS]
    return fold_number("".join(words))


def _only(found: "list[records.Station]") -> "records.Station | None":
    return found[0] if len(found) == 1 else None


def _stations() -> StationQuerySet:
    stations: StationQuerySet = apps.get_model("elections", "Station").objects.all()
    return stations.filter(election=Given("election", models.BigIntegerField())).with_region()


_ANYWHERE: "Prepared[records.Station]" = Prepared(
    lambda: _stations().filter(number_key=Given("number", models.CharField()))[:2]
)
_EXACTLY: "Prepared[records.Station]" = Prepared(
    lambda: _stations().filter(
        commission=Given("commission", models.CharField()),
        number=Given("number", models.CharField()),
    )
)


class PollDayQuerySet(models.QuerySet["records.PollDay"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(_of_visible_elections(user))


class SeatBlockQuerySet(models.QuerySet["records.SeatBlock"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(_of_visible_elections(user))


class ContestantQuerySet(models.QuerySet["records.Contestant"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(_of_visible_elections(user))


class TurnoutFigureQuerySet(models.QuerySet["records.TurnoutFigure"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(_of_visible_elections(user))


class ResultFigureQuerySet(models.QuerySet["records.ResultFigure"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(_of_visible_elections(user))


class StatementQuerySet(models.QuerySet["records.Statement"]):
    def visible_to(self, user: Viewer) -> Self:
        return self.filter(_of_visible_elections(user))
