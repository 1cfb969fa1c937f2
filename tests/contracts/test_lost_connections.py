"""A connection that PostgreSQL closed is noticed by the next request; a sound one costs none."""

import time

import pytest
from django.db import close_old_connections, connection
from django.test import Client

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite is a file: nobody hangs up"
    ),
]


def own_pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def hang_up(pid):
    """From another connection, as a restarted server or a proxy between does."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            for _attempt in range(200):
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid])
                if cursor.fetchone() == (0,):
                    return
                time.sleep(0.02)
    finally:
        other.close()
    raise AssertionError("the server did not end the connection")


def test_a_connection_that_was_closed_is_noticed_by_the_next_request():
    before = own_pid()
    hang_up(before)
    close_old_connections()  # as when a request begins; the test client leaves it out
    assert Client().get("/").status_code == 200
    assert own_pid() != before


def test_one_that_is_still_there_is_used_again_without_asking(monkeypatch):
    before = own_pid()
    close_old_connections()
    monkeypatch.setattr(connection, "is_usable", lambda: pytest.fail("asked the server"))
    assert Client().get("/").status_code == 200
    assert own_pid() == before
