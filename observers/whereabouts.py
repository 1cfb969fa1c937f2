"""Where the observers are, how much of the election they see, and whom nobody has heard of.

The desk's questions about visits and check-ins. Each person gets the answer for those they look
after: a team lead that of their team, a coordinator of a region that of the region.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from elections.models import Election, Region, Station
from observers.models import CheckIn, Device, Membership, SafetyCase, User, Visit
from observers.roles import Role, memberships

# Who came to a station before that and never said that they left, forgot it: an old election.
LOOKED_FOR = timedelta(days=4)
A_NIGHT = timedelta(hours=10)


@dataclass(frozen=True)
class Observed:
    """ "3 of 232 stations observed, as of 14:00", whether somebody is still there or not."""

    election: Election
    at: datetime
    stations: int
    visited: int
    present: int  # stations where somebody is now
    regions: list[tuple[Region, int, int]] = field(default_factory=list)  # of each, visited
    elsewhere: int = 0  # visits to a place that is not in the list of stations


def caring_for(user: User) -> list[Election]:
    """Elections in which this person looks after others."""
    held = memberships(user).filter(role__in=[Role.COORDINATOR, Role.SECURITY])
    found = {one.election for one in held.select_related("election") if one.election}
    return sorted(found, key=lambda election: election.slug)


def observed(user: User, election: Election, *, at: datetime | None = None) -> Observed:
    """The denominator of the desk's rates, in all and by the regions of the first level."""
    at = at or timezone.now()
    visits = Visit.objects.on_desk(user).filter(election=election, arrived_at__lte=at)
    visited = dict(
        visits.exclude(station=None).order_by().values_list("station", "station__region__path")
    )
    here = visits.filter(left_at=None).exclude(station=None).order_by()
    every = Station.objects.of(election).order_by().values_list("region__path", flat=True)
    stations = Counter(map(_first_level, _within_reach(every, user, election)))
    seen = Counter(map(_first_level, visited.values()))
    regions = Region.objects.of(election).filter(code__in=set(stations) | set(seen))
    return Observed(
        election=election,
        at=at,
        stations=stations.total(),
        visited=len(visited),
        present=here.values("station").distinct().count(),
        regions=[(one, stations[one.code], seen[one.code]) for one in regions.order_by("code")],
        elsewhere=visits.filter(station=None).count(),
    )


def _first_level(path: str) -> str:
    """ "/KZ/KZ-ALA/KZ-ALA-1/" -> "KZ-ALA"; of what has no level below the country, itself."""
    codes = path.strip("/").split("/")
    return codes[min(1, len(codes) - 1)]


def _within_reach(paths: "QuerySet[Station, str]", user: User, election: Election) -> list[str]:
    """A coordinator of some regions answers for the stations there."""
    limits: list[str] | None = []
    for own in memberships(user, election).filter(role__in=[Role.COORDINATOR, Role.SECURITY]):
        own_paths = [region.path for region in own.regions.all()]
        if own.role == Role.SECURITY or not own_paths:
            limits = None
            break
        limits = [*(limits or []), *own_paths]
    if limits is None:
        return list(paths)
    return [path for path in paths if path.startswith(tuple(limits))]


def present(user: User, election: Election) -> "QuerySet[Visit, Visit]":
    """Who is at a station now, by region and station."""
    rows = Visit.objects.on_desk(user).filter(election=election, left_at=None)
    return rows.select_related("station__region", "user", "team").order_by(
        "station__region__path", "station__commission", "station__number", "arrived_at", "id"
    )


@dataclass(frozen=True)
class Missed:
    """Somebody who ought to have given a sign of life by now."""

    user: User
    election: Election
    heard: datetime  # the last sign of life of any kind
    where: CheckIn | None
    team: str
    phones: list[str]
    locked: bool

    @property
    def silent(self) -> timedelta:
        return timezone.now() - self.heard


def missed(user: User) -> list[Missed]:
    """Of all elections this person looks after, rehearsals apart; the longest silence first.

    At a station since at most LOOKED_FOR, or checked in today or in the night before now; not a
    word since CHECK_IN_MINUTES by check-in, report or phone. Who has an open safety case stands
    there; whom a case was closed on since is heard of.
    """
    limit = timezone.now() - timedelta(minutes=settings.CHECK_IN_MINUTES)
    found = [
        one
        for election in caring_for(user)
        if not election.is_rehearsal
        for one in _silent(user, election, limit)
    ]
    return sorted(found, key=lambda one: (one.heard, str(one.user.pk)))


def _silent(user: User, election: Election, limit: datetime) -> list[Missed]:
    said = CheckIn.objects.on_desk(user).filter(election=election, quarantined=False)
    now = timezone.now()
    visits = Visit.objects.on_desk(user).filter(election=election, left_at=None)
    at_a_station = visits.filter(arrived_at__gte=now - LOOKED_FOR)
    # Counting goes on after midnight: who was heard of at eleven is not given up at twelve.
    today = said.filter(at__gte=min(_midnight(election), now - A_NIGHT))
    people = set(at_a_station.order_by().values_list("user", flat=True))
    people |= set(today.order_by().values_list("user", flat=True))
    active = Membership.objects.active().filter(election=election, user__in=people)
    teams = {one.user_id: one.team for one in active.select_related("team").order_by("-role")}
    cared_for = SafetyCase.objects.filter(election=election, user__in=teams)
    settled = cared_for.filter(user=OuterRef("pk")).exclude(closed_at=None)
    rows = (
        User.objects.filter(pk__in=teams)
        .exclude(pk__in=cared_for.open().values("user"))
        .annotate(settled=Subquery(settled.order_by("-closed_at").values("closed_at")[:1]))
        .annotate(**_signs(election))
    )
    silent = {
        row: heard
        for row in rows
        if (heard := _latest(row)) is not None and heard < limit and _stands(row, heard)
    }
    where, phones = _last_places(silent, election), _labels(silent)
    return [
        Missed(
            user=row,
            election=election,
            heard=heard,
            where=where.get(row.pk),
            team=str(teams[row.pk] or ""),
            phones=phones.get(row.pk, []),
            locked=not row.is_active,
        )
        for row, heard in silent.items()
    ]


def _midnight(election: Election) -> datetime:
    local = timezone.now().astimezone(ZoneInfo(election.time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _signs(election: Election) -> dict[str, Any]:
    """The last of each kind of sign. Not what came from a locked phone: who has it is not known;
    nor what only security may read: its hour would tell of it.

    A check-in counts from when it was made: a colleague may have carried it here.
    """
    own = CheckIn.objects.filter(user=OuterRef("pk"), election=election, quarantined=False)
    phones = Device.objects.filter(user=OuterRef("pk"), revoked_at=None)
    reports = User.objects.filter(
        pk=OuterRef("pk"),
        reports__election=election,
        reports__state__in=["received", "linked", "dismissed"],
        reports__audience="team",
    )
    latest = F("reports__received_at").desc()
    return {
        "checked_in": Subquery(own.order_by("-at").values("at")[:1]),
        "reported": Subquery(reports.order_by(latest).values("reports__received_at")[:1]),
        "in_touch": Subquery(
            phones.order_by(F("last_seen_at").desc(nulls_last=True)).values("last_seen_at")[:1]
        ),
    }


def _latest(row: Any) -> datetime | None:
    signs = [sign for sign in (row.checked_in, row.reported, row.in_touch) if sign]
    return max(signs, default=None)


def _stands(row: Any, heard: datetime) -> bool:
    return row.settled is None or row.settled < heard


def _last_places(people: Iterable[User], election: Election) -> dict[Any, CheckIn]:
    """The last check-in of each that says where."""
    rows = CheckIn.objects.filter(user=OuterRef("pk"), election=election, quarantined=False)
    named = rows.exclude(station=None, station_as_typed="", region=None)
    asked = User.objects.filter(pk__in=[person.pk for person in people])
    newest = asked.annotate(last=Subquery(named.order_by("-at").values("pk")[:1]))
    found = CheckIn.objects.filter(pk__in=newest.values("last"))
    return {one.user_id: one for one in found.select_related("station__region", "region")}


def _labels(people: Iterable[User]) -> dict[Any, list[str]]:
    """Of phones that are not locked; what the desk wrote on them says how to reach the person."""
    rows = Device.objects.filter(user__in=list(people), revoked_at=None).exclude(label="")
    found: dict[Any, list[str]] = {}
    for row in rows.order_by(F("last_seen_at").desc(nulls_last=True)):
        found.setdefault(row.user_id, []).append(row.label)
    return found
