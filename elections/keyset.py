"""Walking a long list page by page, so that each row comes once while others arrive.

A page is found by the sort key of the row before it, never by counting rows. The cursor carries
that key and a seal over it and over what it was given for: another list, other filters or a
changed character make it invalid.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

R = TypeVar("R")
FORWARD, BACKWARD = "f", "b"


class BadCursor(ValueError):
    """The cursor was not given out for this list with these filters."""


@dataclass(frozen=True)
class Key:
    """One field of the order. The last key of an order is unique and not null. Nulls come last."""

    field: str
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True)
class Page(Generic[R]):
    rows: list[R]
    next: str | None
    previous: str | None


def order(rows: QuerySet[Any, Any], keys: Sequence[Key], *, back: bool = False) -> Any:
    expressions = []
    for key in keys:
        down = key.descending != back
        nulls = {("nulls_first" if back else "nulls_last"): True} if key.nullable else {}
        expressions.append(F(key.field).desc(**nulls) if down else F(key.field).asc(**nulls))
    return rows.order_by(*expressions)


def _beyond(key: Key, value: Any, *, back: bool) -> Q | None:
    """Rows whose key alone puts them after `value`; None when there can be none."""
    if value is None:
        return Q(**{f"{key.field}__isnull": False}) if back else None
    down = key.descending != back
    beyond = Q(**{f"{key.field}__{'lt' if down else 'gt'}": value})
    if key.nullable and not back:
        beyond |= Q(**{f"{key.field}__isnull": True})
    return beyond


def _same(key: Key, value: Any) -> Q:
    return Q(**{f"{key.field}__isnull": True}) if value is None else Q(**{key.field: value})


def after(keys: Sequence[Key], values: Sequence[Any], *, back: bool) -> Q:
    """Rows behind the one with these values, in the order of the list or, with `back`, before."""
    condition = Q(pk__in=[])
    same = Q()
    for key, value in zip(keys, values, strict=True):
        beyond = _beyond(key, value, back=back)
        if beyond is not None:
            condition |= same & beyond
        same &= _same(key, value)
    first, value = keys[0], values[0]
    if value is not None and not first.nullable:
        # Says nothing new, but lets the database start in the middle of the index.
        down = first.descending != back
        condition &= Q(**{f"{first.field}__{'lte' if down else 'gte'}": value})
    return condition


def _seal(payload: str, binding: str) -> str:
    return salted_hmac("elections.keyset", f"{binding}\n{payload}").hexdigest()[:24]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def encode(direction: str, row: Any, keys: Sequence[Key], binding: str) -> str:
    """The cursor at `row`, an object or a dict."""

    def value(field: str) -> Any:
        return row[field] if isinstance(row, dict) else getattr(row, field)

    payload = json.dumps([direction, *(_text(value(key.field)) for key in keys)])
    sealed = f"{_seal(payload, binding)}{payload}"
    return base64.urlsafe_b64encode(sealed.encode()).decode().rstrip("=")


def decode(
    cursor: str, keys: Sequence[Key], binding: str, model: type[Model]
) -> tuple[bool, list[Any]]:
    """Backward?, and the values of the keys. Raises BadCursor."""
    try:
        sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        seal, payload = sealed[:24], sealed[24:]
        if not constant_time_compare(seal, _seal(payload, binding)):
            raise BadCursor
        direction, *texts = json.loads(payload)
        fields = [model._meta.get_field(key.field) for key in keys]
        values = [
            None if text is None else field.to_python(text)  # type: ignore[union-attr]
            for field, text in zip(fields, texts, strict=True)
        ]
    except (binascii.Error, ValueError, ValidationError, FieldDoesNotExist) as error:
        raise BadCursor from error
    return direction == BACKWARD, values


def _merged(
    rows: QuerySet[Any, R],
    keys: Sequence[Key],
    apart: Sequence[Q],
    limit: int,
    *,
    back: bool,
    whole: Callable[[list[Any]], QuerySet[Any, R]] | None,
) -> list[R]:
    """The first rows of all conditions together: their keys first, then those rows whole."""
    fields = [key.field for key in keys]
    heads: list[tuple[Any, ...]] = []
    for condition in apart:
        narrow = order(rows.filter(condition), keys, back=back).values_list(*fields)
        heads += list(narrow[:limit])
    # From the last key to the first: sorting is stable.
    for place, key in reversed(list(enumerate(keys))):
        heads.sort(key=itemgetter(place), reverse=key.descending != back)
    pks = [head[-1] for head in heads[:limit]]
    these = whole(pks) if whole else rows.filter(pk__in=pks)
    found: dict[Any, R] = {row.pk: row for row in these.order_by()}  # type: ignore[attr-defined]
    return [found[pk] for pk in pks if pk in found]


def walk(
    rows: QuerySet[Any, R],
    *,
    keys: Sequence[Key],
    limit: int,
    cursor: str | None,
    binding: str,
    apart: Sequence[Q] = (),
    whole: Callable[[list[Any]], QuerySet[Any, R]] | None = None,
) -> Page[R]:
    """One page. `binding` names the list, its filters and its order. Raises BadCursor.

    `apart`: conditions of which each row meets exactly one, when each alone follows an index that
    all together cannot follow. `whole`: the rows of these keys, if not `rows` filtered by them.
    """
    back = False
    if cursor is not None:
        back, values = decode(cursor, keys, binding, rows.model)
        rows = rows.filter(after(keys, values, back=back))
    found: list[R] = (
        _merged(rows, keys, apart, limit + 1, back=back, whole=whole)
        if apart
        else list(order(rows, keys, back=back)[: limit + 1])
    )
    more = len(found) > limit
    found = found[:limit]
    if back:
        found.reverse()
    following = found and (more or back)
    preceding = found and (more if back else cursor is not None)
    return Page(
        found,
        encode(FORWARD, found[-1], keys, binding) if following else None,
        encode(BACKWARD, found[0], keys, binding) if preceding else None,
    )
