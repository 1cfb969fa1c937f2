"""The public feed: what a copy of the published incidents must do to stay equal.

Numbers are given as the last statement of the publishing transaction, so they become visible in
order. A publication appears once, with its newest state: what lies between helps nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BigAutoField, BinaryField, PositiveBigIntegerField, Q
from django.db.models.functions import Cast

from elections.prepared import Given, PreparedRows, as_bytes
from elections.querysets import THE_WORLD
from incidents import history
from incidents.models import Change, Publication


@dataclass(frozen=True)
class Batch:
    """`lines` are JSON texts. Ask next with `next_since`; at once if `has_more`."""

    lines: list[bytes]
    next_since: int
    has_more: bool
    data_version: int


def _changes() -> Any:
    return Change.objects.visible_to(THE_WORLD, withdrawn=True)


NEWEST_OF = PreparedRows(
    lambda: (
        _changes()
        .filter(election=Given("election", BigAutoField()))
        .order_by("-seq")
        .values_list("seq")[:1]
    )
)


def data_version(elections: "Iterable[int] | None" = None) -> int:
    """Number of the newest public change, of all or of some elections. 0: there is none."""
    if elections is None:
        return history.newest_change()
    return max((seq for pk in elections for (seq,) in NEWEST_OF(election=pk)), default=0)


def since(seq: int, *, limit: int, elections: "Iterable[int] | None" = None) -> Batch:
    """Changes after number `seq`, in order.

    The newest number is read first and nothing beyond it is answered: a change that becomes
    visible between the two statements is left for the next call instead of being skipped.
    """
    newest = data_version()
    if seq >= newest:
        return Batch([], newest, has_more=False, data_version=newest)
    chosen = list(elections) if elections is not None else []
    if elections is not None and not chosen:
        return Batch([], newest, has_more=False, data_version=newest)
    given = {f"election{i}": pk for i, pk in enumerate(chosen)}
    found = _reading(limit + 1, len(chosen))(seq=seq, newest=newest, **given)
    has_more = len(found) > limit
    found = found[:limit]
    return Batch(
        lines=[_line(*row) for row in found],
        next_since=found[-1][0] if has_more else newest,
        has_more=has_more,
        data_version=newest,
    )


@lru_cache(maxsize=50)
def _reading(limit: int, elections: int) -> PreparedRows:
    def rows() -> Any:
        # First the numbers, from an index and in order; PostgreSQL would take "its newest change"
        # for rare and sort all that is left of the feed.
        newest = Publication.objects.visible_to(THE_WORLD, withdrawn=True)
        if elections:
            # Not "in": of related rows it wants to know the values.
            chosen = Q()
            for place in range(elections):
                chosen |= Q(election=Given(f"election{place}", BigAutoField()))
            newest = newest.filter(chosen)
        number = PositiveBigIntegerField()
        newest = newest.filter(
            last_seq__gt=Given("seq", number), last_seq__lte=Given("newest", number)
        )
        numbers = newest.order_by("last_seq").values("last_seq")[:limit]
        changes = _changes().latest_states().filter(seq__in=numbers)
        document: Any = "publication__document"
        if connection.vendor == "sqlite":
            document = Cast(document, BinaryField())  # its bytes, which are UTF-8
        columns = ("seq", "op", "publication", "publication__ref", "at", "reason")
        into = "publication__merged_into_ref"
        return changes.order_by("seq").values_list(*columns, into, document)

    return PreparedRows(rows)


def _line(
    seq: int, op: str, id_: str, ref: str, moment: Any, reason: str, into: str, document: bytes
) -> bytes:
    """Put together by hand: a thousand of them are one answer."""
    at = str(moment)  # in UTC, as it is stored
    pk = id_ if len(id_) == 36 else str(UUID(id_))
    text = (
        f'{{"seq":{seq},"op":"{op}","id":"{pk}","ref":{quoted(ref)},'
        f'"at":"{at[:10]}T{at[11:19]}+00:00",'
        f'"reason":{quoted(reason) if reason else "null"},'
        f'"merged_into":{quoted(into) if into else "null"}'
    ).encode()
    if op == Change.Op.RETRACT:
        return text + b"}"
    return b'%b,"incident":%b}' % (text, as_bytes(document))
