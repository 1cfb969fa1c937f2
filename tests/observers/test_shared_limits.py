"""The limits on sign-in hold for all processes, keep nobody's address and forget nobody early."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.db import connection
from django.urls import reverse

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def rows() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM dauys_cache")
        return cursor.fetchall()


def expire_all() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE dauys_cache SET expires = '2021-01-10 00:00:00'")


def guess(client, username: str, **data):
    sent = {"login": username, "password": "a guess"}
    return client.post(reverse("account_login"), sent, **data)


@pytest.mark.django_db(transaction=True)
def test_another_process_counts_the_same_attempts():
    """What one wrote the other reads: a file or a server is asked, no memory of ours."""
    url = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{url}"
    else:
        url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{url}"
    cache.set("attempts", [1.0, 2.0], 60)
    code = (
        "import django; django.setup(); from django.core.cache import cache; "
        "print(cache.get('attempts')); cache.set('attempts', [3.0], 60)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "DATABASE_URL": url,
            "SECRET_KEY": settings.SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert other.stdout.strip() == "[1.0, 2.0]", other.stderr
    assert cache.get("attempts") == [3.0]


def test_thousands_of_other_names_do_not_push_a_counter_out(client):
    user = UserFactory()
    for address in range(5):
        guess(client, user.username, REMOTE_ADDR=f"10.0.0.{address}")
    for number in range(1000):  # what as many guesses at other names would leave behind
        cache.set(f"other-{number}", [1.0], 300)
    refused = guess(client, user.username, REMOTE_ADDR="10.0.1.1")
    assert "Wait five minutes" in refused.content.decode()
    assert len(rows()) > 1000


def test_what_has_expired_is_swept_out_by_the_next_attempt(client):
    guess(client, "somebody")
    first = {key for key, _value in rows()}
    assert first
    expire_all()
    cache.set("next", 1, 60)
    assert not first & {key for key, _value in rows()}


def test_no_address_and_no_name_stands_in_the_table(client):
    guess(client, "somebody-known", REMOTE_ADDR="10.7.7.7")
    assert rows()
    assert "10.7.7.7" not in str(rows())
    assert "somebody-known" not in str(rows())
    assert all(len(key) == 64 for key, _value in rows())


def test_reading_what_is_public_counts_nobody(client):
    client.get("/")
    client.get("/api/v1/incidents/")
    assert rows() == []
    assert cache.get_backend_timeout(DEFAULT_TIMEOUT) is not None
