from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from elections.models import Election, Region
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
        for limit, of in (("election", "short name of an election"), ("region", "region's code")):
            parser.add_argument(
                f"--{limit}",
                action="append",
                default=[],
                dest=f"{limit}s",
                metavar=limit.upper(),
                help=f"limit it to this {of}, may be repeated",
            )
        parser.add_argument("--name", default="command line", help="what it is for")
        parser.add_argument("--days", type=int, default=tokens.LIFETIME.days)

    def handle(
        self,
        *,
        username: str,
        scopes: list[str],
        name: str,
        days: int,
        elections: list[str],
        regions: list[str],
        **options: Any,
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
        within = _elections(elections)
        try:
            _token, text = tokens.create(
                user,
                name=name[:100],
                scopes=scopes,
                expires_in=timedelta(days=days),
                elections=within,
                regions=_regions(regions, within),
            )
        except ValueError as error:
            raise CommandError(f"No token was made: {error}.") from error
        return text


def _elections(slugs: list[str]) -> list[Election]:
    found = list(Election.objects.filter(slug__in=slugs))
    if missing := sorted(set(slugs) - {election.slug for election in found}):
        raise CommandError(f"There is no election {', '.join(missing)}. Check the spelling.")
    return found


def _regions(codes: list[str], elections: list[Election]) -> list[Region]:
    """Codes belong to a map: the same one may mean another place in another election."""
    if codes and not elections:
        raise CommandError("Say with --election in which elections these regions lie.")
    maps = {election.region_set_id for election in elections}
    found = list(Region.objects.filter(code__in=codes, region_set__in=maps))
    if missing := sorted(set(codes) - {region.code for region in found}):
        raise CommandError(f"These elections have no region {', '.join(missing)}.")
    return found
