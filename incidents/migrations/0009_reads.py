"""A page of published incidents is a walk along one index (docs/decisions/0016)."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from incidents import guards

WALKED = ("publicationregion", "publicationcategory")
SEVERITY = [(1, "Irregular"), (2, "Serious"), (3, "Grave"), (4, "Critical")]
VERIFICATION = [
    ("reported", "Reported"),
    ("corroborated", "Corroborated"),
    ("verified", "Verified"),
    ("disputed", "Disputed"),
    ("refuted", "Refuted"),
]


def election_field(**more):
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="elections.election",
        **more,
    )


def walked_fields(**more):
    return {
        "election": election_field(**more),
        "published_at": models.DateTimeField(**more),
        "severity": models.PositiveSmallIntegerField(choices=SEVERITY, **more),
        "verification": models.CharField(choices=VERIFICATION, max_length=16, **more),
    }


def unguard(apps, schema_editor):
    """SQLite makes the table of changes anew, without its triggers."""
    guards.remove(schema_editor.connection)


def guard(apps, schema_editor):
    guards.install(schema_editor.connection)


def fill(apps, schema_editor):
    publications = apps.get_model("incidents", "Publication").objects.order_by()
    its = publications.filter(pk=OuterRef("publication"))
    columns = ("election", "published_at", "severity", "verification")
    walked = {name: Subquery(its.values(name)[:1]) for name in columns}
    regions = apps.get_model("incidents", "PublicationRegion").objects
    categories = apps.get_model("incidents", "PublicationCategory").objects
    regions.update(**walked, category=Subquery(its.values("category")[:1]))
    categories.update(**walked)
    others = {}
    for publication, code in (
        categories.filter(primary=False).order_by("pk").values_list("publication", "code")
    ):
        others.setdefault(publication, []).append(code)
    for publication, codes in others.items():
        regions.filter(publication=publication).update(also=f"|{'|'.join(codes)}|")
    apps.get_model("incidents", "Change").objects.update(
        election=Subquery(its.values("election")[:1])
    )
    if schema_editor.connection.vendor == "postgresql":
        # It alters no table of which a foreign key is still to be checked.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


def keep_documents_in_line(apps, schema_editor):
    """PostgreSQL would compress rows above 2 kB and put them apart, and undo it for every reader."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE incidents_publication SET (toast_tuple_target = 8160)")


def put_documents_apart(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE incidents_publication RESET (toast_tuple_target)")


def nothing(apps, schema_editor):
    """The columns go, and what was filled into them."""


def with_every_column(operation, **more):
    return [
        operation(model_name=model, name=name, field=field)
        for model in WALKED
        for name, field in walked_fields(**more).items()
    ]


def walk(model, name, *fields, live=False):
    condition = {"condition": models.Q(("live", True))} if live else {}
    return migrations.AddIndex(
        model_name=model, index=models.Index(fields=list(fields), name=name, **condition)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("elections", "0002_say_relations_in_words"),
        ("incidents", "0008_field"),
    ]

    operations = [
        migrations.RunPython(unguard, guard),
        *with_every_column(migrations.AddField, null=True),
        migrations.AddField(
            "publicationregion", "category", models.CharField(default="", max_length=8)
        ),
        migrations.AddField(
            "publicationregion", "also", models.CharField(blank=True, default="", max_length=500)
        ),
        migrations.AddField("change", "election", election_field(null=True)),
        migrations.RunPython(fill, nothing),
        *with_every_column(migrations.AlterField),
        migrations.AlterField("publicationregion", "category", models.CharField(max_length=8)),
        migrations.AlterField(
            "publicationregion", "also", models.CharField(blank=True, max_length=500)
        ),
        migrations.AlterField("change", "election", election_field()),
        # The constraint of (publication, region) finds them by publication.
        migrations.AlterField(
            "publicationregion",
            "publication",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="region_rows",
                to="incidents.publication",
            ),
        ),
        migrations.AlterField(
            "publicationregion",
            "region",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="elections.region",
            ),
        ),
        migrations.AlterField(
            "publicationcategory",
            "publication",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="category_rows",
                to="incidents.publication",
            ),
        ),
        migrations.AlterField("publicationcategory", "code", models.CharField(max_length=8)),
        migrations.RemoveIndex("publication", "publication_newest"),
        migrations.RemoveIndex("publication", "publication_election"),
        walk(
            "publication",
            "publication_newest",
            "-published_at",
            "-id",
            "election",
            "severity",
            "verification",
            live=True,
        ),
        walk(
            "publication",
            "publication_election",
            "election",
            "-published_at",
            "-id",
            "severity",
            "verification",
            live=True,
        ),
        walk(
            "publication",
            "publication_verification",
            "verification",
            "-published_at",
            "-id",
            "election",
            "severity",
            live=True,
        ),
        walk(
            "publication",
            "publication_severity",
            "severity",
            "-published_at",
            "-id",
            "election",
            "verification",
            live=True,
        ),
        walk(
            "publicationregion",
            "publication_region_walk",
            "region",
            "-published_at",
            "-publication",
            "election",
            "severity",
            "verification",
            "category",
            "also",
        ),
        walk(
            "publicationcategory",
            "publication_category_walk",
            "code",
            "-published_at",
            "-publication",
            "election",
            "severity",
            "verification",
        ),
        walk("change", "change_of_election", "election", "-seq"),
        walk("publication", "publication_feed", "election", "last_seq"),
        migrations.RunPython(keep_documents_in_line, put_documents_apart),
        migrations.RunPython(guard, unguard),
    ]
