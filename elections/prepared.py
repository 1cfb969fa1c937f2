"""Statements that every report needs, their SQL made once: making it costs more than running it.

    BY_CODE = Prepared(lambda: Region.objects.filter(code=Given("code", CharField())))
    regions = BY_CODE(code="KZ-ALA")
    INSERT = PreparedInsert(Report)
    INSERT(report)

What is made belongs to the thread and its connection; values are read by the database driver
each time, as in any query. For the few doors where thousands knock; elsewhere it is only noise.
"""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, cached_property, lru_cache
from itertools import chain, count
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import AutoField, Expression, Field, Model, QuerySet

Statement = tuple[str, tuple[Any, ...]]
Row = TypeVar("Row")
Kind = TypeVar("Kind", bound=Model)


class Given(Expression):
    """In the place of a value that is given when the query is asked."""

    def __init__(self, name: str, kind: "Field[Any, Any]") -> None:
        super().__init__(output_field=kind)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)

    def value(self, given: dict[str, Any]) -> Any:
        return self.output_field.get_db_prep_value(given[self.name], connection, prepared=False)


class Prepared(Generic[Row]):
    """Asked with the values of its `Given`; a list each time."""

    def __init__(self, make: "Callable[[], QuerySet[Any, Row]]") -> None:
        self.make = make
        self.made = threading.local()

    def __call__(self, **given: Any) -> list[Row]:
        # Another connection in this thread: of another test, or of a test of two databases.
        if getattr(self.made, "connection", None) is not connection.settings_dict:
            self._make()
        self.made.given = given
        rows = self.made.rows
        return list(rows._iterable_class(rows))

    def _make(self) -> None:
        rows = self.make()
        compiler: Any = rows.query.get_compiler(connection=connection)
        sql, slots = compiler.as_sql()
        made = self.made

        def filled() -> tuple[str, tuple[Any, ...]]:
            given = made.given
            return sql, tuple(s.value(given) if isinstance(s, Given) else s for s in slots)

        # The compiler stays as it is after its work: it knows which column is which field.
        compiler.as_sql = filled
        converters = compiler.get_converters([column for column, *_rest in compiler.select])
        compiler.get_converters = lambda _columns: converters
        if connection.vendor == "postgresql":
            compiler.execute_sql = lambda *_args, **_kwargs: [_planned_once(*filled())]
        vars(rows.query)["get_compiler"] = lambda *_args, **_kwargs: compiler
        made.rows, made.connection = rows, connection.settings_dict


class PreparedRows:
    """Rows as the driver has them, for answers that only put them together.

        NEWEST = PreparedRows(lambda: rows.values_list("published_at", "document"))

    Django converts nothing: moments and ids come as the driver has them (see `as_moment`), texts
    of PostgreSQL as bytes (see `as_bytes`). Django's own reading of a hundred moments takes as
    long as the statement.
    """

    def __init__(self, make: "Callable[[], QuerySet[Any, Any]]") -> None:
        self.make = make
        self.made: dict[str, Statement] = {}

    def __call__(self, **given: Any) -> list[tuple[Any, ...]]:
        vendor = connection.vendor
        if vendor not in self.made:
            self.made[vendor] = self.make().query.get_compiler(connection=connection).as_sql()
        sql, slots = self.made[vendor]
        return _as_they_are(
            sql, tuple(s.value(given) if isinstance(s, Given) else s for s in slots)
        )


def as_moment(said: str | datetime) -> datetime:
    """What `PreparedRows` has in the place of a moment; SQLite's driver reads it already."""
    moment = said if isinstance(said, datetime) else datetime.fromisoformat(said)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _as_they_are(sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    django: Any = connections[DEFAULT_DB_ALIAS]
    django.ensure_connection()
    if django.vendor == "postgresql":
        return _planned_once(sql, values, plain=True)
    logged = django.queries_logged  # the log knows Django's placeholders only
    raw = None if logged else django.connection.cursor()
    with django.cursor() if raw is None else django._prepare_cursor(raw) as cursor:
        cursor.execute(sql if logged else _with_question_marks(sql), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


class PreparedInsert(Generic[Kind]):
    """One row, as `save(force_insert=True)` writes it: every field says itself how it is stored.

    Without signals, without defaults of the database, and a number that the database gives is
    not read back.
    """

    def __init__(self, model: type[Kind]) -> None:
        self.fields: list[Any] = [
            field
            for field in model._meta.concrete_fields
            if not isinstance(field, AutoField) and not field.generated
        ]
        self.table = model._meta.db_table

    @cached_property
    def sql(self) -> str:
        quoted = connection.ops.quote_name
        columns = ", ".join(quoted(field.column) for field in self.fields)
        slots = ", ".join(["%s"] * len(self.fields))
        into = f"{quoted(self.table)} ({columns})"
        return f"INSERT INTO {into} VALUES ({slots})"  # noqa: S608 - names of our own

    def __call__(self, row: Kind, *, first: "Statement | None" = None) -> None:
        """`first`: a statement to go before it; one journey to PostgreSQL."""
        _send([first, self.of(row)] if first else [self.of(row)])
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS

    def of(self, row: Kind) -> Statement:
        return self.sql, self.values(row)

    def values(self, row: Kind) -> tuple[Any, ...]:
        session = connections[DEFAULT_DB_ALIAS]  # looked up once, not by each of forty fields
        return tuple(
            field.get_db_prep_save(field.pre_save(row, True), session) for field in self.fields
        )


def _send(parts: list[Statement]) -> None:
    """All in their order; to PostgreSQL as one, all but the last before it."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            for sql, values in parts:
                cursor.execute(sql, values)
        return
    *before, (last, _values) = parts
    named = ", ".join(f"part_{number} AS ({sql})" for number, (sql, _given) in enumerate(before))
    given = tuple(chain.from_iterable(values for _sql, values in parts))
    _planned_once(f"WITH {named} {last}" if named else last, given)


def _planned_once(sql: str, values: tuple[Any, ...], *, plain: bool = False) -> list[Any]:
    """PostgreSQL keeps the plan, too: making it costs it more than these few rows."""
    import psycopg  # not installed where SQLite is all there is

    django: Any = connections[DEFAULT_DB_ALIAS]  # looked up once: it is another for each thread
    django.ensure_connection()
    session = django.connection
    session.prepare_threshold = session.prepare_threshold or 1
    raw: Any = psycopg.RawCursor(session)
    if plain:
        _take_plainly(raw)
    # In Django's wrapper: its errors, its log of queries.
    with django._prepare_cursor(raw) as cursor:
        cursor.execute(_numbered(sql), values)
        # Not `description`: it makes an object for each column.
        return list(cursor.fetchall()) if cursor.rownumber is not None else []


@lru_cache(maxsize=200)
def _numbered(sql: str) -> str:
    """With PostgreSQL's own placeholders, which the driver need not look for every time."""
    number = count(1)
    return re.sub("%[s%]", lambda found: "%" if found[0] == "%%" else f"${next(number)}", sql)


def _take_plainly(cursor: Any) -> None:
    for kind, loader in _plain_loaders():
        cursor.adapters.register_loader(kind, loader)


@cache
def _plain_loaders() -> tuple[tuple[str, Any], ...]:
    from psycopg.adapt import Loader
    from psycopg.types.string import TextLoader

    class AsBytes(Loader):
        def load(self, data: Any) -> bytes:
            return bytes(data)

    return ("timestamptz", TextLoader), ("uuid", TextLoader), ("text", AsBytes)


@lru_cache(maxsize=200)
def _with_question_marks(sql: str) -> str:
    return re.sub("%[s%]", lambda found: "%" if found[0] == "%%" else "?", sql)
