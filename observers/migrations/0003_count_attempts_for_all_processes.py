"""The table of the cache (settings.CACHES), in which the limits on sign-in count."""

from typing import Any

from django.core.management import call_command
from django.db import migrations

TABLE = "dauys_cache"


def create(apps: Any, schema_editor: Any) -> None:
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(f"DROP TABLE IF EXISTS {schema_editor.quote_name(TABLE)}")


class Migration(migrations.Migration):
    dependencies = [("observers", "0002_admins_need_no_election")]

    operations = [migrations.RunPython(create, drop)]
