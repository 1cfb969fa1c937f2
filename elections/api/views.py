"""Reference data, open to everybody. Where no election is named, the newest one is meant."""

from collections.abc import Iterable

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import PAGING, BadQuery, PublicRead
from elections.api.documented import ELECTIONS, REGIONS, STATIONS
from elections.api.serializers import (
    ElectionDetailSerializer,
    ElectionSerializer,
    RegionDetailSerializer,
    RegionSerializer,
    RegionShapeSerializer,
    StationDetailSerializer,
    StationSerializer,
)
from elections.keyset import Key
from elections.models import Election, Region, RegionSet, ResultFigure, Station, TurnoutFigure
from elections.querysets import (
    THE_WORLD,
    RegionQuerySet,
    ResultFigureQuerySet,
    StationQuerySet,
    TurnoutFigureQuerySet,
)
from elections.strict import Fault, Param, unknown_value

ELECTION = Param(
    "election",
    about="Short name of the election; the newest one when left out.",
    example="kz-2021-mazhilis",
)
REGION_SET = Param(
    "region_set",
    about="Short name of a set of regions, instead of an election.",
    example="KZ-2022",
)
GEOMETRY = Param("geometry", "boolean", "Add the boundary as GeoJSON.", default=False)
SEARCH = Param(
    "q", about="Words that all occur in a name, an address or a code.", example="Алматы"
)
REGION = Param(
    "region",
    about="Code of the region on the day of the election; what lies below is included.",
    example="KZ-ALA",
)


class Reference(PublicRead):
    """Finds the election and the region that a query names, or says which were possible."""

    def election(self) -> Election | None:
        """The named one, else the newest, else None when there is none at all."""
        elections = Election.objects.visible_to(THE_WORLD).select_related("region_set")
        slug = self.query["election"]
        if slug is None:
            return elections.newest_first().first()
        found = elections.filter(slug=slug).first()
        if found is None:
            raise self.unknown("election", slug, elections.values_list("slug", flat=True))
        return found

    def turnout(self) -> TurnoutFigureQuerySet:
        figures = TurnoutFigure.objects.visible_to(THE_WORLD)
        return figures.select_related("region", "station")

    def results(self) -> ResultFigureQuerySet:
        figures = ResultFigure.objects.visible_to(THE_WORLD)
        return figures.select_related("region", "station", "contestant")

    def unknown(self, parameter: str, text: str, valid: Iterable[str]) -> BadQuery:
        unclear = unknown_value(text, valid)
        return BadQuery([Fault(parameter, unclear.detail, unclear.nearest)])


class ElectionView(Reference):
    """What is observed: days, seats, contestants, and figures as each issuer gave them."""

    documented = ELECTIONS
    query_params = {"list": PAGING}

    def list(self, request: Request) -> Response:
        elections = Election.objects.visible_to(THE_WORLD).select_related("region_set")
        elections = elections.prefetch_related("poll_days__region")
        return self.listing(
            elections, [Key("slug")], lambda election: ElectionSerializer(election).data
        )

    def retrieve(self, request: Request, slug: str) -> Response:
        elections = Election.objects.visible_to(THE_WORLD).select_related("region_set")
        elections = elections.prefetch_related(
            "poll_days__region",
            "seat_blocks",
            "contestants",
            "statements",
            Prefetch("turnout_figures", self.turnout().filter(station=None)),
            Prefetch("result_figures", self.results().filter(station=None)),
        )
        election = get_object_or_404(elections, slug=slug)
        return Response(ElectionDetailSerializer(election).data)


class RegionView(Reference):
    """The division of the country on the day of the election, or of another day by its set."""

    documented = REGIONS
    query_params = {
        "list": (ELECTION, REGION_SET, SEARCH, GEOMETRY, *PAGING),
        "retrieve": (ELECTION, REGION_SET, GEOMETRY),
    }

    def list(self, request: Request) -> Response:
        region_set = self.region_set()
        regions = self.regions(region_set)
        if search := self.query["q"]:
            regions = regions.search(search)
        serializer = RegionShapeSerializer if self.query["geometry"] else RegionSerializer
        applied = {
            "region_set": region_set.slug if region_set else None,
            "election": self.query["election"],
            "q": search,
        }
        return self.listing(
            regions,
            [Key("path"), Key("id")],
            lambda region: serializer(region).data,
            {name: value for name, value in applied.items() if value is not None},
        )

    def retrieve(self, request: Request, code: str) -> Response:
        regions = self.regions(self.region_set()).prefetch_related("children")
        region = get_object_or_404(regions, code=code)
        answer = RegionDetailSerializer(region).data
        if not self.query["geometry"]:
            del answer["boundary"]
        return Response(answer)

    def region_set(self) -> RegionSet | None:
        slug = self.query["region_set"]
        if slug is None:
            election = self.election()
            return election.region_set if election else None
        if self.query["election"] is not None:
            detail = _("Give either an election or a set of regions, not both.")
            raise BadQuery([Fault("region_set", detail)])
        sets = RegionSet.objects.visible_to(THE_WORLD)
        found = sets.filter(slug=slug).first()
        if found is None:
            raise self.unknown("region_set", slug, sets.values_list("slug", flat=True))
        return found

    def regions(self, region_set: RegionSet | None) -> RegionQuerySet:
        regions = Region.objects.visible_to(THE_WORLD).filter(region_set=region_set)
        if not self.query["geometry"]:
            regions = regions.defer("boundary")
        return regions.select_related("region_set", "parent").prefetch_related("codes")


class StationView(Reference):
    """Polling stations of one election; a code is "commission:number"."""

    documented = STATIONS
    query_params = {
        "list": (ELECTION, REGION, SEARCH, *PAGING),
        "retrieve": (ELECTION,),
    }

    def list(self, request: Request) -> Response:
        election = self.election()
        stations = self.stations(election)
        if (code := self.query["region"]) is not None:
            stations = stations.within(self.region(election, code))
        if search := self.query["q"]:
            stations = stations.search(search)
        applied = {"election": election.slug if election else None, "region": code, "q": search}
        return self.listing(
            stations,
            [Key("commission"), Key("number"), Key("id")],
            lambda station: StationSerializer(station).data,
            {name: value for name, value in applied.items() if value is not None},
        )

    def retrieve(self, request: Request, code: str) -> Response:
        commission, _colon, number = code.partition(":")
        stations = self.stations(self.election()).prefetch_related(
            Prefetch("turnoutfigures", self.turnout()), Prefetch("resultfigures", self.results())
        )
        station = get_object_or_404(stations, commission=commission, number=number)
        return Response(StationDetailSerializer(station).data)

    def region(self, election: Election | None, code: str) -> Region:
        regions = Region.objects.visible_to(THE_WORLD)
        regions = regions.filter(region_set=election.region_set) if election else regions.none()
        found = regions.filter(code=code).first()
        if found is None:
            raise self.unknown("region", code, regions.values_list("code", flat=True))
        return found

    def stations(self, election: Election | None) -> StationQuerySet:
        stations = Station.objects.visible_to(THE_WORLD).filter(election=election)
        return stations.select_related("election", "region", "successor")
