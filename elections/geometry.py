"""Just enough geometry for boundaries on a map, in plain longitude and latitude."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, TypeAlias

from django.utils.translation import gettext as _

Ring: TypeAlias = list[list[float]]
MOST_POINTS = 200_000


class BadGeometry(ValueError):
    """The message is a sentence for the person who brought the file."""


def check(geometry: Any) -> dict[str, Any]:
    """A GeoJSON Polygon or MultiPolygon with closed rings on the earth, without heights.

    Raises BadGeometry.
    """
    if not isinstance(geometry, dict) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        raise BadGeometry(_("A boundary must be a GeoJSON Polygon or MultiPolygon."))
    if not _is_polygons(_polygons(geometry)):
        raise BadGeometry(_("The coordinates of the boundary are not lists of rings of points."))
    points = 0
    for ring in _rings(geometry):
        points += len(ring)
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise BadGeometry(_("A ring must have four points or more and end where it began."))
        for longitude, latitude, *_height in ring:
            if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
                raise BadGeometry(
                    _("Longitude must be from -180 to 180 and latitude from -90 to 90.")
                )
    if points > MOST_POINTS:
        raise BadGeometry(_("The boundary has too many points. Simplify it first."))
    flat = [[[point[:2] for point in ring] for ring in part] for part in _polygons(geometry)]
    single = geometry["type"] == "Polygon"
    return {"type": geometry["type"], "coordinates": flat[0] if single else flat}


def contains(geometry: dict[str, Any], longitude: float, latitude: float) -> bool:
    """Whether a line from the point to the west crosses the rings an odd number of times."""
    crossings = _crossings(geometry, latitude)
    return sum(crossing < longitude for crossing in crossings) % 2 == 1


def inner_point(geometry: dict[str, Any]) -> tuple[float, float]:
    """Longitude and latitude of a point well inside: the middle of the widest of nine cuts."""
    latitudes = [point[1] for ring in _rings(geometry) for point in ring]
    south, north = min(latitudes), max(latitudes)
    widest: tuple[float, float, float] = (0.0, 0.0, 0.0)
    for tenth in range(1, 10):
        latitude = south + (north - south) * tenth / 10
        cuts = sorted(_crossings(geometry, latitude))
        for west, east in zip(cuts[::2], cuts[1::2], strict=False):
            widest = max(widest, (east - west, (west + east) / 2, latitude))
    if not widest[0]:
        raise BadGeometry(_("The boundary encloses nothing."))
    return round(widest[1], 5), round(widest[2], 5)


def _crossings(geometry: dict[str, Any], latitude: float) -> list[float]:
    """Longitudes at which the rings cross the parallel."""
    found = []
    for ring in _rings(geometry):
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > latitude) != (y2 > latitude):
                found.append(x1 + (latitude - y1) * (x2 - x1) / (y2 - y1))
    return found


def _polygons(geometry: dict[str, Any]) -> Any:
    coordinates = geometry.get("coordinates")
    return [coordinates] if geometry["type"] == "Polygon" else coordinates


def _rings(geometry: dict[str, Any]) -> Iterator[Ring]:
    for polygon in _polygons(geometry):
        yield from polygon


def _is_polygons(polygons: Any) -> bool:
    return _lists(polygons) and all(
        _lists(polygon) and all(_lists(ring) and all(map(_is_point, ring)) for ring in polygon)
        for polygon in polygons
    )


def _lists(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_point(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in {2, 3}
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
    )
