"""Refusals: production does not start while one of these is true.

They are errors, not the warnings of `check --deploy`. `manage.py check` shows them, and
config/wsgi.py runs them together with the live database, so that no server goes around them.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http.request import validate_host

from config.privacy import OTHERS

KEY_LENGTH = 50
KEY_CHARACTERS = 10
# Parts of keys that stand in documentation, templates and tutorials.
KNOWN_KEYS = ("django-insecure", "change", "secret", "example", "insecure", "password")
SQLITE_PRAGMAS = {
    "journal_mode": ("wal",),
    "synchronous": (2, 3),
    "foreign_keys": (1,),
    "recursive_triggers": (1,),
}
POSTGRES_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")


def _error(number: int, message: str, hint: str) -> checks.Error:
    return checks.Error(message, hint=hint, id=f"dauys.E{number:03}")


@checks.register(checks.Tags.security)
def safe_settings(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    if not settings.PRODUCTION:
        return []
    return [*_key(settings.SECRET_KEY), *_hosts(), *_address(), *_place(), *_keys()]


@checks.register(checks.Tags.database)
def safe_database(
    app_configs: Sequence[AppConfig] | None = None,
    databases: Sequence[str] | None = None,
    **kwargs: Any,
) -> list[checks.CheckMessage]:
    """Asks the live connection: what counts is what the database does, not what it was told."""
    if not settings.PRODUCTION or "default" not in (databases or ()):
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            values = {}
            for name in SQLITE_PRAGMAS:
                cursor.execute(f"PRAGMA {name}")
                values[name] = cursor.fetchone()[0]
            return unsafe_sqlite(values, connection.settings_dict["OPTIONS"])
        values = {}
        for name in POSTGRES_SETTINGS:
            cursor.execute(f"SHOW {name}")
            values[name] = cursor.fetchone()[0]
        return unsafe_postgres(values)


def unsafe_sqlite(
    values: Mapping[str, Any], options: Mapping[str, Any]
) -> list[checks.CheckMessage]:
    found = [
        _error(
            20,
            f"SQLite runs with {name} = {values[name]}.",
            f"It must be {good[0]}. Keep the database in a file on a local disk and the options "
            "of config/settings.py as they are.",
        )
        for name, good in SQLITE_PRAGMAS.items()
        if values[name] not in good
    ]
    if options.get("transaction_mode") != "IMMEDIATE":
        hint = "Under load, writes would fail at once. Set transaction_mode to IMMEDIATE."
        found.append(_error(21, "SQLite transactions do not begin IMMEDIATE.", hint))
    return [*found]


def unsafe_postgres(values: Mapping[str, str]) -> list[checks.CheckMessage]:
    return [
        _error(
            22,
            f"PostgreSQL runs with {name} = off.",
            "A power cut would lose reports whose receipt was already given. Turn it on.",
        )
        for name, value in values.items()
        if value == "off"
    ]


def _key(key: str) -> list[checks.CheckMessage]:
    known = next((part for part in KNOWN_KEYS if part in key.lower()), "")
    if len(key) >= KEY_LENGTH and len(set(key)) >= KEY_CHARACTERS and not known:
        return []
    hint = (
        f"Use {KEY_LENGTH} random characters or more, for example from "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'."
    )
    return [_error(1, "SECRET_KEY is short, uniform or a known one.", hint)]


def _hosts() -> list[checks.CheckMessage]:
    hosts = settings.ALLOWED_HOSTS
    hint = "Name the host names of this installation, separated by commas."
    if not hosts:
        return [_error(2, "ALLOWED_HOSTS is empty.", hint)]
    if any("*" in host or host == "." for host in hosts):
        return [_error(3, "ALLOWED_HOSTS allows every host.", hint)]
    return []


def _address() -> list[checks.CheckMessage]:
    address = urlsplit(settings.PUBLIC_URL)
    found = []
    if address.scheme != "https" or not address.hostname:
        hint = "Set it to the address people use, such as https://dauys.example.org."
        found.append(_error(4, "PUBLIC_URL is not an https address.", hint))
    elif settings.ALLOWED_HOSTS and not validate_host(address.hostname, settings.ALLOWED_HOSTS):
        hint = "Links would lead to a host this server refuses. Add it to ALLOWED_HOSTS."
        found.append(_error(5, "The host of PUBLIC_URL is not in ALLOWED_HOSTS.", hint))
    if not all(origin.startswith("https://") for origin in settings.CSRF_TRUSTED_ORIGINS):
        hint = "Each must begin with https://."
        found.append(_error(6, "CSRF_TRUSTED_ORIGINS trusts an unencrypted origin.", hint))
    if settings.WEBHOOKS_MAY_CALL_HERE:
        hint = "It is for tests on a laptop. Leave it out."
        found.append(_error(12, "WEBHOOKS_MAY_CALL_HERE lets strangers call this machine.", hint))
    if settings.DEBUG:
        found.append(_error(7, "DEBUG is on.", "It shows settings and data to everybody."))
    return [*found]


def _place() -> list[checks.CheckMessage]:
    place = Path(settings.DATA_DIR)
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        if not place.stat().st_mode & OTHERS:
            return []
        hint = "Make it a directory of the server's own account, with mode 700."
        return [_error(9, "Other accounts may look into DATA_DIR.", hint)]
    hint = "Make the directory and give it to the account the server runs as."
    return [_error(8, "DATA_DIR cannot be written to: evidence would be refused.", hint)]


def _keys() -> list[checks.CheckMessage]:
    """What opens all that phones sealed, and signs what they may let go of."""
    place = Path(settings.KEYS_DIR)
    hint = "Make the directory 700 and its files 600, and its owner the server's own account."
    try:
        files = [place, *place.iterdir()] if place.exists() else []
        seen = sorted(file.name for file in files if file.stat().st_mode & OTHERS)
        unread = sorted(file.name for file in files if not os.access(file, os.R_OK))
    except OSError:
        return [_error(11, "KEYS_DIR cannot be read.", hint)]
    if seen:
        hint += " Who has read them may open what was sealed: make new ones."
        return [_error(10, f"Other accounts may read keys: {', '.join(seen)}.", hint)]
    if unread:
        return [_error(11, f"Keys cannot be read: {', '.join(unread)}.", hint)]
    return []


def refuse_unsafe() -> None:
    """At the start of a server in production: raises ImproperlyConfigured with all errors."""
    # What the settings alone tell comes first: it needs neither database nor routes.
    found = safe_settings() or checks.run_checks(databases=["default"])
    errors = [message for message in found if message.is_serious()]
    if errors:
        lines = "\n".join(f"- {error.msg} {error.hint or ''}" for error in errors)
        raise ImproperlyConfigured(f"Dauys does not start like this:\n{lines}")
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise ImproperlyConfigured(
            "Dauys does not start like this:\n- The database is older than the code. "
            "Run manage.py migrate."
        )
    connection.close()
    if not (Path(settings.KEYS_DIR) / "receipt.pem").is_file():
        # Never made by itself: beside a database from a backup it would be the wrong one.
        raise ImproperlyConfigured(
            "Dauys does not start like this:\n- There is no key to sign receipts with. "
            "Bring the backup of the keys, or run manage.py make_keys on a new installation."
        )
    if not (Path(settings.KEYS_DIR) / "webhooks.key").is_file():
        raise ImproperlyConfigured(
            "Dauys does not start like this:\n- There is no key to sign webhooks with. Bring the "
            "backup of the keys; if there never was one, run manage.py make_keys."
        )
