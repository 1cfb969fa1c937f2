"""The product's server, ready to be started again at once: loaded once, forked for each start.

    python benchmarks/standby.py PORT      reads a line for each start, writes the process group

What is forked is waitress as `make run` starts it, and the clock beside it, in a process group of
their own, to be killed together. This process itself never touches the database.
"""

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from waitress import serve

from config.wsgi import application


def main() -> None:
    port = int(sys.argv[1])
    _load_addresses()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            _be_a_server(port)
        print(child, flush=True)


def _load_addresses() -> None:
    """Views and all they need, which the first request would load otherwise."""
    from django.urls import resolve

    resolve("/api/v1/reports/x/")


def _be_a_server(port: int) -> None:
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if os.fork() == 0:
        from django.core.management import call_command

        call_command("tick", "--every", "1")
        os._exit(0)
    listen = f"127.0.0.1:{port}"
    while True:
        try:
            serve(application, listen=listen, threads=8, connection_limit=1000, channel_timeout=20)
        except OSError:  # the one that was killed still holds the port
            time.sleep(0.01)


if __name__ == "__main__":
    main()
