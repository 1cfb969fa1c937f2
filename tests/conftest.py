import pytest
from django.db import connections
from django.test import TransactionTestCase

from incidents import guards

_teardown = TransactionTestCase._fixture_teardown


def _teardown_without_guards(self):
    """Emptying the tables between two transactional tests is the one allowed deletion."""
    guards.remove(connections["default"])
    try:
        _teardown(self)
    finally:
        guards.install(connections["default"])


TransactionTestCase._fixture_teardown = _teardown_without_guards


@pytest.fixture(autouse=True)
def _empty_cache():
    """Sign-in limits count in the cache; a test starts with nobody counted."""
    from django.core.cache import cache

    cache.clear()
