"""What lies on the disk is for the account of the server alone, whatever its umask."""

import os
import stat
import subprocess
import sys

import pytest
from django.conf import settings

from tests.observers.test_unsafe_production import START, production, run

pytestmark = pytest.mark.once


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def demo(place, *command):
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENVIRONMENT": "demo",
        "DATA_DIR": str(place),
    }
    return subprocess.run(
        ["sh", "-c", 'umask 022; exec "$@"', "sh", sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


WRITE = """
import django; django.setup()
import os
from pathlib import Path
from django.conf import settings
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS one (two)")
    cursor.execute("INSERT INTO one VALUES (3)")
    for file in sorted(Path(settings.DATA_DIR).iterdir()):
        print(file.name, oct(file.stat().st_mode & 0o777))
"""
CLOSED = [
    "dauys.sqlite3 0o600",
    "dauys.sqlite3-shm 0o600",
    "dauys.sqlite3-wal 0o600",
    "secret-key 0o600",
]


@pytest.mark.parametrize("before", ["new", "old"])
def test_database_log_and_directory_are_closed(tmp_path, before):
    place = tmp_path / "data"
    if before == "old":
        place.mkdir()
        place.chmod(0o755)
        for name in ("dauys.sqlite3", "dauys.sqlite3-wal", "dauys.sqlite3-shm"):
            (place / name).touch()
            (place / name).chmod(0o644)
    done = demo(place, "-c", WRITE)
    assert done.stdout.split("\n")[:-1] == CLOSED, done.stderr
    assert mode(place) == 0o700


def test_a_place_for_everybody_is_left_as_it_is(tmp_path):
    place = tmp_path / "shared"
    place.mkdir()
    place.chmod(0o1777)
    assert "dauys.sqlite3 0o600" in demo(place, "-c", WRITE).stdout
    assert mode(place) == 0o1777


def test_production_does_not_start_in_a_place_for_everybody(tmp_path):
    place = tmp_path / "shared"
    place.mkdir()
    place.chmod(0o1777)
    started = run(production(place), "-c", START)
    assert started.returncode != 0
    assert "Other accounts may look into DATA_DIR" in started.stderr
