from typing import Any

from django.core.management.base import BaseCommand

from incidents import intake, publishing


class Command(BaseCommand):
    help = (
        "Publish what was approved under an embargo that has ended; file what had arrived when "
        "a server died. Run it every minute."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"published: {publishing.publish_due()}")
        self.stdout.write(f"filed: {intake.take_up_arrived()}")
