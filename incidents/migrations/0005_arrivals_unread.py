from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("elections", "0002_say_relations_in_words"),
        ("incidents", "0004_operations_room"),
        ("observers", "0002_admins_need_no_election"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="rawreport",
            index=models.Index(fields=["outcome", "election"], name="raw_report_unread"),
        ),
    ]
