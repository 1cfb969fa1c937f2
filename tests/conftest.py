import os
import shutil
import time

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.db import connections
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation

from incidents import guards
from observers import keys

_teardown = TransactionTestCase._fixture_teardown


def _teardown_without_guards(self):
    """Emptying the tables between two transactional tests is the one allowed deletion."""
    guards.remove(connections["default"])
    try:
        _teardown(self)
    finally:
        guards.install(connections["default"])


TransactionTestCase._fixture_teardown = _teardown_without_guards


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """Always a test database: a fixture that opens one for a whole module may run alone.

    pytest-django makes it only when a test function asks, and else leaves the real one in place.
    """
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        for connection, _name, _destroy in made:
            _hang_up(connection)
        teardown_databases(made, verbosity=0)


def _hang_up(connection):
    """A browser's loop and the threads of a server had connections of their own.

    PostgreSQL drops no database that somebody is connected to.
    """
    if connection.vendor != "postgresql":
        return
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) {others}")
        for _attempt in range(50):
            cursor.execute(f"SELECT count(*) {others}")
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.1)


@pytest.fixture(scope="session", autouse=True)
def _keys(tmp_path_factory):
    """Keys of its own for each process; an election gets its sealing key when somebody asks."""
    settings.KEYS_DIR = tmp_path_factory.mktemp("keys")
    keys.make()


@pytest.fixture(scope="session", autouse=True)
def _files(tmp_path_factory):
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("evidence")


@pytest.fixture(autouse=True)
def _empty_cache(request):
    """Sign-in limits count in a table; a transactional test leaves it as it found it."""
    caches["memory"].clear()
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        with request.getfixturevalue("django_db_blocker").unblock():
            cache.clear()


@pytest.fixture(scope="module")
def chromium():
    """A headless browser, for tests marked `browser`."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail("BROWSER_REQUIRED is set and there is no Chromium.")
        pytest.skip("needs a Chromium")
    # Playwright keeps a loop running in this thread, which Django takes for an async view.
    with pytest.MonkeyPatch.context() as patch, playwright.sync_playwright() as driver:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _in_english():
    """A request leaves its language behind in the thread; a test begins without it."""
    with translation.override("en"):
        yield
