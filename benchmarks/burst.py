"""How many reports a second are accepted: validated, in history, on disk before the answer.

    python benchmarks/burst.py                                              # SQLite
    python benchmarks/burst.py --postgres postgres://postgres@127.0.0.1:5432/postgres --servers 2
    python benchmarks/burst.py --slow 300                                   # beside slow clients
    python benchmarks/burst.py --server granian --postgres postgres://…     # as behind nginx

Starts the product's own server on an empty database of its own. One report in twenty is sent
twice under its id, as by a phone that never saw the answer. Afterwards every acknowledged report
must be in the database exactly once. `--envelopes` sends what phones send.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import field_world
from benchmarks.closed_loop import Address, Result, Sent, drive, put

TICKS = os.sysconf("SC_CLK_TCK")
TWICE, MIN_AGO = 0.05, 1500


def main() -> None:
    given = arguments()
    place = field_world.settle(given.postgres)
    try:
        observers = field_world.build()
        ports = [given.port + number for number in range(given.servers)]
        servers = [SERVERS[given.server](port, given.threads) for port in ports]
        addresses = [("127.0.0.1", port) for port in ports]
        for address in addresses:
            wait_for(address)
        try:
            measure(given, place, servers, addresses, observers)
        finally:
            for server in servers:
                stop(server)
    finally:
        place.end()
        shutil.rmtree(place.folder)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", metavar="URL", default="")
    parser.add_argument("--clients", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", type=int, default=1, help="processes, as behind a proxy")
    parser.add_argument("--server", choices=sorted(SERVERS), default="waitress")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--port", type=int, default=8116)
    parser.add_argument("--slow", type=int, default=0, help="clients that drip their bodies")
    parser.add_argument("--envelopes", action="store_true")
    return parser.parse_args()


def waitress(port: int, threads: int) -> "subprocess.Popen[bytes]":
    """As `make run` does it."""
    options = [f"--listen=127.0.0.1:{port}", f"--threads={threads}"]
    return start("waitress", *options, "--connection-limit=1000", "--channel-timeout=20")


def granian(port: int, threads: int) -> "subprocess.Popen[bytes]":
    """As behind a proxy that buffers bodies; one that drips its body holds a thread of it."""
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    options += ["--workers", "1", "--blocking-threads", str(threads), "--backlog", "1024"]
    return start("granian", *options)


def start(module: str, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", module, *options, "config.wsgi:application"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=field_world.ROOT, stdout=quiet, stderr=quiet)


SERVERS = {"waitress": waitress, "granian": granian}


def stop(server: "subprocess.Popen[bytes]") -> None:
    """With the workers it started, whether it ends them itself or not."""
    workers = children(server.pid)
    server.terminate()
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """All below it: granian's work is done by a child of the process that was started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *children(child)]
    return found


def wait_for(address: Address) -> None:
    for _try in range(600):
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"nothing answers at {address}")


def measure(given, place, servers, addresses, observers) -> None:  # type: ignore[no-untyped-def]
    kind = "PostgreSQL" if given.postgres else "SQLite"
    many = f"{given.servers} process(es) x {given.threads} threads"
    print(f"{kind}, {given.server}, {many}", flush=True)
    drip = Drip(addresses[0], given.slow)
    make = envelopes if given.envelopes else plain
    drive(addresses, limited(make(observers, "warm"), 300), clients=20, seconds=5)
    acknowledged: set[str] = set()
    for clients in given.clients:
        for number in range(given.rounds):
            requests = ready(make(observers, f"{clients} {number}"), int(1200 * given.seconds))
            pids = [pid for one in servers for pid in (one.pid, *children(one.pid))]
            meter = Meter(pids, place)
            result = drive(addresses, requests, clients=clients, seconds=given.seconds)
            print(f"{clients:4} clients  {told(result)}  {meter.told(result)}", flush=True)
            acknowledged |= result.acknowledged
    drip.end()
    if given.slow:
        print(f"{given.slow} slow clients beside it, {drip.open} still connected at the end")
    check(acknowledged)


def limited(requests: Iterator[Sent], count: int) -> Iterator[Sent]:
    return (request for request, _number in zip(requests, range(count), strict=False))


def ready(requests: Iterator[Sent], count: int) -> Iterator[Sent]:
    """Made before the clock starts; some of them come again later."""
    random, made = Random(1), list(limited(requests, count))
    rows = []
    for number, request in enumerate(made):
        rows.append(request)
        if number >= MIN_AGO // 10 and random.random() < TWICE:
            rows.append(made[number - min(number, MIN_AGO)])
    return iter(rows)


def plain(observers: list[field_world.Observer], seed: str) -> Iterator[Sent]:
    for number, (name, said) in enumerate(field_world.reports(f"{seed} {uuid.uuid4()}")):
        token = observers[number % len(observers)].token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = field_world.as_json(said)
        yield name, put(f"/api/v1/reports/{name}/", body, headers)


def envelopes(observers: list[field_world.Observer], seed: str) -> Iterator[Sent]:
    from elections.models import Election
    from incidents import envelopes as sealing
    from observers import keys

    to = keys.sealing_key(Election.objects.get(slug=field_world.SLUG))
    for number, (name, said) in enumerate(field_world.reports(f"{seed} {uuid.uuid4()}")):
        one = observers[number % len(observers)]
        said |= {"election": field_world.SLUG, "evidence": []}
        raw = sealing.make(
            "report",
            said,
            item=uuid.UUID(name),
            device=uuid.UUID(one.device),
            seq=1 + time.time_ns() // 1000,
            to=to,
            by=one.key,
        )
        headers = {"Content-Type": "application/json", "Dauys-Clock": str(int(time.time() * 1000))}
        yield name, put(f"/api/v1/envelopes/{name}/", raw, headers)


def told(result: Result) -> str:
    return (
        f"{result.rate:6.0f}/s  p50 {result.percentile(0.5):5.0f} ms  "
        f"p95 {result.percentile(0.95):5.0f} ms  failures {result.failures} "
        f"(new {result.codes[201]}, again {result.codes[200]})"
    )


class Meter:
    """CPU of the servers and of their database processes since it was made."""

    def __init__(self, pids: list[int], place: field_world.Place) -> None:
        self.pids, self.place = pids, place
        self.server, self.database = self._server(), self._database()
        self.machine = machine()
        self.client = time.process_time()

    def _server(self) -> float:
        return sum(_used(pid) for pid in self.pids)

    def _database(self) -> float:
        if not self.place.made:
            return 0.0
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [self.place.made],
            )
            return sum(_used(pid) for (pid,) in cursor.fetchall())

    def told(self, result: Result) -> str:
        count = max(1, sum(result.codes.values()))
        server, database = self._server() - self.server, self._database() - self.database
        busy, whole = (
            after - before for after, before in zip(machine(), self.machine, strict=True)
        )
        others = busy - server - database - (time.process_time() - self.client)
        return (
            f"CPU {1000 * server / count:.2f} + {1000 * database / count:.2f} ms a report, "
            f"others {100 * max(0.0, others) / whole:.0f} %"
        )


def machine() -> tuple[float, float]:
    """Seconds all cores were busy, and all seconds."""
    numbers = [int(n) for n in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(numbers) - numbers[3] - numbers[4]) / TICKS, sum(numbers) / TICKS


def _used(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


class Drip:
    """Clients that send a byte of their body each second, as from the worst of networks."""

    def __init__(self, address: Address, count: int) -> None:
        self.address = address
        self.sockets: list[socket.socket] = []
        self.stopped = threading.Event()
        self.open = 0
        for _number in range(count):
            self.sockets.append(self._begin())
        self.thread = threading.Thread(target=self._drip, daemon=True)
        self.thread.start()

    def _begin(self) -> socket.socket:
        one = socket.create_connection(self.address, timeout=30)
        path = f"/api/v1/reports/{uuid.uuid4()}/"
        one.sendall(put(path, b"", {"Content-Type": "application/json"}).replace(b": 0", b": 900"))
        return one

    def _drip(self) -> None:
        while not self.stopped.wait(1):
            for one in self.sockets:
                try:
                    one.sendall(b" ")
                except OSError:
                    continue

    def end(self) -> None:
        self.stopped.set()
        self.thread.join()
        for one in self.sockets:
            one.setblocking(False)
            try:
                self.open += bool(one.recv(1))
            except BlockingIOError:
                self.open += 1
            except OSError:
                pass
            one.close()


def check(acknowledged: set[str]) -> None:
    """None lost, none doubled, history whole. Ends with 1 otherwise."""
    from incidents import history
    from incidents.models import Event, RawReport, Report

    filed = [str(pk) for pk in Report.objects.values_list("pk", flat=True)]
    lost = len(acknowledged - set(filed))
    events = Event.objects.filter(verb="file_report").count()
    raw = RawReport.objects.filter(outcome="filed").count()
    doubled = abs(events - len(filed)) + abs(raw - len(filed))
    whole = not list(history.verify())
    print(
        f"acknowledged {len(acknowledged)} lost {lost} doubled {doubled} "
        f"chain {'ok' if whole else 'BROKEN'}"
    )
    if lost or doubled or not whole:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
