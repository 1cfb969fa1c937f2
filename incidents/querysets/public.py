"""Rows of the world's copy: the same for everybody, but for what is agreed with a partner."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery

from elections.models import Election
from incidents.querysets.desk import Visitor, any_of, incident_seen
from observers.models import Membership
from observers.querysets import partner_memberships
from observers.roles import regions_of_token

M = TypeVar("M", bound=models.Model)
# How long an event may last whose end nobody gave, as its precision says.
LASTS = {
    "exact": timedelta(0),
    "half_hour": timedelta(minutes=30),
    "hour": timedelta(hours=1),
    "part_of_day": timedelta(hours=8),
    "day": timedelta(days=1),
}


def overlapping(start: datetime | None, end: datetime | None) -> Q:
    """Events that may have happened in the window; an unknown bound is an open one."""
    within = Q()
    if start is not None:
        within = Q(occurred_end__gte=start) | Q(occurred_end=None, occurred_start=None)
        within |= Q(occurred_end=None) & ~Q(occurred_precision__in=LASTS)
        for precision, lasts in LASTS.items():
            within |= Q(
                occurred_end=None, occurred_precision=precision, occurred_start__gte=start - lasts
            )
    if end is not None:
        within &= Q(occurred_start=None) | Q(occurred_start__lte=end)
    return within


def _public(withdrawn: bool, prefix: str = "") -> Q:
    """What the world may read, whoever asks: nothing of a rehearsal."""
    # Not a join: the planner would begin with the elections and then sort every publication. Nor
    # does it look at the row: the few rehearsals are asked for once a statement.
    drills = Election.objects.filter(is_rehearsal=True).order_by().values("pk")
    public = ~Q(**{f"{prefix}election__in": drills})
    return public if withdrawn else public & Q((f"{prefix}live", True))


def _agreed(membership: Membership) -> Q:
    """Of this partner's election; in its regions only, when it has some."""
    rows = apps.get_model("incidents", "PublicationRegion").objects
    here = rows.filter(publication=OuterRef("pk"), region__in=membership.regions.all())
    named = Q(Exists(here)) if membership.regions.all() else Q()
    return Q(election=membership.election_id) & named


class PublicationQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor, *, withdrawn: bool = False) -> Self:
        """With `withdrawn`, tombstones too: their reference, dates and reason, no text."""
        return self.filter(_public(withdrawn))

    def all_visible_to(self, user: Visitor) -> Self:
        """As `visible_to`, to count all of them: of a condition that hardly ever strikes the
        planner expects no rows, and then compares each of a million with each."""
        real = Election.objects.filter(is_rehearsal=False).order_by().values_list("pk", flat=True)
        return self.filter(live=True, election__in=list(real))

    def on_desk(self, user: Visitor) -> Self:
        """Also of a rehearsal, which plays publication without a world that reads it."""
        return self.filter(incident_seen(user))

    def agreed_with(self, partner: Visitor) -> Self:
        """Those of which a partner reads more columns, as far as their token reaches."""
        rows = self.filter(any_of([_agreed(one) for one in partner_memberships(partner)]))
        regions = regions_of_token(partner)
        return rows if regions is None else rows.in_regions(regions)

    def overlapping(self, start: datetime | None, end: datetime | None) -> Self:
        return self.filter(overlapping(start, end))

    def in_regions(self, ids: Iterable[int]) -> Self:
        """Its rows name the regions above, too, so a region finds what lies below it."""
        rows = apps.get_model("incidents", "PublicationRegion").objects
        return self.filter(Exists(rows.filter(publication=OuterRef("pk"), region__in=ids)))

    def in_categories(self, codes: Iterable[str]) -> Self:
        rows = apps.get_model("incidents", "PublicationCategory").objects
        return self.filter(Exists(rows.filter(publication=OuterRef("pk"), code__in=codes)))


class OfPublicationQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor, *, withdrawn: bool = False) -> Self:
        # A join, not a list of ids: the newest change is asked for with every answer.
        return self.filter(_public(withdrawn, "publication__"))


class WalkedQuerySet(OfPublicationQuerySet[M]):
    """Rows that repeat what a list of publications is found by: it is read without the list."""

    def visible_to(self, user: Visitor, *, withdrawn: bool = False) -> Self:
        # A withdrawn publication leaves no such row, so nothing is asked about it here.
        return self.filter(_public(withdrawn=True))


class TallyQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        """Sums over what the world reads; a rehearsal has none."""
        return self.filter(election__in=Election.objects.filter(is_rehearsal=False))


class ChangeQuerySet(OfPublicationQuerySet[M]):
    def visible_to(self, user: Visitor, *, withdrawn: bool = False) -> Self:
        """By its own election: the newest of an election is one step into an index."""
        public = _public(withdrawn=True)
        return self.filter(public if withdrawn else public & Q(publication__live=True))

    def latest_states(self) -> Self:
        """One line a publication: its newest. Older lines carry nothing a follower needs."""
        return self.filter(publication__last_seq=F("seq"))


class ExportQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        """What anybody may read, as a file: whoever names its random id may have it."""
        return self.all()


class SnapshotQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        """All, whoever asks: of a withdrawn one it is said that there was one, and why it went.

        `endangers`: it holds what was withdrawn for somebody's safety after it was made. Asked
        anew each time, so that nothing between the withdrawal and the answer can forget it.
        """
        changes = apps.get_model("incidents", "Change").objects
        version = OuterRef(OuterRef("data_version"))
        of_same = changes.filter(publication=OuterRef("publication"), seq__lte=version)
        withdrawn = changes.filter(
            seq__gt=OuterRef("data_version"), op="retract", reason="safety"
        ).alias(then=Subquery(of_same.order_by("-seq").values("op")[:1]))
        return self.annotate(endangers=Exists(withdrawn.filter(then="upsert")))

    def readable(self) -> Self:
        """Of the visible ones."""
        return self.filter(withdrawn_at=None, endangers=False)
