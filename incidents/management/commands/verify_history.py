from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents import history
from incidents.models import Event


class Command(BaseCommand):
    help = (
        "Check the chain of history from its first line. Exits with 1 and names the first break."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if broken := next(history.verify(), None):
            raise CommandError(f"History is broken at line {broken.seq}: {broken.what}.")
        self.stdout.write(f"History is whole: {Event.objects.count()} lines.")
