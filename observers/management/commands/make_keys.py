from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from elections.models import Election
from observers import keys


class Command(BaseCommand):
    help = (
        "Make the keys that are missing: the one that signs receipts, and one for each election "
        "that phones seal to. What is there stays, unless --anew gives one election another."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anew", metavar="ELECTION", help="its phones have to enrol again")

    def handle(self, *, anew: str | None, **options: Any) -> str:
        made = keys.make()
        if anew is not None:
            election = Election.objects.filter(slug=anew).first()
            if election is None:
                raise CommandError(f"There is no election {anew!r}. Check the spelling.")
            made += keys.make(election, anew=True)
        for election in Election.objects.all():
            made += keys.make(election)
        return "\n".join(made) or "Nothing was missing."
