"""A country as SVG paths: a conic projection fitted to its regions, small enough to print."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

WIDTH = 1000
MARGIN = 10
# Drawn smaller than this, a region is marked by a disc at its label, or nobody would see it.
SMALLEST = 40
# A label keeps this far from a disc: a city inside its region is one.
APART = 64

Point = tuple[float, float]
Projection = Callable[[float, float], Point]


@dataclass(frozen=True)
class Shape:
    """`path` for <path d>; (x, y) is where the label goes; `small`: draw a disc there as well."""

    path: str
    x: int
    y: int
    small: bool


@dataclass(frozen=True)
class Drawing:
    width: int
    height: int
    shapes: Mapping[str, Shape]
    points: Mapping[str, tuple[int, int]]  # of those asked for, what lies within the picture


def draw(
    boundaries: Mapping[str, Any],
    labels: Mapping[str, Point],
    points: Mapping[str, Point] | None = None,
) -> Drawing | None:
    """`boundaries`: name → GeoJSON (Multi)Polygon; the others: name → (longitude, latitude).

    None when there is nothing to draw.
    """
    outlines = {name: list(_rings(geometry)) for name, geometry in boundaries.items() if geometry}
    corners = [point for rings in outlines.values() for ring in rings for point in ring]
    if not corners:
        return None
    project = _conic(corners)
    flat = [project(longitude, latitude) for longitude, latitude in corners]
    west, east = min(x for x, _y in flat), max(x for x, _y in flat)
    south, north = min(y for _x, y in flat), max(y for _x, y in flat)
    scale = (WIDTH - 2 * MARGIN) / ((east - west) or 1)

    def place(longitude: float, latitude: float) -> Point:
        x, y = project(longitude, latitude)
        return MARGIN + (x - west) * scale, MARGIN + (north - y) * scale

    shapes = {name: _shape(rings, labels.get(name), place) for name, rings in outlines.items()}
    discs = [shape for shape in shapes.values() if shape.small]
    for name, shape in shapes.items():
        if not shape.small:
            shapes[name] = _kept_apart(shape, discs)
    height = math.ceil((north - south) * scale + 2 * MARGIN)
    marked = {name: place(*point) for name, point in (points or {}).items()}
    within = {
        name: (round(x), round(y))
        for name, (x, y) in marked.items()
        if 0 <= x <= WIDTH and 0 <= y <= height
    }
    return Drawing(WIDTH, height, shapes, within)


def _kept_apart(shape: Shape, discs: Iterable[Shape]) -> Shape:
    x, y = float(shape.x), float(shape.y)
    for disc in discs:
        distance = math.dist((x, y), (disc.x, disc.y))
        if 0 < distance < APART:
            x = disc.x + (x - disc.x) * APART / distance
            y = disc.y + (y - disc.y) * APART / distance
    return replace(shape, x=round(x), y=round(y))


def _rings(geometry: Mapping[str, Any]) -> Iterable[list[Point]]:
    polygons = geometry["coordinates"]
    for polygon in polygons if geometry["type"] == "MultiPolygon" else [polygons]:
        for ring in polygon:
            yield [(point[0], point[1]) for point in ring]


def _conic(points: Sequence[Point]) -> Projection:
    """Equidistant conic with standard parallels at a sixth from either edge.

    On the equator, where a cone becomes a cylinder, plain longitude and latitude.
    """
    south, north = (math.radians(f(p[1] for p in points)) for f in (min, max))
    middle = math.radians((min(p[0] for p in points) + max(p[0] for p in points)) / 2)
    low, high = south + (north - south) / 6, north - (north - south) / 6
    cone = (math.cos(low) - math.cos(high)) / (high - low) if high > low else math.sin(low)
    if abs(cone) < 0.02:
        return lambda longitude, latitude: (math.radians(longitude), math.radians(latitude))
    radius = math.cos(low) / cone + low
    centre = radius - (south + north) / 2

    def project(longitude: float, latitude: float) -> Point:
        distance = radius - math.radians(latitude)
        angle = cone * (math.radians(longitude) - middle)
        return distance * math.sin(angle), centre - distance * math.cos(angle)

    return project


def _shape(rings: list[list[Point]], label: Point | None, place: Projection) -> Shape:
    drawn = [[place(*point) for point in ring] for ring in rings]
    xs = [x for ring in drawn for x, _y in ring]
    ys = [y for ring in drawn for _x, y in ring]
    middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    x, y = place(*label) if label else middle
    path = "".join(_line(ring) for ring in drawn)
    small = max(max(xs) - min(xs), max(ys) - min(ys)) < SMALLEST
    return Shape(path, round(x), round(y), small)


def _line(ring: list[Point]) -> str:
    """Snapped to whole units, so that neighbours keep their common border; then step by step."""
    (x, y), *rest = [(round(x), round(y)) for x, y in ring]
    path = [f"M{x} {y}"]
    for next_x, next_y in rest:
        if (next_x, next_y) != (x, y):
            path.append(f"l{next_x - x} {next_y - y}")
        x, y = next_x, next_y
    return "".join([*path, "z"])
