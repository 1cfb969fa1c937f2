from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from elections.importing import import_stations
from elections.models import Election
from elections.tables import MOST_BYTES, UnreadableTable


class Command(BaseCommand):
    help = (
        "Create or update an election's polling stations from a CSV file in UTF-8. "
        "Either every row is taken over or none; each bad row is named."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--election", required=True, metavar="SLUG")
        parser.add_argument("--dry-run", action="store_true", help="Only look, save nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        election = Election.objects.filter(slug=options["election"]).first()
        if election is None:
            known = ", ".join(Election.objects.values_list("slug", flat=True))
            raise CommandError(_("There is no such election. There are: %s.") % known)
        if not options["file"].is_file():
            raise CommandError(_("There is no such file."))
        with options["file"].open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        try:
            outcome = import_stations(election, raw, dry_run=options["dry_run"])
        except UnreadableTable as error:
            raise CommandError(str(error)) from error
        for problem in outcome.problems:
            self.stderr.write(str(problem))
        if outcome.problems:
            raise CommandError(_("Nothing was saved. Mend the rows above and try again."))
        counts = {
            "created": outcome.created,
            "updated": outcome.updated,
            "unchanged": outcome.unchanged,
        }
        text = _("Stations: %(created)d new, %(updated)d changed, %(unchanged)d as before.")
        self.stdout.write(text % counts)
        if not outcome.saved:
            self.stdout.write(_("This was only a look: nothing was saved."))
