"""Statements that every report needs, their SQL made once: making it costs more than running it.

    BY_CODE = Prepared(lambda: Region.objects.filter(code=Given("code", CharField())))
    regions = BY_CODE(code="KZ-ALA")
    INSERT = PreparedInsert(Report)
    INSERT(report)

What is made belongs to the thread and its connection; values are read by the database driver
each time, as in any query. For the few doors where thousands knock; elsewhere it is only noise.
"""

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import AutoField, Expression, Field, Model, QuerySet

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

    def __call__(self, row: Kind, *, update: str = "", given: tuple[Any, ...] = ()) -> None:
        """`update`: a statement to go with it, of values `given`; one journey to PostgreSQL."""
        values = self.values(row)
        if connection.vendor == "postgresql":
            first = f"WITH updated AS ({update}) " if update else ""
            _planned_once(first + self.sql, given + values)
        else:
            with connection.cursor() as cursor:
                if update:
                    cursor.execute(update, given)
                cursor.execute(self.sql, values)
        row._state.adding, row._state.db = False, connection.alias

    def values(self, row: Kind) -> tuple[Any, ...]:
        session = connections[DEFAULT_DB_ALIAS]  # looked up once, not by each of forty fields
        return tuple(
            field.get_db_prep_save(field.pre_save(row, True), session) for field in self.fields
        )


def _planned_once(sql: str, values: tuple[Any, ...]) -> list[Any]:
    """PostgreSQL keeps the plan, too: making it costs it more than these few rows."""
    import psycopg  # not installed where SQLite is all there is

    connection.ensure_connection()
    session: Any = connection.connection
    session.prepare_threshold = session.prepare_threshold or 1
    # In Django's wrapper: its errors, its log of queries.
    with connection._prepare_cursor(psycopg.Cursor(session)) as cursor:  # type: ignore[attr-defined]
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if cursor.description else []
