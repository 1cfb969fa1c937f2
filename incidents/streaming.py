"""Stored text out of the database as it is asked for: one column of many rows, in order.

Nothing is parsed and nothing is kept: the memory does not grow with the list. The statement is
the one the ORM compiles from the caller's own rows, so it carries whatever they may read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, transaction
from django.db.models import QuerySet

Rows = QuerySet[Any, Any]
BLOCK = 64 * 1024  # bytes
AT_ONCE = 100  # rows, on SQLite
# COPY's binary form: before the first row, before each row (one field and its length), after all.
COPY_HEAD = 19
FIELD_HEAD = 6
COPY_END = b"\xff\xff"
# So many rows are not sorted first: the reader would wait, and the disk would hold them twice.
MOST_SORTED = 5000


def blocks(rows: Rows, column: str) -> Iterator[list[bytes]]:
    """This column of all rows, some rows at a time. Close it: it holds the database's attention.

    PostgreSQL: COPY inside a transaction, which closing it ends. SQLite: one open statement and
    no transaction of ours, which would keep every writer out. Either sees one moment.
    """
    connection = connections[rows.db]
    try:
        sql, params = rows.values_list(column).query.sql_with_params()
    except EmptyResultSet:
        return iter(())
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        return _copied(connection, rows.db, sql, params)
    return _fetched(connection, sql, params)


def _fetched(connection: Any, sql: str, params: Any) -> Iterator[list[bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while found := cursor.fetchmany(AT_ONCE):
            yield [text.encode("utf-8", "replace") for (text,) in found]


def _copied(connection: Any, using: str, sql: str, params: Any) -> Iterator[list[bytes]]:
    with transaction.atomic(using=using), connection.connection.cursor() as cursor:
        _sort_little(cursor, sql, params)
        with cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT binary)", params) as copy:
            block, size, head = [], 0, COPY_HEAD
            for piece in copy:  # to its end, also after the last row: else it is not over
                row = bytes(piece)[head:]
                head = 0
                if row != COPY_END:
                    block.append(row[FIELD_HEAD:])
                    size += len(row)
                    if size >= BLOCK:
                        yield block
                        block, size = [], 0
            if block:
                yield block


def _sort_little(cursor: Any, sql: str, params: Any) -> None:
    """Follow an index rather than sort many wide rows, until the end of the transaction."""
    cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
    plan = cursor.fetchone()[0][0]["Plan"]
    if plan["Plan Rows"] > MOST_SORTED and "Sort" in _nodes(plan):
        cursor.execute("SET LOCAL enable_sort = off")


def _nodes(plan: dict[str, Any]) -> set[str]:
    found = {plan["Node Type"]}
    for inner in plan.get("Plans", ()):
        found |= _nodes(inner)
    return found


@contextmanager
def one_moment(using: str = "default") -> Iterator[None]:
    """Whatever is read inside belongs to one state of the database; nothing may be written.

    Inside a transaction, it is that of the transaction.
    """
    connection = connections[using]
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(using=using):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Not atomic(): its transactions are IMMEDIATE and keep every writer out.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
