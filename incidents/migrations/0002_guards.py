from django.db import migrations

from incidents import guards


def install(apps, schema_editor):
    guards.install(schema_editor.connection)


def remove(apps, schema_editor):
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """Triggers that keep history append-only.

    On SQLite a later migration that remakes one of these tables drops them with it: end such a
    migration with `guards.install` again. A contract test looks whether they are there.
    """

    dependencies = [("incidents", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
