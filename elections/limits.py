"""How much one client may ask: token buckets that all processes share.

A bucket is one number in the database: when it will be full again. A request moves it on by the
time one token takes to come back; there is none left when it stands further ahead than the whole
bucket holds. Most requests write nothing: a process lends tokens and settles every `block` of them
in one statement. So a client can get at most `block - 1` requests beyond its bucket from each
process, never more however long it tries; a bucket of few tokens has blocks of one and is exact.
(While SQLite is busy for longer than a reader waits, a process lends on: a bucket at the most.)

    verdict = spend("read", "address", "192.0.2.7")
    if not verdict.granted: … wait `verdict.wait` seconds

Clients stand in no table and no log: keys are hashes under the server's key and the day.
"""

import math
import threading
import time
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.crypto import salted_hmac

__all__ = ["Limit", "Verdict", "forget", "limit_of", "read_limit", "spend", "sweep"]

DAY = 24 * 3600
UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY}
MOST_CLIENTS = 20_000
SWEEP_EVERY = 60
PATIENCE_MS = 100  # how long a reader waits for a writer of SQLite before it goes on without


@dataclass(frozen=True)
class Limit:
    """`burst` tokens at once; one comes back every `every` seconds."""

    name: str
    burst: int
    every: float

    @property
    def window(self) -> float:
        """Seconds from empty to full."""
        return self.burst * self.every

    @property
    def block(self) -> int:
        """Few enough that a block is an eighth of a bucket and comes back in 2.5 seconds."""
        return max(1, min(self.burst // 8, int(2.5 / self.every)))


def read_limit(name: str, text: str) -> Limit | None:
    """`600/m/200`: 600 a minute, 200 at once. `0`: no limit. Raises ValueError."""
    if text.strip() == "0":
        return None
    amount, unit, burst = text.strip().split("/")
    if int(amount) < 1 or int(burst) < 1 or unit not in UNITS:
        raise ValueError(text)
    return Limit(name, int(burst), UNITS[unit] / int(amount))


@lru_cache(maxsize=64)
def _read(name: str, text: str) -> Limit | None:
    return read_limit(name, text)


def limit_of(bucket: str, kind: str) -> Limit | None:
    """Of a bucket, for addresses or tokens. None: whoever comes may ask as much as they like."""
    name = bucket if kind == "address" else f"{bucket}-{kind}"
    text = settings.LIMITS[name]
    return None if settings.LIMITS["all"] == "0" else _read(name, text)


@dataclass(frozen=True)
class Verdict:
    limit: Limit
    granted: bool
    left: int
    wait: float  # seconds until the next token, 0 when there is one

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 has them, and Retry-After with a refusal."""
        limit, window = self.limit, max(1, math.ceil(self.limit.window))
        full_in = math.ceil((limit.burst - self.left) * limit.every)
        told = {
            "RateLimit-Policy": f'"{limit.name}";q={limit.burst};w={window}',
            "RateLimit": f'"{limit.name}";r={self.left};t={full_in}',
        }
        return told if self.granted else told | {"Retry-After": str(max(1, math.ceil(self.wait)))}


class _Client:
    """What this process knows of one bucket. Callers hold `lock`."""

    __slots__ = ("full_at", "lent", "lock", "seen")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.full_at = 0.0  # as the database told last, and what was lent since
        self.lent = 0  # given out and not yet in the database
        self.seen = 0.0


_clients: dict[str, _Client] = {}
_door = threading.Lock()
_swept_at = 0.0


def spend(bucket: str, kind: str, identity: str) -> Verdict | None:
    """One request of this client. None where there is no limit."""
    limit = limit_of(bucket, kind)
    if limit is None:
        return None
    now = time.time()
    key = _key(limit.name, identity, int(now // DAY))
    client = _client(key, now)
    with client.lock:
        granted = _take(client, limit, key, now)
        client.seen = now
        ahead = max(0.0, client.full_at - now)
        left = max(0, math.floor((limit.window - ahead) / limit.every + 1e-6))
        wait = max(0.0, ahead + limit.every - limit.window)
    _sweep_now_and_then(now)
    return Verdict(limit, granted, left, 0.0 if left else wait)


def _take(client: _Client, limit: Limit, key: str, now: float) -> bool:
    """Whether there is a token; if so it is gone."""
    # No further ahead than an empty bucket and a block: a clock set back shuts nobody out.
    most = now + limit.window + limit.block * limit.every
    client.full_at = min(max(client.full_at, now), most)
    if client.full_at + limit.every > now + limit.window + 1e-6:
        return False
    if client.lent + 1 >= limit.block:
        told = _settle(key, limit, client.lent + 1, now)
        if told is not None:
            granted, full_at = told
            client.lent = 0 if granted else client.lent
            client.full_at = full_at + client.lent * limit.every
            return granted
        # The database is busy: lend on, and try again with the next request.
    client.lent += 1
    client.full_at += limit.every
    return True


# `%s` in this order: key, now + n tokens; now, now + window, n tokens; the same; now + window.
SETTLE = """
INSERT INTO dauys_limit (client, full_at) VALUES (%s, %s)
ON CONFLICT (client) DO UPDATE
SET full_at = {least}({greatest}(dauys_limit.full_at, %s), %s) + %s
WHERE {least}({greatest}(dauys_limit.full_at, %s), %s) + %s <= %s
RETURNING full_at
"""
WORDS = {
    "sqlite": {"least": "MIN", "greatest": "MAX"},
    "postgresql": {"least": "LEAST", "greatest": "GREATEST"},
}


def _settle(key: str, limit: Limit, count: int, now: float) -> tuple[bool, float] | None:
    """Takes `count` tokens, all or none; and when the bucket is full. None: it does not answer."""
    cost, empty = count * limit.every, now + limit.window
    base = (now, empty, cost)
    given = (key, now + cost, *base, *base, empty + 1e-6)
    try:
        with _Impatient(), connection.cursor() as cursor:
            cursor.execute(SETTLE.format(**WORDS[connection.vendor]), given)
            row = cursor.fetchone()
            if row is not None:
                return True, row[0]
            cursor.execute("SELECT full_at FROM dauys_limit WHERE client = %s", [key])
            row = cursor.fetchone()
            if row is None:  # swept in between
                return False, now
            if row[0] > empty:  # written under a wrong clock or another limit
                cursor.execute(
                    "UPDATE dauys_limit SET full_at = %s WHERE client = %s", [empty, key]
                )
            return False, min(row[0], empty)
    except DatabaseError:
        return None


class _Impatient:
    """SQLite has one writer at a time; a reader must not wait for it as long as a report does."""

    def __enter__(self) -> None:
        self._wait(PATIENCE_MS)

    def __exit__(self, *_error: object) -> None:
        self._wait(int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000))

    def _wait(self, milliseconds: int) -> None:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {milliseconds:d}")


def _key(name: str, identity: str, day: int) -> str:
    """Another one each day: who came yesterday cannot be told to have come again."""
    return salted_hmac(
        f"elections.limits {day}", f"{name} {identity}", algorithm="sha256"
    ).hexdigest()


def _client(key: str, now: float) -> _Client:
    with _door:
        client = _clients.get(key)
        if client is None:
            if len(_clients) >= MOST_CLIENTS:
                _forget_some(now)
            client = _clients[key] = _Client()
            client.seen = now
        return client


def _forget_some(now: float) -> None:
    """The longest unseen half. What they were lent is forgiven: by then it has come back."""
    order = sorted(_clients, key=lambda key: _clients[key].seen)
    for key in order[: len(order) // 2]:
        del _clients[key]


def forget() -> None:
    """What this process knows; the database keeps what was settled."""
    with _door:
        _clients.clear()


def _sweep_now_and_then(now: float) -> None:
    global _swept_at
    if SWEEP_EVERY > now - _swept_at >= 0:
        return
    _swept_at = now
    with _door:
        longest = max((one.window for one in _limits()), default=0.0)
        for key in [k for k, c in _clients.items() if c.seen < now - longest]:
            del _clients[key]
    try:
        with _Impatient():
            sweep()
    except DatabaseError:
        return  # a minute later, then


def _limits() -> list[Limit]:
    read = (_read(name, text) for name, text in settings.LIMITS.items() if name != "all")
    return [limit for limit in read if limit is not None]


def sweep() -> int:
    """A full bucket is as good as none: it leaves the table."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dauys_limit WHERE full_at < %s", [time.time()])
        return int(cursor.rowcount)
