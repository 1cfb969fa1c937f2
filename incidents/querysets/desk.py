"""Rows of the mission: reports, incidents and what hangs on them, by role and place."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from elections.models import Region
from observers.models import Membership, User
from observers.querysets import desk_memberships as desk_memberships
from observers.querysets import partner_memberships as partner_memberships
from observers.roles import Role, elections_of_token

M = TypeVar("M", bound=models.Model)
Visitor = User | AnonymousUser
DESK = (Role.COORDINATOR, Role.EDITOR, Role.SECURITY)
# Who may be told by webhook: all others read the same from /changes/ without an account.
SUBSCRIBERS = (Role.PARTNER, *DESK)
NOTHING = Q(pk__in=[])
# A clock that is set right by some seconds takes nobody off their work.
CLOCK_CORRECTED = timedelta(minutes=1)


def lease_lasts() -> timedelta:
    return timedelta(minutes=settings.LEASE_MINUTES)


def _limited(membership: Membership) -> bool:
    """Only coordinators are limited to regions or a team; a whole-mission role is not."""
    return membership.role == Role.COORDINATOR


# Says the same as "election" and lures no index: without statistics SQLite would read every row of
# the election before it takes the few that are asked for by their own key.
BY_KEY = "of_election"


def _report_scope(membership: Membership, election: str = "election") -> Q:
    scope = Q(**{election: membership.election_id})
    if membership.role != Role.SECURITY:
        scope &= Q(audience="team")
    if _limited(membership):
        if membership.team_id:
            scope &= Q(team=membership.team_id)
        paths = [region.path for region in membership.regions.all()]
        if paths:
            inside = Q(region__isnull=True)
            for path in paths:
                inside |= Q(region__path__startswith=path)
            scope &= inside
    return scope


def _incident_scope(
    membership: Membership, election: str = "election", *, whole: bool = False
) -> Q:
    """`whole`: every row is looked at, so the lists of incidents by region are read once."""
    scope = Q(**{election: membership.election_id})
    if not _limited(membership):
        return scope
    if membership.team_id:
        links = apps.get_model("incidents", "ReportLink").objects
        scope &= Q(Exists(links.filter(incident=OuterRef("pk"), report__team=membership.team_id)))
    paths = [region.path for region in membership.regions.all()]
    if paths:
        named = apps.get_model("incidents", "Incident").regions.through.objects
        here = named.filter(incident=OuterRef("pk"))
        at = "path" if whole else "region__path"
        within = Q()
        for path in paths:
            within |= Q(**{f"{at}__startswith": path})
        if whole:
            inside = named.filter(region__in=Region.objects.filter(within).order_by().values("pk"))
            scope &= Q(pk__in=inside.values("incident")) | ~Q(pk__in=named.values("incident"))
        else:
            scope &= Q(Exists(here.filter(within))) | ~Q(Exists(here))
    return scope


def _own(user: Visitor) -> Q:
    within = elections_of_token(user)
    return Q(author=user.pk) if within is None else Q(author=user.pk, election__in=within)


def any_of(scopes: list[Q]) -> Q:
    combined = NOTHING
    for scope in scopes:
        combined |= scope
    return combined


class ReportQuerySet(models.QuerySet[M]):
    def on_desk(self, user: Visitor, *, by_key: bool = False) -> Self:
        """What the operations room shows this person; excludes their own reports elsewhere.

        `by_key`: the rows are found by their own key or by a link to it.
        """
        rows = self.alias(**{BY_KEY: F("election_id") + 0}) if by_key else self
        election = BY_KEY if by_key else "election"
        return rows.filter(any_of([_report_scope(m, election) for m in desk_memberships(user)]))

    def visible_to(self, user: Visitor, *, by_key: bool = False) -> Self:
        rows = self.alias(**{BY_KEY: F("election_id") + 0}) if by_key else self
        if not user.is_authenticated:
            return rows.none()
        election = BY_KEY if by_key else "election"
        scopes = [_report_scope(m, election) for m in desk_memberships(user)]
        return rows.filter(any_of([*scopes, _own(user)]))

    def overdue(self, now: datetime) -> Self:
        return self.filter(state="received", due_at__lte=now)


class RawReportQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        """Arrivals as they came. Security sees all of its election, coordinators the unsealed."""
        scopes = []
        for membership in desk_memberships(user):
            scope = Q(election=membership.election_id)
            if membership.role == Role.EDITOR or membership.team_id:
                continue
            if membership.role != Role.SECURITY:
                scope &= Q(sealed=False)
            scopes.append(scope)
        return self.filter(any_of(scopes))

    def unread(self) -> Self:
        return self.filter(outcome__in=["refused", "conflict"])


class IncidentQuerySet(models.QuerySet[M]):
    def all_visible_to(self, user: Visitor) -> Self:
        """As `visible_to`, to count all of them; a page of them is found faster by that."""
        if not user.is_authenticated:
            return self.none()
        scopes = [_incident_scope(m, whole=True) for m in desk_memberships(user)]
        return self.filter(any_of(scopes))

    def visible_to(self, user: Visitor, *, by_key: bool = False) -> Self:
        """`by_key`: the rows are found by their own key, by a link to it or by their place."""
        rows = self.alias(**{BY_KEY: F("election_id") + 0}) if by_key else self
        if not user.is_authenticated:
            return rows.none()
        election = BY_KEY if by_key else "election"
        return rows.filter(any_of([_incident_scope(m, election) for m in desk_memberships(user)]))

    def overdue(self, now: datetime) -> Self:
        return self.filter(status__in=["open", "in_review"], due_at__lte=now)

    def in_regions(self, regions: "models.QuerySet[Region]") -> Self:
        named = apps.get_model("incidents", "Incident").regions.through.objects
        return self.filter(Exists(named.filter(incident=OuterRef("pk"), region__in=regions)))


def telling_of_danger(user: Visitor, incidents: Iterable[models.Model]) -> set[Any]:
    """Ids of those with a person in danger, by the reports this person reads."""
    rows = {row.pk: row for row in incidents}
    links = apps.get_model("incidents", "ReportLink").objects.order_by()
    told = list(
        links.filter(incident__in=list(rows), report__urgent=True).values_list(
            "incident", "report"
        )
    )
    reports = apps.get_model("incidents", "Report").objects.on_desk(user, by_key=True)
    seen = set(
        reports.filter(pk__in={r for _i, r in told}).order_by().values_list("pk", flat=True)
    )
    urgent = {pk for pk, row in rows.items() if getattr(row, "urgent", False)}
    return urgent | {incident for incident, report in told if report in seen}


# Each row looks up what it hangs on: a list of everything this person may read would be long.


def incident_seen(user: Visitor, path: str = "incident") -> Exists:
    seen = apps.get_model("incidents", "Incident").objects.visible_to(user, by_key=True)
    return Exists(seen.filter(pk=OuterRef(path)))


def report_seen(user: Visitor, path: str = "report") -> Exists:
    """Their own reports, too."""
    seen = apps.get_model("incidents", "Report").objects.visible_to(user, by_key=True)
    return Exists(seen.filter(pk=OuterRef(path)))


def report_on_desk(user: Visitor, path: str = "report") -> Exists:
    seen = apps.get_model("incidents", "Report").objects.on_desk(user, by_key=True)
    return Exists(seen.filter(pk=OuterRef(path)))


class OfIncidentQuerySet(models.QuerySet[M]):
    """Rows that hang on an incident and are seen with it."""

    def visible_to(self, user: Visitor) -> Self:
        return self.filter(incident_seen(user))


class OfReportQuerySet(models.QuerySet[M]):
    """Rows that hang on a report and are seen with it."""

    def visible_to(self, user: Visitor) -> Self:
        return self.filter(report_seen(user))


class OnReportQuerySet(models.QuerySet[M]):
    """Rows that hang on a report: the desk sees them with it, its author their own."""

    report_path = "report"

    def on_desk(self, user: Visitor) -> Self:
        return self.filter(report_on_desk(user, self.report_path))

    def visible_to(self, user: Visitor) -> Self:
        return self.filter(report_seen(user, self.report_path))


class QuestionQuerySet(OnReportQuerySet[M]):
    def unanswered(self) -> Self:
        return self.filter(answers=None, withdrawn_at=None)


class AnswerQuerySet(OnReportQuerySet[M]):
    report_path = "question__report"

    def unread(self) -> Self:
        return self.filter(seen_at=None)


class MergeQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        return self.filter(incident_seen(user, "loser"), incident_seen(user, "survivor"))

    def standing(self) -> Self:
        return self.filter(undone_at=None)


class LeaseQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        """Of what this person sees on the desk; nobody learns who is at a sealed report."""
        return self.filter(report_on_desk(user, "subject") | incident_seen(user, "subject"))

    def held(self, now: datetime) -> Self:
        """Not those further ahead than a lease is ever given: the clock went back since."""
        return self.filter(until__gt=now, until__lte=now + lease_lasts() + CLOCK_CORRECTED)

    def working_on_desk(self) -> Self:
        """Whose account or last desk role was taken away has lost their leases."""
        working = Membership.objects.active().filter(role__in=DESK, user=OuterRef("holder"))
        return self.filter(Exists(working), holder__is_active=True)


class AlertQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        return self.filter(report_on_desk(user) | incident_seen(user))

    def waiting(self) -> Self:
        return self.filter(accepted_at=None)


class OwnQuerySet(models.QuerySet[M]):
    """Rows that are one person's own."""

    def visible_to(self, user: Visitor) -> Self:
        return self.filter(owner=user.pk) if user.is_authenticated else self.none()


class SubscriptionQuerySet(OwnQuerySet[M]):
    def in_force(self) -> Self:
        """Whose owner may have one now: a lock or a lost role stops them from this moment on."""
        held = Membership.objects.active().filter(role__in=SUBSCRIBERS, user=OuterRef("owner"))
        return self.filter(Exists(held), owner__is_active=True)


class DeliveryQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        return self.filter(subscription__owner=user.pk) if user.is_authenticated else self.none()


class OwnUploadQuerySet(models.QuerySet[M]):
    """Files on their way are seen by nobody but who sends them."""

    def visible_to(self, user: Visitor) -> Self:
        return self.filter(author=user.pk) if user.is_authenticated else self.none()


class ReportLinkQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        return self.filter(report_on_desk(user), incident_seen(user))


class EventQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        """Lines about what this person sees on the desk; a sealed report leaves others none."""
        report = report_on_desk(user)
        about = Q(incident_seen(user)) & (Q(report=None) | report)
        return self.filter(about | Q(Q(incident=None) & report))


class RelationQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        return self.filter(incident_seen(user, "source"), incident_seen(user, "target"))


class OfficialResponseQuerySet(models.QuerySet[M]):
    def visible_to(self, user: Visitor) -> Self:
        return self.filter(election__in=[m.election_id for m in desk_memberships(user)])


def acting_roles(user: Visitor, row: models.Model) -> frozenset[Role]:
    """The desk roles under which this person may act on this incident or report."""
    kind = row._meta.model_name
    scope_of = _incident_scope if kind == "incident" else _report_scope
    manager = type(row)._default_manager
    scopes: dict[Role, list[Q]] = {}
    for membership in desk_memberships(user):
        scopes.setdefault(Role(membership.role), []).append(scope_of(membership))
    return frozenset(
        role
        for role, places in scopes.items()
        if manager.filter(any_of(places), pk=row.pk).exists()
    )
