"""The clock of the installation: what happens by itself, at its hour."""

import logging
import signal
import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections, connection, connections

from elections import limits
from incidents import (
    alerts,
    arriving,
    delivering,
    exporting,
    publishing,
    snapshots,
    webhooks,
)
from incidents.evidence import attaching, drawing, finishing, uploading

log = logging.getLogger(__name__)
DUTIES: dict[str, Callable[[], int]] = {
    "published": publishing.publish_due,
    "filed": arriving.take_up_arrived,
    "received": finishing.finish_waiting,
    "attached": attaching.attach_waiting,
    "redrawn": drawing.draw_waiting,
    "swept": uploading.sweep,
    "alerts": alerts.overdue,
    "delivered": delivering.deliver,
    "limits": limits.sweep,
    "told": webhooks.tell,
    "exported": exporting.make_waiting,
    "snapshots": snapshots.keep,
}
# They may take minutes, or wait for other people's servers: beside the others, so that no alert
# and no embargo waits for them.
LONG = frozenset({"told", "exported", "snapshots"})


class Command(BaseCommand):
    help = (
        "Publish what an ended embargo releases, file what had arrived when a server died, "
        "attach files to their reports and make clean copies of pictures, raise "
        "alerts about what waits too long, deliver alerts, call webhooks, make large files of "
        "published incidents and the snapshot of the day. Once, or with --every again and again "
        "until SIGTERM."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["every"]:
            done = ", ".join(f"{name}: {duty()}" for name, duty in DUTIES.items())
            self.stdout.write(done)
            return
        stopped = threading.Event()
        self._besides: dict[str, threading.Thread] = {}
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stopped.set())
        while not stopped.is_set():
            for name, duty in DUTIES.items():
                if name in LONG:
                    self._beside(name, duty)
                else:
                    self._survive(name, duty)
            stopped.wait(max(1.0, options["every"]))

    def _beside(self, name: str, duty: Callable[[], int]) -> None:
        """In a thread of its own that ends with the process, unless the last one still runs."""

        def work() -> None:
            self._survive(name, duty)
            connections.close_all()  # those of this thread

        last = self._besides.get(name)
        if last is None or not last.is_alive():
            self._besides[name] = threading.Thread(target=work, name=name, daemon=True)
            self._besides[name].start()

    def _survive(self, name: str, duty: Callable[[], int]) -> None:
        """One duty that fails keeps no other from its turn, nor itself from the next."""
        close_old_connections()
        try:
            duty()
        except Exception as error:  # noqa: BLE001  whatever it is, the clock goes on
            # The kind only: a message may quote what somebody wrote.
            log.error("tick: %s failed: %s", name, type(error).__name__)
            connection.close()
