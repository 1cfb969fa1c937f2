"""The prepared counts: are they exact, and count everything anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents import tallies


class Command(BaseCommand):
    help = (
        "Compare the prepared counts of statistics with what is public; with --rebuild count "
        "everything anew, while publishing waits. Rebuild after the time zone of an election "
        "or the levels of its regions changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            self.stdout.write(f"counted: {tallies.rebuild()}")
        if found := tallies.faults():
            raise CommandError("\n".join(found))
        self.stdout.write("exact")
