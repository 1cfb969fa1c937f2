import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from elections.models import Election
from observers.models import Membership, User
from observers.roles import Role


class Command(BaseCommand):
    help = (
        "Make an account with one role in one election and print its password, once. "
        "The first administrator comes to be this way; later ones are made in the admin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", required=True, help=", ".join(Role.values))
        parser.add_argument(
            "--election", help="short name, as in kz-2021-mazhilis; an administrator needs none"
        )

    def handle(self, *, username: str, role: str, election: str | None, **options: Any) -> str:
        if role not in Role.values:
            raise CommandError(f"Unknown role {role!r}. Valid roles: {', '.join(Role.values)}.")
        held_in = Election.objects.filter(slug=election).first()
        if held_in is None and (election or role != Role.ADMIN):
            known = ", ".join(Election.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no election {election!r}. Known: {known}.")
        password = secrets.token_urlsafe(15)
        user = User(username=username)
        user.set_password(password)
        try:
            user.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            user.save()
            Membership.objects.create(user=user, election=held_in, role=role)
        return password
