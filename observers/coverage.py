"""How many polling stations were observed, as the world may know it: the denominator of rates.

Where an observer stood is an identity. So the numbers are of regions of the first level, never
below; fewer than FEWEST are not told, none is told like few, and what is told is rounded down
to a multiple of STEP, so that an arrival does not show (docs/decisions/0018).
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count

from elections.models import Election, Region
from observers.models import Visit

FEWEST = 5
STEP = 5


@dataclass(frozen=True)
class Coverage:
    """Stations observed in one election. None: not told. `by_region`: code -> number."""

    total: int | None = None
    by_region: dict[str, int | None] = field(default_factory=dict)


def told(number: int) -> int | None:
    return number - number % STEP if number >= FEWEST else None


def coverage(elections: Collection[Election]) -> dict[int, Coverage]:
    """By id of the election; of rehearsals none, whoever asks."""
    real = [one for one in elections if not one.is_rehearsal]
    regions: dict[int, list[str]] = {}
    sets = {one.region_set_id for one in real}
    first = Region.objects.filter(region_set__in=sets, level=1).order_by("code")
    for region_set, code in first.values_list("region_set", "code"):
        regions.setdefault(region_set, []).append(code)
    observed: dict[int, Counter[str]] = {}
    visits = Visit.objects.filter(election__in=real).exclude(station=None).order_by()
    rows = visits.values_list("election", "station__region__path").annotate(
        Count("station", distinct=True)
    )
    for election, path, number in rows:
        observed.setdefault(election, Counter())[_first_level(path)] += number
    return {
        one.pk: _told(regions.get(one.region_set_id, []), observed.get(one.pk, Counter()))
        for one in real
    }


def _told(regions: list[str], observed: "Counter[str]") -> Coverage:
    """The sum is not told when it would tell what is left out of exactly one region."""
    by_region = {code: told(observed[code]) for code in regions}
    left_out = sum(number is None for number in by_region.values())
    return Coverage(None if left_out == 1 else told(observed.total()), by_region)


def _first_level(path: str) -> str:
    """ "/KZ/KZ-ALA/KZ-ALA-1/" -> "KZ-ALA"; "" of what lies in no region below the country."""
    return ([*path.strip("/").split("/"), ""])[1]
