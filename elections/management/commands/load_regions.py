from typing import Any

from django.core.management.base import BaseCommand

from elections.regions import available_region_sets, load_region_set


class Command(BaseCommand):
    help = "Load or update every set of regions that ships with the product."

    def handle(self, *args: Any, **options: Any) -> None:
        for slug in available_region_sets():
            region_set = load_region_set(slug)
            self.stdout.write(f"{slug}: {region_set.regions.count()}")
