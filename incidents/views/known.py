"""What the front page can honestly say about its rows: how many, where, how sure, what not."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet

from elections.drawing import Drawing, Shape, draw
from elections.models import Election, Region
from incidents.models import Publication
from incidents.vocabulary import Verification

Rows = QuerySet[Publication, Publication]
PUBLISHABLE = [level for level in Verification.values if level != Verification.REFUTED]


@dataclass(frozen=True)
class Summary:
    """Of exactly the rows of the list, all its pages together."""

    total: int
    no_region: int
    no_number: int
    one_source: int
    by_verification: list[tuple[str, int]]


def summary(rows: Rows) -> Summary:
    rows = rows.order_by()
    found = rows.aggregate(
        total=Count("pk"),
        no_number=Count("pk", filter=Q(persons_min=None, persons_max=None)),
        one_source=Count("pk", filter=Q(sources__lte=1)),
        **{level: Count("pk", filter=Q(verification=level)) for level in PUBLISHABLE},
    )
    return Summary(
        total=found["total"],
        no_region=unnamed(rows).count(),
        no_number=found["no_number"],
        one_source=found["one_source"],
        by_verification=[(level, found[level]) for level in PUBLISHABLE],
    )


def unnamed(rows: Rows) -> Rows:
    """Those that name no region below the country."""
    return rows.exclude(region_rows__region__level__gte=1)


@dataclass(frozen=True)
class Area:
    """A region on the map. `count`: published incidents that name it or a place inside it."""

    name: str
    count: int
    url: str  # the list of these
    shape: Shape | None


@dataclass(frozen=True)
class Map:
    drawing: Drawing | None
    areas: list[Area]
    unnamed: int
    total: int


def map_of(rows: Rows, election: Election, list_of: Callable[[str], str]) -> Map:
    """The regions one step below the country, whether anything is published there or not."""
    rows = rows.filter(election=election).order_by()
    counts = dict(
        rows.filter(region_rows__region__level=1)
        .values_list("region_rows__region")
        .annotate(Count("pk"))
    )
    regions = list(Region.objects.visible_to(AnonymousUser()).of(election).filter(level=1))
    drawing = draw(
        {region.code: region.boundary for region in regions if region.boundary},
        {
            region.code: (region.longitude, region.latitude)
            for region in regions
            if region.longitude is not None and region.latitude is not None
        },
    )
    areas = [
        Area(
            region.name,
            counts.get(region.pk, 0),
            list_of(region.code),
            drawing.shapes.get(region.code) if drawing else None,
        )
        for region in regions
    ]
    return Map(
        drawing=drawing,
        areas=sorted(areas, key=lambda area: (-area.count, area.name)),
        unnamed=unnamed(rows).count(),
        total=rows.count(),
    )
