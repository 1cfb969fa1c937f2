"""Check-ins of observers, and the visits to stations that follow from them.

What a phone says arrives late, twice and in any order. So the visits of a person are not kept up
step by step: they are told anew from everything the person said, in the order in which it
happened. Whatever the order of arrival, the visits are the same.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from elections.folding import fold
from elections.models import Election, Region, Station
from observers.models import CheckIn, Device, Team, User, Visit

Place = tuple[str, object]


def check_in(
    *,
    id: uuid.UUID,
    user: User,
    election: Election,
    kind: str,
    at: datetime,
    sha256: str,
    team: Team | None = None,
    device: Device | None = None,
    station: Station | None = None,
    station_as_typed: str = "",
    region: Region | None = None,
    quarantined: bool = False,
) -> CheckIn:
    """Keep one sign of life. The same id again changes nothing and returns what was kept first;
    whoever needs to know whether it says the same compares `sha256`.

    `at` is by the corrected clock of the phone; nobody is anywhere in the future.
    """
    now = timezone.now()
    row = CheckIn(
        id=id,
        user=user,
        election=election,
        team=team,
        device=device,
        kind=kind,
        station=station,
        station_as_typed="" if station else station_as_typed[:200],
        region=region or (station.region if station else None),
        at=min(at, now),
        received_at=now,
        sha256=sha256,
        quarantined=quarantined,
    )
    return _keep(row)


def _keep(row: CheckIn) -> CheckIn:
    with transaction.atomic():
        # Two of one person wait for each other: both read what the other one writes.
        User.objects.select_for_update(no_key=True).only("pk").get(pk=row.user_id)
        if found := CheckIn.objects.filter(pk=row.pk).first():
            return found
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            # Another person sends the same id at this moment.
            if found := CheckIn.objects.filter(pk=row.pk).first():
                return found
            raise
        if not row.quarantined:
            _retell(row)
            row.refresh_from_db(fields=["visit"])
    return row


@dataclass
class _Told:
    """A visit as the check-ins tell it. Its id comes from the check-in that opens it."""

    opened_by: CheckIn
    left_at: datetime | None = None

    @property
    def id(self) -> uuid.UUID:
        return uuid.uuid5(self.opened_by.pk, "visit")

    def as_row(self) -> Visit:
        first = self.opened_by
        return Visit(
            id=self.id,
            election_id=first.election_id,
            user_id=first.user_id,
            team_id=first.team_id,
            station_id=first.station_id,
            station_as_typed=first.station_as_typed,
            arrived_at=first.at,
            left_at=self.left_at,
        )


def _place(said: CheckIn) -> Place | None:
    """None when it names no place: it opens no visit and closes none."""
    if said.station_id:
        return "station", said.station_id
    typed = fold(said.station_as_typed)
    return ("typed", typed) if typed else None


def _tell(said: Iterable[CheckIn]) -> tuple[list[_Told], dict[uuid.UUID, uuid.UUID]]:
    """The visits, and to which of them each check-in belongs."""
    visits: list[_Told] = []
    belongs: dict[uuid.UUID, uuid.UUID] = {}
    here: _Told | None = None
    for one in said:
        place = _place(one)
        elsewhere = here is None or place != _place(here.opened_by)
        if one.kind == CheckIn.Kind.ARRIVED and place is not None and elsewhere:
            if here is not None:
                here.left_at = one.at
            here = _Told(one)
            visits.append(here)
        if here is not None and (place is None or place == _place(here.opened_by)):
            belongs[one.pk] = here.id
        if one.kind == CheckIn.Kind.LEFT and here is not None:
            # Also when it names another station: they are not here any more either.
            here.left_at = one.at
            here = None
    return visits, belongs


def _retell(row: CheckIn) -> None:
    """From the visit on that had begun before this check-in: what lies before it stays."""
    own = {"user": row.user_id, "election": row.election_id}
    visits = Visit.objects.filter(**own)
    if row.kind != CheckIn.Kind.ARRIVED and not visits.exists():
        return  # they have arrived nowhere: it belongs to no visit and ends none
    # In one and the same moment "arrived" comes before "left", as in the alphabet.
    ordered = CheckIn.objects.filter(**own, quarantined=False).order_by("at", "kind", "id")
    said, kept_rows = _since(row, ordered, visits)
    told, belongs = _tell(said)
    kept = {visit.pk: visit for visit in kept_rows}
    rows = {row.pk: row for row in (visit.as_row() for visit in told)}
    columns = ["team", "station", "station_as_typed", "arrived_at", "left_at"]
    Visit.objects.bulk_create(row for pk, row in rows.items() if pk not in kept)
    Visit.objects.bulk_update(
        (row for pk, row in rows.items() if pk in kept and _differs(row, kept[pk])), columns
    )
    moved = [one for one in said if one.visit_id != belongs.get(one.pk)]
    for one in moved:
        one.visit_id = belongs.get(one.pk)
    CheckIn.objects.bulk_update(moved, ["visit"])
    # An arrival that came to light later took its place.
    Visit.objects.filter(pk__in=set(kept) - set(rows)).delete()


def _since(
    row: CheckIn, rows: "QuerySet[CheckIn, CheckIn]", visits: "QuerySet[Visit, Visit]"
) -> tuple[list[CheckIn], "QuerySet[Visit, Visit]"]:
    """What has to be told anew, and the visits that it may change. In doubt, all of it."""
    begun = visits.filter(arrived_at__lt=row.at).order_by("-arrived_at").first()
    if begun is None or visits.filter(arrived_at=begun.arrived_at).count() > 1:
        return list(rows), visits
    said = list(rows.filter(at__gte=begun.arrived_at))
    places = (at for at, one in enumerate(said) if _Told(one).id == begun.pk)
    if (opened := next(places, None)) is None:
        return list(rows), visits
    return said[opened:], visits.filter(arrived_at__gte=begun.arrived_at)


def _differs(row: Visit, kept: Visit) -> bool:
    return (row.arrived_at, row.left_at) != (kept.arrived_at, kept.left_at)
