import os
import shutil
import time

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.db import connection, connections, transaction
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation

from incidents import guards
from observers import keys

# In tables that nobody analysed PostgreSQL expects millions of rows and compiles each question of
# the desk before it asks it: twice the time for the same answers. It changes plans of none.
os.environ.setdefault("PGOPTIONS", "-c jit=off")

_teardown = TransactionTestCase._fixture_teardown


def _teardown_without_guards(self):
    """Emptying the tables between two transactional tests is the one allowed deletion."""
    guards.remove(connections["default"])
    try:
        _teardown(self)
    finally:
        guards.install(connections["default"])


TransactionTestCase._fixture_teardown = _teardown_without_guards
LEFT_OUT = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked `once` run on SQLite; `-m once` runs them wherever it is said."""
    once = [item for item in items if item.get_closest_marker("once")]
    for item in once:
        asks = "django_db_setup" in item.fixturenames or item.get_closest_marker("django_db")
        allowed = item.get_closest_marker("browser") or item.get_closest_marker("copies_the_file")
        if asks and not allowed:
            raise pytest.UsageError(f"{item.nodeid} asks the database: it runs on both, not once.")
    if connection.vendor == "sqlite" or "once" in config.option.markexpr:
        return
    items[:] = [item for item in items if not item.get_closest_marker("once")]
    config.hook.pytest_deselected(items=once)
    config.stash[LEFT_OUT] = len(once)
    if hasattr(config, "workeroutput"):
        config.workeroutput["left out"] = len(once)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    """Each worker collects everything and leaves the same out."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left out", 0)


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(LEFT_OUT, 0):
        told = f"{left_out} tests marked `once` were NOT run on {connection.vendor}"
        terminalreporter.section(told, sep="!", yellow=True)
        terminalreporter.line("What they promise lies in a browser or in the code and in no SQL;")
        terminalreporter.line("the run on SQLite plays them.")


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


@pytest.fixture(scope="module")
def lasting(django_db_setup, django_db_blocker):
    """A transaction around a whole module: what its fixtures make stands there for every test.

    Each test plays in a savepoint inside (its own `db`), so none sees what another did; rows
    that tests hold in memory they copy (`copy.deepcopy`), as Django does with setUpTestData.
    Not for modules with transactional tests: those empty the tables.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


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
    settings.SNAPSHOTS_ROOT = tmp_path_factory.mktemp("snapshots")


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
