"""The table in which the limits on reading count (elections/limits.py); it has no model."""

from typing import Any

from django.db import migrations

COLUMNS = "client varchar(64) NOT NULL PRIMARY KEY, full_at double precision NOT NULL"


def create(apps: Any, schema_editor: Any) -> None:
    # What is counted here is worth nothing after a crash: PostgreSQL need not write it twice.
    kind = "UNLOGGED TABLE" if schema_editor.connection.vendor == "postgresql" else "TABLE"
    schema_editor.execute(f"CREATE {kind} dauys_limit ({COLUMNS})")


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DROP TABLE IF EXISTS dauys_limit")


class Migration(migrations.Migration):
    dependencies = [("elections", "0002_say_relations_in_words")]

    operations = [migrations.RunPython(create, drop)]
