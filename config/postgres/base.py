"""Django's PostgreSQL, which looks whether a connection was closed before it asks the server.

With CONN_HEALTH_CHECKS, Django asks `SELECT 1` at the start of every request. A server that went
away has closed its end, and the system knows: the socket has something to read while nothing was
asked. Only then is the server asked. It spares each request a journey.
"""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    # Django's own; its stubs do not name them.
    health_check_enabled: bool
    health_check_done: bool

    def close_if_health_check_failed(self) -> None:
        due = self.health_check_enabled and not self.health_check_done
        if due and self.connection is not None and is_silent(self.connection):
            self.health_check_done = True
        super().close_if_health_check_failed()


def is_silent(session: Any) -> bool:
    """Nothing waits to be read: neither an end of the line nor a notice."""
    if session.closed:
        return False
    poll = select.poll()
    poll.register(session.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return not poll.poll(0)
