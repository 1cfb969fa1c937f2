"""A small election with many observers, for bursts and kills: people, tokens, phones, words.

`settle` makes a place to run in and must come before anything of Django is imported.
"""

import json
import os
import secrets
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OBSERVERS = 200
STATIONS = 2_000
SLUG = "kz-2021-mazhilis"
CATEGORIES = ("ACC01", "ACC02", "ACC03", "BAL01", "COU01", "DET01", "INT01", "NET01", "")
WORDS = (
    *("наблюдателя", "не", "пустили", "на", "участок", "председатель", "комиссии", "потребовал"),
    *("уйти", "бюллетени", "пачка", "в", "урне", "голосование", "списку", "без", "объяснений"),
    *("байқаушыны", "учаскеге", "кіргізбеді", "комиссия", "төрағасы", "құжат", "сұрады"),
    *("the", "commission", "refused", "to", "show", "list", "and", "closed", "door"),
)


@dataclass(frozen=True)
class Place:
    """Where one run keeps its data; `url` is what DATABASE_URL says."""

    folder: Path
    url: str
    made: str = ""  # a PostgreSQL database of this run only

    def end(self) -> None:
        from django.db import connections

        connections.close_all()
        if self.made:
            server, name = self.url.rsplit("/", 1)
            _on_server(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def settle(postgres: str = "") -> Place:
    """`postgres`: the URL of a server's database, such as postgres://postgres@host/postgres."""
    folder = Path(tempfile.mkdtemp(prefix="dauys-burst-"))
    url, made = f"sqlite:///{folder / 'dauys.sqlite3'}", ""
    if postgres:
        server = postgres.rsplit("/", 1)[0]
        made = f"dauys_burst_{os.getpid()}_{secrets.token_hex(3)}"
        _on_server(server, f'CREATE DATABASE "{made}"')
        url = f"{server}/{made}"
    os.environ |= {
        "ENVIRONMENT": "demo",
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    return Place(folder, url, made)


def _on_server(server: str, statement: str) -> None:
    import psycopg

    address = server.replace("postgres://", "postgresql://", 1) + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


@dataclass(frozen=True)
class Observer:
    token: str
    device: str
    key: Any  # private, as a phone has it


def build(observers: int = OBSERVERS, stations: int = STATIONS) -> list[Observer]:
    """Tables, the election, and people who may file reports by token and by phone."""
    from django.core.management import call_command

    from elections.models import Election, RegionSet, Station
    from elections.regions import load_region_set
    from observers import keys

    call_command("migrate", verbosity=0)
    load_region_set("KZ-2018")
    regions = RegionSet.objects.get(slug="KZ-2018")
    election = Election.objects.create(
        slug=SLUG,
        ref_prefix="KZ2021",
        name_en="Election",
        country="KZ",
        region_set=regions,
        kind="parliamentary",
        time_zone="Asia/Almaty",
    )
    places = list(regions.regions.exclude(parent=None).order_by("path"))
    for number in range(stations):
        region = places[number % len(places)]
        Station.objects.create(
            election=election, region=region, commission=region.code, number=str(number + 1)
        )
    keys.make()
    keys.make(election)
    return [_observer(election, number) for number in range(observers)]


def _observer(election: Any, number: int) -> Observer:
    from cryptography.hazmat.primitives.asymmetric import ec

    from observers import keys, tokens
    from observers.models import Device, Membership, Organisation, Team, User

    organisation, _made = Organisation.objects.get_or_create(slug="watch", name_en="Watch")
    user = User.objects.create(username=f"observer-{number}", password="!")
    team, _made = Team.objects.get_or_create(organisation=organisation, name=str(number // 2))
    Membership.objects.create(
        user=user, election=election, role="observer", organisation=organisation, team=team
    )
    _row, token = tokens.create(user, name="burst", scopes=["reports:write"])
    private = ec.generate_private_key(keys.CURVE)
    device = Device.objects.create(
        user=user, election=election, public_key=keys.to_text(keys.point_of(private.public_key()))
    )
    return Observer(token, str(device.pk), private)


def reports(seed: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Without end: an id and what was said, about 1.1 kB of JSON."""
    random = Random(seed)
    while True:
        said: dict[str, Any] = {
            "text": " ".join(random.choices(WORDS, k=random.randint(15, 70))),
            "language": random.choice(("ru", "kk", "en")),
            "category": random.choice(CATEGORIES),
            "station": str(random.randint(1, STATIONS)),
            "occurred_start": f"2021-01-10T{random.randint(7, 19):02}:{random.randint(0, 59):02}",
            "occurred_precision": "half_hour",
            "source": "direct_witness",
            "place": "у входа на участок",
            "persons_min": random.randint(1, 20),
            "persons_basis": "counted",
        }
        if random.random() < 0.5:
            said |= {"latitude": 43.2 + random.random() / 10, "longitude": 76.9, "accuracy_m": 30}
        if random.random() < 0.03:
            said["danger"] = "observer"
        yield str(uuid.UUID(int=random.getrandbits(128), version=4)), said


def as_json(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode()
