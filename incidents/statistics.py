"""How many published incidents, of what, where and when: from prepared counts where they say
enough, else by counting the rows of the same filter. Both give the same numbers.

An incident is counted once in each region it names and once in the totals.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from elections.models import Election, Region
from elections.querysets import THE_WORLD
from incidents import categories
from incidents.filters import CountedFilter, Parsed
from incidents.filters.reading import leaves
from incidents.models import PublicationRegion, Tally
from incidents.tallies import CUBOIDS, NUMBERS, items_of, key_of
from incidents.vocabulary import Phase, Verification

AXES = ("election", "region", "category", "group", "severity", "verification", "phase")
GRAINS = ("hour", "day", "week")
CLOCKS = ("occurred", "published")
MOST_ROWS = 50_000
# The filters that the dimensions of a tally can answer.
ALIGNED = frozenset(
    {"election", "region", "category", "severity", "severity_min", "verification", "phase"}
)
DIMENSION = {"region": "regions", "category": "categories", "group": "categories"} | {
    name: name for name in ("severity", "verification", "phase")
}
Cell = dict[str, Any]
Counts = tuple[Cell, tuple[int, ...]]


class TooManyRows(Exception):
    """The answer would be longer than anybody reads."""


@dataclass(frozen=True)
class Question:
    """`axes`: up to two of AXES. `level`: of the regions. `grain` "": no time."""

    axes: tuple[str, ...] = ()
    grain: str = ""
    clock: str = "occurred"
    level: int = 1

    @property
    def at(self) -> str:
        """The column of `Counted` that has its time. Weeks are made of days."""
        grain = "day" if self.grain == "week" else self.grain
        return f"{self.clock}_{grain}" if grain else ""

    @property
    def dimensions(self) -> list[str]:
        return list(dict.fromkeys(DIMENSION[axis] for axis in self.axes if axis in DIMENSION))


@dataclass
class Sums:
    """Null is not zero: a sum over no number at all is None."""

    incidents: int = 0
    persons_min: int = 0
    persons_max: int = 0
    with_min: int = 0
    with_max: int = 0
    unknown: int = 0

    def add(self, numbers: tuple[int, ...]) -> None:
        for name, number in zip(NUMBERS, numbers, strict=True):
            setattr(self, name, getattr(self, name) + number)

    def as_dict(self) -> dict[str, int | None]:
        return {
            "incidents": self.incidents,
            "persons_min_sum": self.persons_min if self.with_min else None,
            "persons_max_sum": self.persons_max if self.with_max else None,
            "n_unknown": self.unknown,
            "n_without_min": self.incidents - self.with_min,
            "n_without_max": self.incidents - self.with_max,
        }


@dataclass
class Figures:
    """`rows`: values of the axes and, with a grain, of the period; None is not known."""

    prepared: bool
    rows: dict[tuple[Any, ...], Sums] = field(default_factory=dict)
    totals: Sums = field(default_factory=Sums)

    @property
    def sums_exceed_total(self) -> bool:
        return sum(row.incidents for row in self.rows.values()) > self.totals.incidents

    def in_order(self) -> list[tuple[tuple[Any, ...], Sums]]:
        return sorted(self.rows.items(), key=lambda item: [_rank(value) for value in item[0]])


RANKS = {word: rank for words in (Verification, Phase) for rank, word in enumerate(words.values)}


def _rank(value: Any) -> tuple[bool, int, str]:
    if isinstance(value, int):
        return False, value, ""
    return value is None, RANKS.get(value, 0), value or ""


def figures(question: Question, filterset: CountedFilter, parsed: Parsed) -> Figures:
    """The answer to `question` about the rows of a filterset that was parsed without errors.

    Raises TooManyRows.
    """
    asked = {n: v for n, v in filterset.values.items() if v is not None}
    regions = filterset.regions if "region" in asked else []
    found = _prepared(question, asked, regions)
    if found is not None:
        answer = Figures(prepared=True)
        _take(answer, question, found)
        return answer
    answer = Figures(prepared=False)
    rows = parsed.queryset.order_by().filter(counted__isnull=False)
    if "region" in question.axes and question.level > 1:
        for _cell, numbers in _counting(rows, ["election_id"]):
            answer.totals.add(numbers)
        _take(answer, question, _by_level(rows, question), total=False)
    else:
        _take(answer, question, _counting(rows, _columns(question)))
    return answer


# --- From prepared counts ----------------------------------------------------------------------


def _prepared(
    question: Question, asked: dict[str, Any], regions: list[Region]
) -> Iterator[Counts] | None:
    """None when the tallies do not know enough."""
    below = "region" in question.axes and question.level != 1
    if below or not asked.keys() <= ALIGNED or any(level_of(region) != 1 for region in regions):
        return None
    filtered = {DIMENSION.get(name, "severity") for name in asked.keys() - {"election"}}
    needed = filtered | set(question.dimensions)
    chosen = next((c for c in CUBOIDS if c.at == question.at and needed <= {*c.dimensions}), None)
    if chosen is None:
        return None
    rows = Tally.objects.visible_to(THE_WORLD).filter(cuboid=chosen.name)
    rows = rows.filter(_among(asked, regions))
    columns = ["election_id", *question.dimensions, *(["at"] if question.at else [])]
    sums = rows.order_by().values_list(*columns).annotate(*[Sum(name) for name in NUMBERS])
    names = ["election_id", *question.dimensions, question.at]
    return _cells(sums, names[: len(columns)])


def _among(asked: dict[str, Any], regions: list[Region]) -> Q:
    """The filters of `PublicationFilter`, asked of the dimensions."""
    among = Q()
    if "election" in asked:
        among &= Q(election__slug__in=asked["election"])
    if "region" in asked:
        among &= _holding("regions", [region.pk for region in regions])
    if "category" in asked:
        among &= _holding("categories", leaves(asked["category"]))
    for name in ("severity", "verification", "phase"):
        if name in asked:
            among &= Q((f"{name}__in", asked[name]))
    if "severity_min" in asked:
        among &= Q(severity__gte=asked["severity_min"])
    return among


def _holding(dimension: str, items: Iterable[Any]) -> Q:
    holding = Q(pk__in=[])
    for item in items:
        holding |= Q((f"{dimension}__contains", key_of([item])))
    return holding


def level_of(region: Region) -> int:
    """By its path: "/KZ/KZ-ALA/" is 1."""
    return region.path.count("/") - 2


# --- By counting rows ---------------------------------------------------------------------------


def _columns(question: Question) -> list[str]:
    return ["election_id", *question.dimensions, *([question.at] if question.at else [])]


def _counting(rows: "QuerySet[Any, Any]", columns: list[str], *more: str) -> Iterator[Counts]:
    """`more`: columns beyond those of `Counted`; they count as the region."""
    unknown = Q(counted__persons_min=None, counted__persons_max=None)
    sums = rows.values_list(*(f"counted__{name}" for name in columns), *more).annotate(
        Count("pk"),
        Sum("counted__persons_min"),
        Sum("counted__persons_max"),
        Count("counted__persons_min"),
        Count("counted__persons_max"),
        number_unknown=Count("pk", filter=unknown),
    )
    return _cells(sums, [*columns, *("regions" for _name in more)])


def _cells(rows: Iterable[tuple[Any, ...]], names: list[str]) -> Iterator[Counts]:
    for row in rows:
        numbers = tuple(int(number or 0) for number in row[len(names) :])
        yield dict(zip(names, row, strict=False)), numbers


def _by_level(rows: "QuerySet[Any, Any]", question: Question) -> Iterator[Counts]:
    """By regions below the first level, and those that name none so deep."""
    columns = [name for name in _columns(question) if name != "regions"]
    at = rows.filter(region_rows__region__level=question.level)
    for cell, numbers in _counting(at, columns, "region_rows__region"):
        yield cell | {"regions": key_of([cell["regions"]])}, numbers
    named = PublicationRegion.objects.filter(
        publication=OuterRef("pk"), region__level=question.level
    )
    for cell, numbers in _counting(rows.exclude(Exists(named)), columns):
        yield cell | {"regions": ""}, numbers


# --- From cells to rows -------------------------------------------------------------------------


def _take(
    answer: Figures, question: Question, counts: Iterable[Counts], *, total: bool = True
) -> None:
    cells = list(counts)
    names = _Names(question, [cell for cell, _numbers in cells])
    for cell, numbers in cells:
        if total:
            answer.totals.add(numbers)
        values = [names.of(axis, cell) for axis in question.axes]
        if question.grain:
            values.append([_period(cell[question.at], question.grain)])
        for row in product(*values):
            answer.rows.setdefault(row, Sums()).add(numbers)
        if len(answer.rows) > MOST_ROWS:
            raise TooManyRows


class _Names:
    """What the values of the axes are called; two queries whatever the number of cells."""

    def __init__(self, question: Question, cells: Iterable[Cell]) -> None:
        self.regions: dict[str, str] = {}
        self.elections: dict[int, str] = {}
        if "region" in question.axes:
            ids = {item for cell in cells for item in items_of(cell["regions"])}
            known = Region.objects.visible_to(THE_WORLD).filter(pk__in=ids)
            self.regions = {str(pk): code for pk, code in known.values_list("pk", "code")}
        if "election" in question.axes:
            seen = Election.objects.visible_to(THE_WORLD)
            self.elections = dict(seen.values_list("pk", "slug"))

    def of(self, axis: str, cell: Cell) -> list[Any]:
        """Several for the regions of one incident; one and the same name is one."""
        if axis == "election":
            return [self.elections[cell["election_id"]]]
        if axis == "region":
            codes = {self.regions[item] for item in items_of(cell["regions"])}
            return sorted(codes) or [None]
        if axis in ("category", "group"):
            code = items_of(cell["categories"])[0]
            return [code if axis == "category" else categories.CATEGORIES[code].group]
        return [cell[axis] or None]


def _period(at: str, grain: str) -> str | None:
    if not at or grain != "week":
        return at or None
    day = date.fromisoformat(at)
    return (day - timedelta(days=day.weekday())).isoformat()
