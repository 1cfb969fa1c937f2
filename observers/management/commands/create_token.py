from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from observers import tokens
from observers.models import User


class Command(BaseCommand):
    help = "Make an API token for an account and print it. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            dest="scopes",
            metavar="SCOPE",
            help=f"what it may do, may be repeated: {', '.join(tokens.Scope.values)}",
        )
        parser.add_argument("--name", default="command line", help="what it is for")
        parser.add_argument("--days", type=int, default=tokens.LIFETIME.days)

    def handle(
        self, *, username: str, scopes: list[str], name: str, days: int, **options: Any
    ) -> str:
        user = User.objects.filter(username__iexact=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active account {username!r}. Check the spelling.")
        unknown = sorted(set(scopes) - set(tokens.Scope.values))
        if unknown or not scopes:
            said = f"Unknown scope: {', '.join(unknown)}." if unknown else "Name a scope."
            raise CommandError(f"{said} Valid scopes: {', '.join(tokens.Scope.values)}.")
        if not 1 <= days <= tokens.LONGEST.days:
            raise CommandError(f"--days must be from 1 to {tokens.LONGEST.days}.")
        _token, text = tokens.create(
            user, name=name[:100], scopes=scopes, expires_in=timedelta(days=days)
        )
        return text
