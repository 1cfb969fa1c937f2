"""The country, the stations and the people of the measured election."""

import uuid
from dataclasses import dataclass, field
from datetime import date, time
from random import Random

from elections.models import Election, PollDay, Region, RegionSet, Station
from observers.models import Membership, Organisation, Team, User
from observers.roles import Role

REGIONS, DISTRICTS, STATIONS, TEAMS, COORDINATORS = 20, 10, 50, 1_000, 10


@dataclass
class Scene:
    election: Election
    districts: list[Region]
    stations: list[Station]
    observers: list[tuple[User, Team]]
    coordinators: list[User]
    editors: list[User]
    _by_id: dict[int, Region] = field(default_factory=dict)

    def region_of(self, station: Station) -> Region:
        self._by_id = self._by_id or {district.pk: district for district in self.districts}
        return self._by_id[station.region_id]


def build_scene(rng: Random, day: date) -> Scene:
    regions = RegionSet.objects.create(
        slug="measured", country="KZ", name_en="Measured", valid_from=date(2018, 6, 19)
    )
    provinces, districts = _regions(regions)
    election = Election.objects.create(
        slug="measured",
        ref_prefix="MEASURED",
        country="KZ",
        region_set=regions,
        kind="parliamentary",
        name_en="Measured election",
        time_zone="Asia/Almaty",
    )
    PollDay.objects.create(election=election, date=day, opens=time(7), closes=time(20))
    people = _People(rng, election)
    coordinators = [people.on_desk(f"coordinator-{n}") for n in range(COORDINATORS)]
    coordinators.append(people.on_desk("regional", regions=provinces[:3]))
    editors = [people.on_desk(f"editor-{n}", Role.EDITOR) for n in range(3)]
    people.on_desk("security", Role.SECURITY)
    return Scene(
        election,
        districts,
        _stations(rng, election, districts),
        people.observers(),
        coordinators,
        editors,
    )


def _regions(regions: RegionSet) -> tuple[list[Region], list[Region]]:
    def made(parent: Region | None, kind: str, code: str, at: tuple[float, float]) -> Region:
        return Region.objects.create(
            region_set=regions,
            parent=parent,
            kind=kind,
            code=code,
            name_en=f"Region {code}",
            name_ru=f"Область {code}",
            name_kk=f"{code} облысы",
            time_zone="Asia/Almaty",
            latitude=at[0],
            longitude=at[1],
        )

    country = made(None, "country", "KZ", (48, 67))
    provinces, districts = [], []
    for n in range(REGIONS):
        middle = (42 + n % 5 * 2.5, 50 + n // 5 * 8)
        provinces.append(made(country, "region", f"KZ-{n:02}", middle))
        for m in range(DISTRICTS):
            at = (middle[0] + m % 3 * 0.3, middle[1] + m // 3 * 0.4)
            districts.append(made(provinces[-1], "district", f"KZ-{n:02}-{m}", at))
    return provinces, districts


def _stations(rng: Random, election: Election, districts: list[Region]) -> list[Station]:
    rows = []
    for district in districts:
        for n in range(STATIONS):
            row = Station(
                election=election,
                region=district,
                commission=district.code,
                number=str(n + 1),
                name_ru=f"Участок {n + 1}",
                latitude=district.latitude + rng.gauss(0, 0.03),
                longitude=district.longitude + rng.gauss(0, 0.04),
                coordinates_quality="exact",
            )
            row.make_findable()
            rows.append(row)
    return Station.objects.bulk_create(rows, 1000)


class _People:
    def __init__(self, rng: Random, election: Election) -> None:
        self.rng, self.election = rng, election

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def user(self, name: str) -> User:
        # "!" is no password: nobody signs in with one.
        return User(id=self.uuid(), person=self.uuid(), username=name, password=f"!{name}")

    def on_desk(
        self, name: str, role: Role = Role.COORDINATOR, regions: list[Region] | None = None
    ) -> User:
        user = self.user(name)
        user.save(force_insert=True)
        membership = Membership.objects.create(user=user, election=self.election, role=role)
        membership.regions.set(regions or [])
        return user

    def observers(self) -> list[tuple[User, Team]]:
        organisation = Organisation.objects.create(id=self.uuid(), slug="watch", name_en="Watch")
        teams = [
            Team(id=self.uuid(), organisation=organisation, name=f"Team {n}") for n in range(TEAMS)
        ]
        Team.objects.bulk_create(teams, 1000)
        pairs = [
            (self.user(f"observer-{n}-{side}"), team)
            for n, team in enumerate(teams)
            for side in ("a", "b")
        ]
        User.objects.bulk_create([user for user, _team in pairs], 1000)
        Membership.objects.bulk_create(
            [
                Membership(user=user, election=self.election, role=Role.OBSERVER, team=team)
                for user, team in pairs
            ],
            1000,
        )
        return pairs
