from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from elections.models import RegionSet
from elections.regions import BadBoundaries, import_boundaries, read_boundaries


class Command(BaseCommand):
    help = "Draw the regions of a set from a GeoJSON file whose features have a property “code”."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--region-set", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        region_set = RegionSet.objects.filter(slug=options["region_set"]).first()
        if region_set is None:
            known = ", ".join(RegionSet.objects.values_list("slug", flat=True))
            raise CommandError(_("There is no such set of regions. There are: %s.") % known)
        if not options["file"].is_file():
            raise CommandError(_("There is no such file."))
        try:
            report = import_boundaries(region_set, read_boundaries(options["file"]))
        except BadBoundaries as error:
            raise CommandError("\n".join(error.problems)) from error
        self.stdout.write(_("Drawn: %s") % ", ".join(report.drawn))
        if report.without_boundary:
            self.stdout.write(
                _("Still without a boundary: %s") % ", ".join(report.without_boundary)
            )
