from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.evidence import verifying


class Command(BaseCommand):
    help = (
        "Open every original and compare its SHA-256 with the one taken at capture. Names those "
        "that do not hold and fails."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        total = bad = 0
        for found in verifying.verify():
            total += 1
            if found is not None:
                bad += 1
                self.stderr.write(f"{found.evidence.report.ref} {found.evidence.pk}: {found.what}")
        if bad:
            raise CommandError(f"{bad} of {total} originals do not hold.")
        self.stdout.write(f"{total} originals hold.")
