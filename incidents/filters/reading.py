"""Readers shared by the filters of incidents: categories, words, points, places by code."""

import math
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Cos, Power, Radians, Sin
from django.utils.translation import gettext as _

from elections.folding import fold_words, marked_number
from elections.models import Election, Region
from elections.strict import Fault, Unclear, nearest, shown, unknown_value
from incidents import categories

EARTH_M = 6_371_008.8  # mean radius, IUGG
MOST_WORDS = 12
Box = tuple[float, float, float, float]


def as_category(text: str) -> str:
    """A leaf or a group, checked; `leaves` turns it into codes."""
    if not known_category(text):
        raise unknown_value(text, [*categories.GROUPS, *categories.CATEGORIES])
    return text


def known_category(text: str) -> bool:
    return text in categories.GROUPS or text in categories.CATEGORIES


def leaves(chosen: Iterable[str]) -> list[str]:
    return sorted({code for text in chosen for code in categories.expand(text)})


def as_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Unclear(_("Give an id such as 7c9e6679-7425-40de-944b-e07fc1f90ae7.")) from None


def as_search(text: str) -> list[str]:
    words = fold_words(text)
    if not 0 < len(words) <= MOST_WORDS:
        raise Unclear(_("Search for 1 to %(limit)s words.") % {"limit": MOST_WORDS})
    return words


def having_words(rows: "QuerySet[Any, Any]", words: Iterable[str]) -> "QuerySet[Any, Any]":
    for word in words:
        rows = rows.filter(search__contains=word)
    return rows


def found_by(words: Iterable[str]) -> Q:
    """On a column made by `folding.findable`: words by any part, numbers as a whole."""
    condition = Q()
    for word in words:
        condition &= Q(search__contains=marked_number(word) if word.isdecimal() else word)
    return condition


# --- Regions -------------------------------------------------------------------------------


def regions_by_code(
    codes: list[str], elections: "QuerySet[Election, Election]", viewer: Any
) -> tuple[list[Region], list[Fault]]:
    """The regions with these codes in the region sets of the elections, and what is unknown."""
    sets = elections.values("region_set")
    known = Region.objects.visible_to(viewer).filter(region_set__in=sets)
    found = list(known.filter(code__in=codes).only("id", "code", "path", "region_set_id"))
    missing = [code for code in codes if code not in {region.code for region in found}]
    if not missing:
        return found, []
    valid = sorted(set(known.values_list("code", flat=True)))
    return found, [_unknown_region(code, valid) for code in missing]


def _unknown_region(code: str, valid: list[str]) -> Fault:
    near = nearest(code, valid)
    detail = _("The elections in question have no region “%(code)s”.") % {"code": shown(code)}
    if near:
        detail += " " + _("Did you mean “%(nearest)s”?") % {"nearest": near}
    return Fault("region", detail, near)


def subtree(regions: Iterable[Region]) -> Q:
    """On Region: these and all below them."""
    condition = Q(pk__in=[])
    for region in regions:
        condition |= Q(region_set=region.region_set_id, path__startswith=region.path)
    return condition


# --- Points --------------------------------------------------------------------------------


def _numbers(text: str, count: int, example: str) -> list[float]:
    pieces = text.split(",")
    try:
        numbers = [float(piece) for piece in pieces]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(math.isfinite(number) for number in numbers):
        raise Unclear(
            _("Give %(count)s numbers with commas, such as %(example)s.")
            % {"count": count, "example": example}
        )
    return numbers


def _check_point(longitude: float, latitude: float) -> None:
    if not -180 <= longitude <= 180 or not -90 <= latitude <= 90:
        raise Unclear(_("Longitude comes first, from -180 to 180; then latitude, -90 to 90."))


def as_box(text: str) -> Box:
    west, south, east, north = _numbers(text, 4, "76.5,43.0,77.2,43.5")
    _check_point(west, south)
    _check_point(east, north)
    if south > north:
        raise Unclear(_("The order is west, south, east, north: south is above north here."))
    return west, south, east, north


def as_point(text: str) -> tuple[float, float]:
    longitude, latitude = _numbers(text, 2, "76.9,43.2")
    _check_point(longitude, latitude)
    return longitude, latitude


def in_box(rows: "QuerySet[Any, Any]", box: Box) -> "QuerySet[Any, Any]":
    """West greater than east means the box that crosses the 180th meridian."""
    west, south, east, north = box
    rows = rows.filter(latitude__gte=south, latitude__lte=north)
    if west <= east:
        return rows.filter(longitude__gte=west, longitude__lte=east)
    return rows.filter(Q(longitude__gte=west) | Q(longitude__lte=east))


def around(point: tuple[float, float], radius: float) -> Box:
    """The smallest box of degrees that holds the circle; all longitudes when it holds a pole."""
    longitude, latitude = point
    angle = math.degrees(radius / EARTH_M) * 1.0001
    south, north = latitude - angle, latitude + angle
    if south <= -90 or north >= 90:
        return -180.0, max(south, -90.0), 180.0, min(north, 90.0)
    ratio = math.sin(math.radians(angle)) / math.cos(math.radians(latitude))
    width = math.degrees(math.asin(min(1.0, ratio)))
    west, east = longitude - width, longitude + width
    if width >= 180:
        return -180.0, south, 180.0, north
    return (
        (west + 360 if west < -180 else west),
        south,
        (east - 360 if east > 180 else east),
        north,
    )


def within(
    rows: "QuerySet[Any, Any]", point: tuple[float, float], radius: float
) -> "QuerySet[Any, Any]":
    """Rows no farther than `radius` metres over the sphere (haversine), on either database."""
    longitude, latitude = (Value(math.radians(degrees), FloatField()) for degrees in point)
    half = Value(2.0, FloatField())
    north_south = Power(Sin((Radians(F("latitude")) - latitude) / half), 2)
    east_west = Power(Sin((Radians(F("longitude")) - longitude) / half), 2)
    haversine = north_south + Cos(latitude) * Cos(Radians(F("latitude"))) * east_west
    farthest = math.sin(radius / EARTH_M / 2) ** 2
    near: QuerySet[Any, Any] = in_box(rows, around(point, radius)).alias(haversine=haversine)
    return near.filter(haversine__lte=farthest)
