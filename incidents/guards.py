"""Database triggers that keep history append-only and reports as they were sent.

They hold against the ORM, the admin and a person with a database shell alike: update, delete and
(with recursive_triggers on SQLite) replace are refused on both databases.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

# table -> columns that may change after the insert
GUARDED: dict[str, tuple[str, ...]] = {
    "incidents_event": (),
    "incidents_change": (),
    "incidents_rawreport": ("outcome", "problems", "election_id", "sealed"),
    "incidents_report": ("state", "state_reason", "seen_at", "due_at"),
    "incidents_note": ("struck_at", "struck_by_id", "struck_reason"),
    "incidents_answer": ("seen_at",),
    "observers_partneraccess": (),
}


def _columns(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [c.name for c in connection.introspection.get_table_description(cursor, table)]


def _sqlite(table: str, frozen: list[str]) -> list[str]:
    columns = ", ".join(f'"{name}"' for name in frozen)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return [
        f'CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON "{table}" {refuse}',
        f'CREATE TRIGGER {table}_no_delete BEFORE DELETE ON "{table}" {refuse}',
    ]


def _postgresql(table: str, frozen: list[str]) -> list[str]:
    columns = ", ".join(f'"{name}"' for name in frozen)
    call = "EXECUTE FUNCTION dauys_append_only()"
    return [
        f'CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON "{table}" '
        f"FOR EACH ROW {call}",
        f'CREATE TRIGGER {table}_no_delete BEFORE DELETE ON "{table}" FOR EACH ROW {call}',
        f'CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}" '
        f"FOR EACH STATEMENT {call}",
    ]


FUNCTION = """
CREATE OR REPLACE FUNCTION dauys_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Idempotent. A table of a later migration is guarded by that migration."""
    remove(connection)
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(FUNCTION)
        for table, free in GUARDED.items():
            if table not in there:
                continue
            frozen = [name for name in _columns(connection, table) if name not in free]
            make = _postgresql if connection.vendor == "postgresql" else _sqlite
            for statement in make(table, frozen):
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in set(GUARDED) & there:
            on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
            for name in ("no_update", "no_delete", "no_truncate"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}")
