"""Programs of others are told of the public feed: thin, signed, in order, at least once.

See docs/decisions/0021.
"""

from incidents.webhooks.outbox import fill, sweep
from incidents.webhooks.sending import send
from incidents.webhooks.subscribing import (
    LONGEST_NAME,
    MOST,
    MOST_CATEGORIES,
    SECRET_OVERLAP,
    may_subscribe,
    pause,
    redeliver,
    resume,
    rotate,
    subscribe,
    test,
    unsubscribe,
)

__all__ = [
    "LONGEST_NAME",
    "MOST",
    "MOST_CATEGORIES",
    "SECRET_OVERLAP",
    "fill",
    "may_subscribe",
    "pause",
    "redeliver",
    "resume",
    "rotate",
    "send",
    "subscribe",
    "sweep",
    "tell",
    "test",
    "unsubscribe",
]


def tell() -> int:
    """One turn of the clock. Returns how many messages were taken by their receivers."""
    fill()
    sent = send()
    sweep()
    return sent
