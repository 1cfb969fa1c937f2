"""Queries that every report asks, their SQL made once: making it costs more than running it.

    BY_CODE = Prepared(lambda: Region.objects.filter(code=Given("code", CharField())))
    regions = BY_CODE(code="KZ-ALA")

What is made belongs to the thread and its connection; values are read by the database driver
each time, as in any query. For the few doors where thousands knock; elsewhere it is only noise.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Expression, Field, QuerySet

Row = TypeVar("Row")


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
        vars(rows.query)["get_compiler"] = lambda *_args, **_kwargs: compiler
        made.rows, made.connection = rows, connection.settings_dict
