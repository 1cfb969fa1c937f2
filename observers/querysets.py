"""Which rows may this person see? The only place that answers.

Everybody sees himself. The administrator sees accounts and organisations of the whole house;
coordinators and security see those of their own elections. A coordinator who leads one team sees
that team. Nobody sees anything without signing in.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import Expression, Q
from django.utils import timezone

from observers.roles import Role, has_role, memberships

if TYPE_CHECKING:
    from elections.models import Region
    from observers import models as records
    from observers.roles import Visitor

M = TypeVar("M", bound=models.Model)
NOTHING = Q(pk__in=[])


def _under_care(user: Visitor) -> Q:
    """Memberships this person looks after: of his elections, or of the team he leads."""
    scope = NOTHING
    for own in memberships(user).filter(role__in=[Role.COORDINATOR, Role.SECURITY]):
        one = Q(election=own.election_id)
        if own.role == Role.COORDINATOR and own.team_id:
            one &= Q(team=own.team_id)
        scope |= one
    return scope


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

    def covering(self, region: Region) -> Self:
        """Memberships for the whole election, and those that name the region or one above it."""
        named = self.model.regions.through.objects.filter(membership=models.OuterRef("pk"))
        above = named.filter(
            region__region_set=region.region_set_id, region__path__in=_paths_above(region.path)
        )
        return self.filter(~models.Exists(named) | models.Exists(above))


class DeviceQuerySet(_Seen["records.Device"]):
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

    def _seen_by(self, user: records.User) -> Q:
        scope = Q(user=user)
        for own in memberships(user).filter(role__in=[Role.COORDINATOR, Role.SECURITY]):
            one = Q(election=own.election_id)
            if own.role == Role.COORDINATOR and own.team_id:
                one &= Q(team=own.team_id)
            scope |= one
        return scope


class VisitQuerySet(_OfAnObserver["records.Visit"]):
    pass


class CheckInQuerySet(_OfAnObserver["records.CheckIn"]):
    pass


class SafetyCaseQuerySet(_OfAnObserver["records.SafetyCase"]):
    pass


class ApiTokenQuerySet(_Seen["records.ApiToken"]):
    def _seen_by(self, user: records.User) -> Q:
        return Q(user=user)

    def usable(self, at: datetime | Expression | None = None) -> Self:
        moment = at or timezone.now()
        return self.filter(revoked_at=None, expires_at__gt=moment, user__is_active=True)


def _paths_above(path: str) -> list[str]:
    """ "/KZ/KZ-ALA/" → ["/KZ/", "/KZ/KZ-ALA/"]."""
    codes = path.strip("/").split("/")
    return ["/" + "/".join(codes[: end + 1]) + "/" for end in range(len(codes))]
