"""A page of published incidents as a walk along one index (docs/decisions/0016).

What is asked most has an index that begins with it, goes on in the order of the list and ends with
what else is asked, so that a page costs as much as its rows, however many there are. Each shape of
question is made into SQL once, from `visible_to` as everywhere. What has no index of its own
(words, places, times of the event) is answered by the query set of the filters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import (
    BigAutoField,
    BinaryField,
    CharField,
    DateTimeField,
    Field,
    Q,
    QuerySet,
    SmallIntegerField,
    UUIDField,
)
from django.db.models.functions import Cast, StrIndex
from django.db.models.lookups import GreaterThan

from elections.keyset import BACKWARD, FORWARD, BadCursor, Key, Page, after, decode, encode, order
from elections.prepared import Given, PreparedRows, as_bytes, as_moment
from elections.querysets import THE_WORLD
from incidents.models import Publication, PublicationCategory, PublicationRegion

Rows = QuerySet[Any, Any]
Values = tuple[Any, ...]
KINDS: dict[str, "Callable[[], Field[Any, Any]]"] = {
    "region": BigAutoField,
    "category": lambda: CharField(max_length=8),
    "election": BigAutoField,
    "severity": SmallIntegerField,
    "verification": lambda: CharField(max_length=16),
}
# What a list may be found by, the narrowest first; columns of the publication itself come last.
LEADS = ("region", "category", "election", "severity", "verification")
# The shapes a process keeps: more than people ask, fewer than a fuzzer.
SHAPES = 300


@dataclass(frozen=True)
class Question:
    """`chosen`: name of LEADS -> the values of which one must hold."""

    chosen: dict[str, Values]
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Shape:
    """A question without its values."""

    lead: str
    counts: tuple[tuple[str, int], ...]  # of each other thing asked, how many values
    since: bool
    until: bool
    within: bool  # after a row, of a cursor
    descending: bool  # in the order of the list
    back: bool
    limit: int


@dataclass(frozen=True)
class Walk:
    """What a page is made of: rows of (published_at, id, document as bytes), in order."""

    question: Question
    keys: Sequence[Key]

    def page(self, *, limit: int, cursor: str | None, binding: str) -> Page[bytes]:
        """As `keyset.walk`. Raises BadCursor."""
        back, place = False, None
        if cursor is not None:
            back, place = decode(cursor, self.keys, binding, Publication)
            if None in place:
                raise BadCursor
        found = self._rows(limit + 1, back=back, place=place)
        more = len(found) > limit
        found = found[:limit]
        if back:
            found.reverse()
        following = found and (more or back)
        preceding = found and (more if back else cursor is not None)
        return Page(
            [as_bytes(row[2]) for row in found],
            encode(FORWARD, _place(found[-1]), self.keys, binding) if following else None,
            encode(BACKWARD, _place(found[0]), self.keys, binding) if preceding else None,
        )

    def _rows(self, limit: int, *, back: bool, place: Sequence[Any] | None) -> list[Values]:
        question = self.question
        descending = self.keys[0].descending != back
        lead = _lead(question.chosen)
        # A cursor says more than the bound on its side, and one bound says where to begin.
        since = None if place and not descending else question.since
        until = None if place and descending else question.until
        others = {name: values for name, values in question.chosen.items() if name != lead}
        shape = Shape(
            lead=lead,
            counts=tuple((name, len(others[name])) for name in LEADS if name in others),
            since=since is not None,
            until=until is not None,
            within=place is not None,
            descending=self.keys[0].descending,
            back=back,
            limit=limit,
        )
        given: dict[str, Any] = {"since": since, "until": until}
        given |= {f"{n}{i}": v for n, values in others.items() for i, v in enumerate(values)}
        if lead == "region" and "category" in others:
            codes = enumerate(others["category"])
            given |= {f"barred_category{i}": f"|{code}|" for i, code in codes}
        if place:
            given |= {"moment": place[0], "id": place[1]}
        leading = question.chosen.get(lead, (None,))
        if len(leading) == 1:
            return _whole(shape)(lead=leading[0], **given)
        return _merged(shape, leading, given, descending=descending)


def _lead(chosen: dict[str, Values]) -> str:
    """What the index begins with: one value rather than several, then the order of LEADS."""
    if not chosen:
        return ""
    for name in ("region", "category"):
        if name in chosen:
            return name
    return min(chosen, key=lambda name: (len(chosen[name]) > 1, LEADS.index(name)))


def _place(row: Values) -> dict[str, Any]:
    return {"published_at": as_moment(row[0]), "id": UUID(row[1])}


def _merged(
    shape: Shape, leading: Values, given: dict[str, Any], *, descending: bool
) -> list[Values]:
    """One walk for each value that may lead; a row found by two of them comes once."""
    heads = {head for value in leading for head in _heads(shape)(lead=value, **given)}
    # The texts of moments and ids sort as they do: a fraction of a second makes a text longer.
    first = sorted(heads, reverse=descending)[: shape.limit]
    if not first:
        return []
    ids = [UUID(head[1]) for head in first]
    ids += ids[-1:] * (shape.limit - len(ids))
    found = _documents(shape.limit)(**{f"id{i}": pk for i, pk in enumerate(ids)})
    by_id = {row[1]: row for row in found}
    return [by_id[head[1]] for head in first if head[1] in by_id]


# --- Shapes, made into statements once --------------------------------------------------------


@lru_cache(maxsize=SHAPES)
def _whole(shape: Shape) -> PreparedRows:
    return PreparedRows(lambda: _documents_of(shape))


@lru_cache(maxsize=SHAPES)
def _heads(shape: Shape) -> PreparedRows:
    def rows() -> Any:
        narrowed, keys = _narrowed(shape)
        ordered: Rows = order(narrowed, keys, back=shape.back).values_list(*_fields(keys))
        return ordered[: shape.limit]

    return PreparedRows(rows)


@lru_cache(maxsize=20)
def _documents(count: int) -> PreparedRows:
    ids = [Given(f"id{i}", UUIDField()) for i in range(count)]
    return PreparedRows(lambda: _read(_published().filter(pk__in=ids).order_by()))


def _published() -> Rows:
    return Publication.objects.visible_to(THE_WORLD)


def _documents_of(shape: Shape) -> Rows:
    narrowed, keys = _narrowed(shape)
    in_order = order(narrowed, keys, back=shape.back)[: shape.limit]
    if narrowed.model is Publication and not shape.counts:
        return _read(in_order)
    # First the ids, from the index alone; then the documents of those on the page.
    rows = _published().filter(pk__in=in_order.values(keys[-1].field))
    return _read(order(rows, _keys(shape, "id"), back=shape.back))


def _read(rows: Rows) -> Rows:
    document: Any = "document"
    if connection.vendor == "sqlite":
        document = Cast("document", BinaryField())  # its bytes, which are UTF-8
    return rows.values_list("published_at", "id", document)


def _keys(shape: Shape, last: str) -> tuple[Key, ...]:
    return Key("published_at", shape.descending), Key(last, shape.descending)


def _fields(keys: Sequence[Key]) -> list[str]:
    return [key.field for key in keys]


def _narrowed(shape: Shape) -> tuple[Rows, tuple[Key, ...]]:
    rows: Rows
    if shape.lead == "region":
        rows, keys = PublicationRegion.objects.visible_to(THE_WORLD), _keys(shape, "publication")
    elif shape.lead == "category":
        rows, keys = PublicationCategory.objects.visible_to(THE_WORLD), _keys(shape, "publication")
        rows = rows.filter(code=_given("category", "lead"))
    else:
        rows, keys = _published(), _keys(shape, "id")
    if shape.lead and shape.lead != "category":
        rows = rows.filter(**{shape.lead: _given(shape.lead, "lead")})
    for name, count in shape.counts:
        values = [_given(name, f"{name}{i}") for i in range(count)]
        condition = _in_categories(values) if name == "category" else _one_of(name, values)
        rows = rows.filter(condition)
    if shape.since:
        rows = rows.filter(published_at__gte=Given("since", DateTimeField()))
    if shape.until:
        rows = rows.filter(published_at__lte=Given("until", DateTimeField()))
    if shape.within:
        place = Given("moment", DateTimeField()), Given("id", UUIDField())
        rows = rows.filter(after(keys, place, back=shape.back))
    return rows, keys


def _given(name: str, called: str) -> Given:
    return Given(called, KINDS[name]())


def _one_of(name: str, values: list[Given]) -> Q:
    """Not "in": of related rows it wants to know the values."""
    condition = Q()
    for value in values:
        condition |= Q(**{name: value})
    return condition


def _in_categories(codes: list[Given]) -> Q:
    """Of a region's rows: by the first category, and the secondary ones where there are some."""
    among = Q()
    for code in codes:
        barred = Given(f"barred_{code.name}", CharField())
        among |= Q(GreaterThan(StrIndex("also", barred), 0))
    return _one_of("category", codes) | (Q(also__gt="") & among)
