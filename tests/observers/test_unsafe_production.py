"""Production refuses to start when it is unsafe. Each case is a process of its own, as in life."""

import os
import secrets
import shutil
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from config.checks import safe_database, unsafe_postgres, unsafe_sqlite

START = "import config.wsgi"
SAFE_SQLITE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}


def production(place, **changes):
    """The environment of a good installation with changes; None takes a variable away."""
    good = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings"),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "DATA_DIR": str(place),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "dauys.example.org",
        "PUBLIC_URL": "https://dauys.example.org",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def run(environment, *command):
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# These start processes with a database of their own, which is SQLite in any run.
once = pytest.mark.once


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A directory with a migrated database."""
    place = tmp_path_factory.mktemp("data")
    for command in (["migrate", "--verbosity=0"], ["make_keys"]):
        done = run(production(place), "manage.py", *command)
        assert done.returncode == 0, done.stderr
    return place


@once
def test_a_good_installation_starts_and_passes_the_deployment_check(installed):
    started = run(production(installed), "-c", START)
    assert started.returncode == 0, started.stderr
    checked = run(
        production(installed), "manage.py", "check", "--deploy", "--fail-level", "WARNING",
        "--database", "default",
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


@once
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SECRET_KEY": None}, "Set SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is short"),
        ({"SECRET_KEY": "x" * 80}, "SECRET_KEY is short, uniform"),
        ({"SECRET_KEY": "django-insecure-" + "a1b2c3d4e5" * 5}, "known one"),
        ({"SECRET_KEY": "please-change-me-" + "a1b2c3d4e5" * 5}, "known one"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is empty"),
        ({"ALLOWED_HOSTS": "*"}, "allows every host"),
        ({"ALLOWED_HOSTS": "dauys.example.org,*"}, "allows every host"),
        ({"PUBLIC_URL": None}, "not an https address"),
        ({"PUBLIC_URL": "http://dauys.example.org"}, "not an https address"),
        ({"PUBLIC_URL": "https://other.example.org"}, "not in ALLOWED_HOSTS"),
        ({"CSRF_TRUSTED_ORIGINS": "http://dauys.example.org"}, "unencrypted origin"),
        ({"DATABASE_URL": "sqlite://:memory:"}, "journal_mode = memory"),
        ({"DATA_DIR": "/dev/null/nowhere"}, "DATA_DIR cannot be written to"),
        ({"WEBHOOKS_MAY_CALL_HERE": "1"}, "lets strangers call this machine"),
        ({"ENVIRONMENT": "prod"}, "must be production, demo or test"),
    ],
)
def test_an_unsafe_installation_does_not_start(installed, changes, said):
    if "DATA_DIR" in changes:
        changes = changes | {"DATABASE_URL": f"sqlite:///{installed / 'dauys.sqlite3'}"}
    started = run(production(installed, **changes), "-c", START)
    assert started.returncode != 0
    assert said in started.stderr


@once
def test_the_server_itself_refuses(installed):
    environment = production(installed, ALLOWED_HOSTS="*")
    served = run(environment, "-m", "waitress", "--listen=127.0.0.1:0", "config.wsgi:application")
    assert served.returncode != 0
    assert "allows every host" in served.stderr + served.stdout


@once
def test_a_database_older_than_the_code_is_refused(tmp_path):
    started = run(production(tmp_path), "-c", START)
    assert started.returncode != 0
    assert "Run manage.py migrate" in started.stderr


@once
def test_without_its_keys_it_does_not_start(installed, tmp_path):
    started = run(production(installed, KEYS_DIR=str(tmp_path / "none")), "-c", START)
    assert started.returncode != 0
    assert "Bring the backup of the keys" in started.stderr


@once
def test_without_the_key_of_webhooks_it_does_not_start(installed, tmp_path):
    keys = tmp_path / "keys"
    shutil.copytree(installed / "keys", keys)
    (keys / "webhooks.key").unlink()
    started = run(production(installed, KEYS_DIR=str(keys)), "-c", START)
    assert started.returncode != 0
    assert "no key to sign webhooks with" in started.stderr
    made = run(production(installed, KEYS_DIR=str(keys)), "manage.py", "make_keys")
    assert made.stdout.strip() == "webhooks.key"
    assert (keys / "webhooks.key").stat().st_mode & 0o777 == 0o600


@once
@pytest.mark.parametrize(("place", "file"), [(0o755, 0o600), (0o700, 0o640), (0o700, 0o604)])
def test_keys_that_others_may_read_are_refused(installed, tmp_path, place, file):
    keys = tmp_path / "keys"
    shutil.copytree(installed / "keys", keys)
    (keys / "receipt.pem").chmod(file)
    keys.chmod(place)
    started = run(production(installed, KEYS_DIR=str(keys)), "-c", START)
    assert started.returncode != 0
    assert "Other accounts may read keys" in started.stderr


@once
def test_the_check_command_says_the_same(installed):
    checked = run(production(installed, SECRET_KEY="short"), "manage.py", "check")
    assert checked.returncode != 0
    assert "dauys.E001" in checked.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "delete"),
        ("synchronous", 1),
        ("synchronous", 0),
        ("foreign_keys", 0),
        ("recursive_triggers", 0),
    ],
)
def test_an_unsafe_sqlite_is_refused(name, value):
    options = {"transaction_mode": "IMMEDIATE"}
    assert unsafe_sqlite(SAFE_SQLITE, options) == []
    (error,) = unsafe_sqlite(SAFE_SQLITE | {name: value}, options)
    assert name in error.msg
    assert unsafe_sqlite(SAFE_SQLITE, {})[0].id == "dauys.E021"


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_an_unsafe_postgres_is_refused(name):
    safe = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    assert unsafe_postgres(safe) == []
    (error,) = unsafe_postgres(safe | {name: "off"})
    assert name in error.msg


@pytest.mark.django_db
def test_the_live_connection_is_asked():
    spoil, mend, name = {
        "sqlite": (
            "PRAGMA recursive_triggers = OFF",
            "PRAGMA recursive_triggers = ON",
            "recursive_triggers",
        ),
        "postgresql": (
            "SET LOCAL synchronous_commit = off",
            "SET LOCAL synchronous_commit = on",
            "synchronous_commit",
        ),
    }[connection.vendor]

    def complaints():
        with override_settings(PRODUCTION=True):
            return [error.msg for error in safe_database(databases=["default"])]

    assert not any(name in said for said in complaints())
    with connection.cursor() as cursor:
        cursor.execute(spoil)
        try:
            assert any(name in said for said in complaints())
        finally:
            cursor.execute(mend)
    assert safe_database(databases=["default"]) == []
