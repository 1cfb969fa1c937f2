"""Figures beside what was observed: stations as the denominator, and why there is none.

A rate is only told where numerator and denominator are of the same place.
"""

from collections.abc import Collection, Iterable
from typing import Any

from elections.models import Election, Region
from incidents.statistics import Figures, Question, Sums, level_of
from observers.coverage import FEWEST, STEP, Coverage, coverage

# Places smaller than a region of the first level: of those no number of stations is told.
SMALL_PLACES = frozenset({"station", "bbox", "near"})
# Few: fewer than FEWEST, or the sum would tell of one region. Below: of a place below the first
# level. No region: it names none. Partly: only what also happened in the region asked for.
NOTES = ("few", "below", "no_region", "partly")


class Denominators:
    """The stations behind each row of one answer."""

    def __init__(
        self,
        question: Question,
        elections: Iterable[Election],
        asked: Collection[str],
        regions: Collection[Region],
    ) -> None:
        """`asked`: names of the filters that narrow the answer; `regions`: those of `region`."""
        self.question = question
        self.elections = {one.slug: one for one in elections}
        self.coverage = coverage(self.elections.values())
        levels = {level_of(region) for region in regions}
        self.below = bool(SMALL_PLACES.intersection(asked)) or any(n > 1 for n in levels)
        named = {region.code for region in regions}
        self.named = named if levels and levels == {1} else None
        # A country beside its regions: not worth a number.
        self.below |= len(levels) > 1

    def of(self, values: tuple[Any, ...]) -> tuple[int | None, str | None]:
        """The number of stations of a row with these values of the axes; if none, why."""
        row = dict(zip(self.question.axes, values, strict=False))
        slugs = [row["election"]] if "election" in row else list(self.elections)
        covered = [self.coverage[self.elections[slug].pk] for slug in slugs]
        if self.below or ("region" in row and self.question.level > 1):
            return None, "below"
        if "region" not in row:
            return self._whole(covered)
        code = row["region"]
        if code is None:
            return None, "no_region"
        if self.named is not None and code not in self.named:
            return None, "partly"
        return _added([one.by_region[code] for one in covered if code in one.by_region])

    def of_all(self) -> tuple[int | None, str | None]:
        """Behind the totals."""
        covered = [self.coverage[one.pk] for one in self.elections.values()]
        return (None, "below") if self.below else self._whole(covered)

    def _whole(self, covered: list[Coverage]) -> tuple[int | None, str | None]:
        if self.named is None:
            return _added([one.total for one in covered])
        return _added(
            [one.by_region[code] for one in covered for code in self.named & one.by_region.keys()]
        )

    def as_dict(self) -> dict[str, Any]:
        """For the answer's `meta`: the rule, and all numbers there are."""
        told: dict[str, Any] = {"fewest": FEWEST, "rounded_down_to": STEP}
        told["elections"] = {
            slug: {
                "total": self.coverage[one.pk].total,
                "regions": self.coverage[one.pk].by_region,
            }
            for slug, one in self.elections.items()
        }
        return told


def _added(numbers: list[int | None]) -> tuple[int | None, str | None]:
    known = [number for number in numbers if number is not None]
    if not known or len(known) < len(numbers):
        return None, "few"
    return sum(known), None


def told_rows(
    question: Question, figures: Figures, denominators: Denominators
) -> list[dict[str, Any]]:
    """The rows of an answer, flat, in order; the period has no name of an axis."""
    names = (*question.axes, *(["period"] if question.grain else []))
    return [
        dict(zip(names, values, strict=True)) | told(sums, *denominators.of(values))
        for values, sums in figures.in_order()
    ]


def told(sums: Sums, stations: int | None, note: str | None) -> dict[str, Any]:
    rate = round(100 * sums.incidents / stations, 2) if stations else None
    return sums.as_dict() | {
        "stations_observed": stations,
        "stations_note": note,
        "rate_per_100_stations": rate,
    }
