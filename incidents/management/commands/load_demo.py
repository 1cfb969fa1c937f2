from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from incidents.demo import election, incidents, people, reports
from observers.accounts import door
from observers.models import User


class Command(BaseCommand):
    help = "Load the demonstration: Kazakhstan, 10 January 2021. A second run changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ENVIRONMENT not in {"demo", "test"}:
            raise CommandError(
                "The demonstration is not loaded into production. "
                "Set ENVIRONMENT=demo and a DATA_DIR of its own."
            )
        observed = election.load()
        new = people.load(observed)
        filed = reports.file(observed)
        published = incidents.work()
        self.stdout.write(f"{observed.name}: {filed} reports filed, {published} published.")
        self._print_accounts(new)

    def _print_accounts(self, new: list[people.Account]) -> None:
        where = people.accounts_file()
        if not new:
            self.stdout.write(f"The accounts are as they were; their passwords are in {where}")
            return
        address = settings.PUBLIC_URL + reverse("account_login")
        self.stdout.write(f"\nSign in at {address}\n\n")
        line = "  {:<12} {:<13} {:<20} {}"
        self.stdout.write(line.format("role", "username", "password", "opens"))
        for account in new:
            opens = door(User.objects.get(username=account.username))
            self.stdout.write(line.format(account.role, account.username, account.password, opens))
        self.stdout.write(f"\nThese passwords are not shown again. They are kept in {where}\n\n")
