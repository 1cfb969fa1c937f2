"""Which rows may this person see? The only place that answers.

Everybody sees himself. The administrator sees accounts and organisations of the whole house;
coordinators and security see those of their own elections. A coordinator who leads one team sees
that team. Nobody sees anything without signing in.
"""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import TYPE_CHECKING, Self, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import Exists, Expression, OuterRef, Q
from django.utils import timezone

from observers.roles import DESK_ROLES, Role, has_role, memberships, remembered

if TYPE_CHECKING:
    from elections.models import Region
    from observers import models as records
    from observers.roles import Visitor

M = TypeVar("M", bound=models.Model)
NOTHING = Q(pk__in=[])


def desk_memberships(user: Visitor) -> list[records.Membership]:
    """Active memberships with a desk role, regions prefetched: two queries a request."""

    def ask() -> list[records.Membership]:
        held = memberships(user).filter(role__in=DESK_ROLES)
        return list(held.prefetch_related("regions"))

    return remembered(user, "desk memberships", ask)


def partner_memberships(user: Visitor) -> list[records.Membership]:
    """Active ones, within the token of the request; the oldest first, regions prefetched."""

    def ask() -> list[records.Membership]:
        held = memberships(user).filter(role=Role.PARTNER).order_by("pk")
        held = held.select_related("election", "organisation", "user")
        return list(held.prefetch_related("regions"))

    return remembered(user, "partner memberships", ask)


def _caring(user: Visitor) -> list[records.Membership]:
    """What this person looks after others by."""
    care = (Role.COORDINATOR, Role.SECURITY)
    return [held for held in desk_memberships(user) if held.role in care]


def _under_care(user: Visitor) -> Q:
    """Memberships this person looks after: of his elections, or of the team he leads."""
    scope = NOTHING
    for own in _caring(user):
        scope |= Q(election=own.election_id) & _of_own_people(own)
    return scope


def _of_own_people(own: records.Membership) -> Q:
    """Only coordinators are limited, to a team or to regions. Somebody sent to no region in
    particular is everybody's; somebody sent to one, of those above and below it, too."""
    if own.role != Role.COORDINATOR:
        return Q()
    mine = Q(team=own.team_id) if own.team_id else Q()
    paths = [region.path for region in own.regions.all()]
    if not paths:
        return mine
    near = Q(path__in={above for path in paths for above in _paths_above(path)})
    for path in paths:
        near |= Q(path__startswith=path)
    near_regions = apps.get_model("elections", "Region").objects.filter(near).values("pk")
    people: type[records.Membership] = apps.get_model("observers", "Membership")
    regions, stations = people.regions.through.objects, people.stations.through.objects
    named = regions.filter(membership=OuterRef("pk"))
    sent = stations.filter(membership=OuterRef("pk"))
    here = Exists(named.filter(region__in=near_regions))
    here_too = Exists(sent.filter(station__region__in=near_regions))
    return mine & (Q(here) | Q(here_too) | Q(~Exists(named), ~Exists(sent)))


def _cared_for(user: Visitor) -> MembershipQuerySet:
    found: MembershipQuerySet = apps.get_model("observers", "Membership").objects.all()
    return found.filter(_under_care(user))


class _Seen(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        if not (user.is_authenticated and user.is_active):
            return self.none()
        if has_role(user, Role.ADMIN):
            return self.all()
        return self.filter(self._seen_by(user))

    def _seen_by(self, user: records.User) -> Q:
        raise NotImplementedError


class UserQuerySet(_Seen["records.User"]):
    def on_desk(self, user: Visitor) -> Self:
        """Whom this person looks after in the field; nobody, for an administrator as such."""
        return self.filter(pk__in=_cared_for(user).values("user"))

    def administering(self) -> Self:
        """`administers` of each: these accounts are no business of the desk."""
        members = apps.get_model("observers", "Membership").objects.filter(role=Role.ADMIN)
        return self.annotate(administers=Exists(members.filter(user=OuterRef("pk"))))

    def _seen_by(self, user: records.User) -> Q:
        return Q(pk=user.pk) | Q(pk__in=_cared_for(user).values("user"))


class OrganisationQuerySet(_Seen["records.Organisation"]):
    def _seen_by(self, user: records.User) -> Q:
        own = memberships(user).values("organisation")
        return Q(pk__in=own) | Q(pk__in=_cared_for(user).values("organisation"))


class TeamQuerySet(_Seen["records.Team"]):
    def _seen_by(self, user: records.User) -> Q:
        own = memberships(user).values("team")
        return Q(pk__in=own) | Q(pk__in=_cared_for(user).values("team"))


class MembershipQuerySet(_Seen["records.Membership"]):
    def _seen_by(self, user: records.User) -> Q:
        return Q(user=user) | _under_care(user)

    def active(self, at: datetime | Expression | None = None) -> Self:
        moment = at or timezone.now()
        return self.filter(
            Q(starts__isnull=True) | Q(starts__lte=moment),
            Q(ends__isnull=True) | Q(ends__gt=moment),
        )

    def in_care_of(self, user: Visitor) -> Self:
        """Of those this person looks after; nobody, for an administrator as such."""
        return self.filter(_under_care(user))

    def covering(self, region: Region) -> Self:
        """Memberships for the whole election, and those that name the region or one above it."""
        named = self.model.regions.through.objects.filter(membership=models.OuterRef("pk"))
        above = named.filter(
            region__region_set=region.region_set_id, region__path__in=_paths_above(region.path)
        )
        return self.filter(~models.Exists(named) | models.Exists(above))


class DeviceQuerySet(_Seen["records.Device"]):
    def on_desk(self, user: Visitor) -> Self:
        """Phones of those this person looks after."""
        return self.filter(user__in=_cared_for(user).values("user"))

    def _seen_by(self, user: records.User) -> Q:
        return Q(user=user) | Q(user__in=_cared_for(user).values("user"))


class EnrolmentQuerySet(_Seen["records.Enrolment"]):
    """Who invites sees the invitation; so does everybody who looks after the person invited."""

    def _seen_by(self, user: records.User) -> Q:
        return Q(user__in=_cared_for(user).values("user"))

    def usable(self, at: datetime | None = None) -> Self:
        moment = at or timezone.now()
        return self.filter(
            used_at=None, revoked_at=None, expires_at__gt=moment, user__is_active=True
        )


class _OfAnObserver(_Seen[M]):
    """Rows of one person in one election: their own, and of those who look after them there."""

    def visible_to(self, user: Visitor) -> Self:
        # No administrator: accounts are theirs to keep, what happened in the field is not.
        if not (user.is_authenticated and user.is_active):
            return self.none()
        return self.filter(self._seen_by(user))

    # From the row to the regions it may lie in.
    places: tuple[str, ...] = ()

    def _seen_by(self, user: records.User) -> Q:
        return Q(user=user) | self._cared_for_by(user)

    def on_desk(self, user: Visitor) -> Self:
        """Of those this person looks after."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        return self.filter(self._cared_for_by(user))

    def _cared_for_by(self, user: Visitor) -> Q:
        scope = NOTHING
        for own in _caring(user):
            scope |= Q(election=own.election_id) & self._limited_to(own)
        return scope

    def _limited_to(self, own: records.Membership) -> Q:
        """By the team of the row; by where it lies, and by whom this coordinator looks after."""
        if own.role != Role.COORDINATOR:
            return Q()
        mine = Q(team=own.team_id) if own.team_id else Q()
        paths = [region.path for region in own.regions.all()]
        if not paths:
            return mine
        members: MembershipQuerySet = apps.get_model("observers", "Membership").objects.all()
        members = members.filter(_of_own_people(own), election=own.election_id)
        here = Q(user__in=members.values("user"))
        for place, path in itertools.product(self.places, paths):
            here |= Q(**{f"{place}__path__startswith": path})
        return mine & here


class VisitQuerySet(_OfAnObserver["records.Visit"]):
    places = ("station__region",)


class CheckInQuerySet(_OfAnObserver["records.CheckIn"]):
    places = ("region", "station__region")


class SafetyCaseQuerySet(_OfAnObserver["records.SafetyCase"]):
    places = ("check_in__region", "check_in__station__region")

    def open(self) -> Self:
        return self.filter(closed_at=None)


class ApiTokenQuerySet(_Seen["records.ApiToken"]):
    def _seen_by(self, user: records.User) -> Q:
        return Q(user=user)

    def usable(self, at: datetime | Expression | None = None) -> Self:
        moment = at or timezone.now()
        return self.filter(revoked_at=None, expires_at__gt=moment, user__is_active=True)


class PartnerAccessQuerySet(_Seen["records.PartnerAccess"]):
    """Administrators see who read when; partners what was read in their own name."""

    def _seen_by(self, user: records.User) -> Q:
        return Q(user=user)


def _paths_above(path: str) -> list[str]:
    """ "/KZ/KZ-ALA/" → ["/KZ/", "/KZ/KZ-ALA/"]."""
    codes = path.strip("/").split("/")
    return ["/" + "/".join(codes[: end + 1]) + "/" for end in range(len(codes))]
