from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("elections", "0002_say_relations_in_words"),
        ("incidents", "0005_arrivals_unread"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                fields=["election", "verification", "-changed_at"], name="incident_verification"
            ),
        ),
    ]
