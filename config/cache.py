from datetime import datetime
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.utils.crypto import salted_hmac


class SharedCache(DatabaseCache):
    """A cache that forgets what has expired, and nothing else.

    Django's own makes room by dropping what still counts: an attacker would push the counter of
    one account out by trying many others. Entries live for minutes, so the table stays small.
    """

    def _cull(self, db: str, cursor: Any, now: datetime, num: int) -> None:
        super()._cull(db, cursor, now, num=0)  # type: ignore[misc]  # the stubs lack it


def sealed_key(key: str, prefix: str, version: int) -> str:
    """Keys name addresses and accounts; who talked to this server when stands in no table."""
    return salted_hmac("config.cache", f"{prefix}:{version}:{key}", algorithm="sha256").hexdigest()
