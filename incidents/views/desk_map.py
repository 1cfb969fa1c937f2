"""Where an incident lies: the country as SVG, its regions marked, its point where one is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from elections.drawing import Drawing, Shape, draw
from elections.models import Region
from incidents.models import Incident
from incidents.views.entering import SignedIn


@dataclass(frozen=True)
class Area:
    name: str
    named: bool
    shape: Shape


@dataclass(frozen=True)
class Place:
    """`words` say everything the drawing shows."""

    drawing: Drawing
    areas: list[Area]
    point: tuple[int, int] | None
    words: str


POINT = "the incident"


def place_of(
    request: SignedIn, incident: Incident, named: Sequence[Region], words: str
) -> Place | None:
    """None when the map has no outlines, or there is nothing to mark on it."""
    at = _point(incident)
    if not named and at is None:
        return None
    regions = Region.objects.visible_to(request.user).of(incident.election).filter(level=1)
    rows = [region for region in regions if region.boundary]
    drawing = draw(
        {region.code: region.boundary for region in rows},
        {
            region.code: (region.longitude, region.latitude)
            for region in rows
            if region.longitude is not None and region.latitude is not None
        },
        {POINT: at} if at else {},
    )
    if drawing is None:
        return None
    areas = [
        Area(
            region.name,
            any(one.path.startswith(region.path) for one in named),
            drawing.shapes[region.code],
        )
        for region in rows
    ]
    return Place(drawing, areas, drawing.points.get(POINT), words)


def _point(incident: Incident) -> tuple[float, float] | None:
    """Its own, else that of its station; longitude first."""
    for place in (incident, incident.station):
        if place and place.latitude is not None and place.longitude is not None:
            return place.longitude, place.latitude
    return None
