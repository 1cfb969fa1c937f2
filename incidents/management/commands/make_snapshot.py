from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents import snapshots
from incidents.errors import Refused


class Command(BaseCommand):
    help = (
        "Freeze everything that is published now into an archive that never changes, and name "
        "it. If nothing changed since the newest one, that is named."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = snapshots.make()
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(
            f"{made.name}: data version {made.data_version}, {made.rows} incidents, "
            f"{made.size} bytes, SHA-256 {made.sha256}"
        )
