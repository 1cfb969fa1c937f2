import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from elections.models import Election
from incidents.demo import read
from observers.models import Membership, Organisation, Team, User

# Without letters and digits that look alike: these are typed from a terminal into a phone.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Account:
    username: str
    password: str
    role: str
    organisation: str


def accounts_file() -> Path:
    return Path(settings.DATA_DIR) / "demo-accounts.json"


def load(election: Election) -> list[Account]:
    """One account or more for each role. Returns those whose password was set just now.

    The file is written before the accounts, so that a run that is killed between the two leaves
    no account whose password nobody knows.
    """
    data = read("people")
    with transaction.atomic():
        organisations = _organisations(data)
        teams = _teams(data, organisations)
    noted = {account.username: account for account in _noted()}
    there = set(User.objects.values_list("username", flat=True))
    wanted = [
        noted.get(row["username"])
        or Account(
            username=row["username"],
            password=_password(),
            role=row["role"],
            organisation=organisations[row["organisation"]].name_en,
        )
        for row in data["accounts"]
    ]
    if [account.username for account in wanted] != list(noted):
        _note(wanted)
    new = [a for a in wanted if a.username not in noted or a.username not in there]
    for account in new:
        _set_password(account)
    for row in data["accounts"]:
        Membership.objects.get_or_create(
            user=User.objects.get(username=row["username"]),
            election=election,
            role=row["role"],
            defaults={
                "organisation": organisations[row["organisation"]],
                "team": teams.get((row["organisation"], row.get("team", ""))),
            },
        )
    return new


def _organisations(data: dict[str, Any]) -> dict[str, Organisation]:
    return {
        row["slug"]: Organisation.objects.get_or_create(slug=row["slug"], defaults=row)[0]
        for row in data["organisations"]
    }


def _teams(
    data: dict[str, Any], organisations: dict[str, Organisation]
) -> dict[tuple[str, str], Team]:
    return {
        (row["organisation"], row["name"]): Team.objects.get_or_create(
            organisation=organisations[row["organisation"]], name=row["name"]
        )[0]
        for row in data["teams"]
    }


def _set_password(account: Account) -> None:
    user, _made = User.objects.get_or_create(username=account.username)
    user.set_password(account.password)
    user.save(update_fields=["password"])


def _password() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def _noted() -> list[Account]:
    """What an earlier run wrote down; nothing when the file is gone or cannot be read."""
    try:
        rows = json.loads(accounts_file().read_text(encoding="utf-8"))
        return [Account(**row) for row in rows]
    except (OSError, ValueError, TypeError):
        return []


def _note(accounts: list[Account]) -> None:
    """For the eyes of the owner only, and never half a file."""
    path = accounts_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump([asdict(account) for account in accounts], file, indent=2, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
