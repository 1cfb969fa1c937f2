"""How near two things are: points on the earth, and the words of two texts."""

import re
from math import asin, cos, degrees, radians, sin, sqrt

from django.db.models import Q

Point = tuple[float, float]  # latitude, longitude
EARTH_M = 6_371_008.8
ALIKE, FEWEST_SHARED, STEM = 0.5, 3, 5


def metres_between(one: Point, two: Point) -> float:
    """Along the great circle of a round earth: within 0.6 % of the true distance."""
    (lat1, lon1), (lat2, lon2) = one, two
    half = sin(radians(lat2 - lat1) / 2) ** 2
    half += cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(half)))


def around(point: Point, metres: float) -> Q:
    """A box that holds every point not farther than this, and some that are."""
    latitude, longitude = point
    reach = degrees(metres / EARTH_M) * 1.001
    box = Q(latitude__range=(latitude - reach, latitude + reach))
    narrowest = cos(radians(min(90.0, abs(latitude) + reach)))
    if narrowest * 180 <= reach:
        return box  # around a pole, every longitude is near
    west, east = longitude - reach / narrowest, longitude + reach / narrowest
    if west < -180:
        return box & (Q(longitude__gte=west + 360) | Q(longitude__lte=east))
    if east > 180:
        return box & (Q(longitude__gte=west) | Q(longitude__lte=east - 360))
    return box & Q(longitude__range=(west, east))


def stems(folded: str) -> frozenset[str]:
    """The beginnings of its longer words and its numbers: endings differ, small words say little.

    Takes text that is folded already, as the `search` columns are.
    """
    words: list[str] = re.findall(r"\w+", folded)
    return frozenset(w[:STEM] for w in words if len(w) > 3 or w.isdecimal())


def likeness(one: frozenset[str], two: frozenset[str]) -> float:
    """The share of the shorter text's words that the longer one has, 0 to 1."""
    return len(one & two) / max(FEWEST_SHARED, min(len(one), len(two)))


def similar(one: frozenset[str], two: frozenset[str]) -> bool:
    return len(one & two) >= FEWEST_SHARED and likeness(one, two) >= ALIKE
