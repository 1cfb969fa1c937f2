from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from elections.querysets import THE_WORLD
from incidents import snapshots
from incidents.errors import Refused
from incidents.models import Snapshot
from incidents.vocabulary import WithdrawReason

REASONS = [WithdrawReason.SAFETY.value, WithdrawReason.ERROR.value]


class Command(BaseCommand):
    help = (
        "Withdraw every snapshot that holds what was later withdrawn for somebody's safety, "
        "delete the files, and make a new one without it. With --name also that snapshot, "
        "whatever it holds."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="", help="a snapshot to withdraw by hand")
        parser.add_argument("--reason", choices=REASONS, default=REASONS[0], help="why that one")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if name and not Snapshot.objects.visible_to(THE_WORLD).filter(name=name).exists():
            raise CommandError("There is no snapshot of this name.")
        try:
            gone, instead = snapshots.reissue(name=name, reason=options["reason"])
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"withdrawn: {', '.join(gone) or 'none'}")
        self.stdout.write(f"to be read: {instead.name if instead else 'none until a change'}")
