"""Kill the server again and again in the middle of a burst, and count what it had acknowledged.

    python benchmarks/kill_ledger.py                                  # SQLite, 40 kills
    python benchmarks/kill_ledger.py --kills 200 --postgres postgres://postgres@127.0.0.1:5432/postgres

Observers send reports, half of them as phones do (sealed and signed), half as plain JSON. Each is
sent until a receipt comes that verifies; one in twenty is then sent once more. Meanwhile the
server and its clock get kill -9. At the end every acknowledged report must be in the database,
filed, exactly once, with the bytes that were sent, and the chain of history must hold. Ends with
1 otherwise.
"""

import argparse
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import field_world

TWICE = 0.05
AT_LEAST = 20  # reports accepted before the next kill
SLOWEST = 20.0  # seconds a server may take to accept them
BETWEEN = (0.05, 0.6)  # seconds more, so that no kill comes at a set moment


def main() -> None:
    given = arguments()
    place = field_world.settle(given.postgres)
    try:
        ledger = Ledger(given.port or free_port())
        senders = [
            Sender(ledger, observer, number)
            for number, observer in enumerate(field_world.build(given.senders, stations=50))
        ]
        with Server(ledger.port) as server:
            ledger.run(server, senders, given.kills)
        sound = ledger.judge(given.kills)
    finally:
        place.end()
        shutil.rmtree(place.folder)
    raise SystemExit(0 if sound else 1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", metavar="URL", default="")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--senders", type=int, default=12)
    parser.add_argument("--port", type=int, default=0, help="a free one unless given")
    return parser.parse_args()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Server:
    """Started by the standby process, killed with its whole group."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.group = 0

    def __enter__(self) -> "Server":
        script = Path(__file__).with_name("standby.py")
        self.standby = subprocess.Popen(
            [sys.executable, str(script), str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=field_world.ROOT,
            text=True,
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
        self.standby.kill()
        self.standby.communicate()  # closes its pipes, too

    def start(self) -> None:
        assert self.standby.stdin is not None
        assert self.standby.stdout is not None
        self.standby.stdin.write("\n")
        self.standby.stdin.flush()
        self.group = int(self.standby.stdout.readline())

    def kill(self) -> None:
        if not self.group:
            return
        for kill, target in ((os.killpg, self.group), (os.kill, self.group)):
            try:
                kill(target, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.group = 0


@dataclass
class Entry:
    """One report: the bytes that were sent and what was acknowledged of them."""

    name: str
    raw: bytes
    sealed: bool
    receipt: dict[str, Any]


@dataclass
class Ledger:
    port: int
    entries: list[Entry] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)  # answers there should never be
    tries: int = 0
    again: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.began = time.monotonic()

    def run(self, server: Server, senders: "list[Sender]", kills: int) -> None:
        for sender in senders:
            sender.start()
        for _kill in range(kills):
            before = len(self.entries)
            server.start()
            until = time.monotonic() + SLOWEST
            while len(self.entries) < before + AT_LEAST:
                time.sleep(0.005)
                if time.monotonic() > until:
                    self.odd.append(f"fewer than {AT_LEAST} accepted in {SLOWEST:.0f} s")
                    self.stopped.set()
                    return
            time.sleep(random.uniform(*BETWEEN))
            server.kill()
        server.start()
        self.stopped.set()  # what is on its way is sent until it is acknowledged
        for sender in senders:
            sender.join(timeout=120)
            if sender.is_alive():
                self.odd.append("a sender never got its receipt")

    def judge(self, kills: int) -> bool:
        from incidents import arriving, history, intake
        from incidents.models import Event, RawReport, Report

        intake.PATIENCE = timedelta(0)  # the clock, as a minute later
        arriving.take_up_arrived()
        filed = {str(row.pk): row for row in Report.objects.only("ref", "sha256", "received_at")}
        raw: dict[str, list[tuple[str, str]]] = {}
        for name, sha256, outcome in RawReport.objects.values_list(
            "report_id", "sha256", "outcome"
        ):
            raw.setdefault(str(name), []).append((sha256, outcome))
        lines = [str(pk) for pk in Event.objects.filter(verb="file_report").values_list("report")]
        lost = sum(not self._is_there(entry, filed, raw) for entry in self.entries)
        doubled = sum(len(rows) - 1 for rows in raw.values()) + len(lines) - len(set(lines))
        doubled += len(self.entries) - len({entry.name for entry in self.entries})
        unsound = sum(not verifies(entry, filed) for entry in self.entries)
        whole = not list(history.verify())
        seconds = time.monotonic() - self.began
        print(
            f"kills {kills} acknowledged {len(self.entries)} lost {lost} doubled {doubled} "
            f"chain {'ok' if whole else 'BROKEN'}"
        )
        print(
            f"  in {seconds:.0f} s: {self.tries} requests, {self.again} sent once more, "
            f"{len(filed)} filed, receipts that do not verify {unsound}, odd answers "
            f"{len(self.odd)}{': ' + self.odd[0] if self.odd else ''}"
        )
        return not (lost or doubled or unsound or self.odd) and whole and bool(self.entries)

    @staticmethod
    def _is_there(entry: Entry, filed: dict[str, Any], raw: dict[str, Any]) -> bool:
        kept = (hashlib.sha256(entry.raw).hexdigest(), "filed")
        return entry.name in filed and kept in raw.get(entry.name, ())


def verifies(entry: Entry, filed: dict[str, Any]) -> bool:
    """The receipt is for this report and, for an envelope, signed for exactly these bytes."""
    from observers import keys

    receipt, row = entry.receipt, filed.get(entry.name)
    if row is None or receipt["id"] != entry.name:
        return False
    if not entry.sealed:
        return bool(receipt["ref"] == row.ref and receipt["sha256"] == row.sha256)
    said = ("id", "sha256", "received_at", "ref")
    message = "\n".join(["dauys-receipt-1", *(str(receipt[name] or "") for name in said)])
    exact = receipt["sha256"] == hashlib.sha256(entry.raw).hexdigest()
    public = keys.receipt_key().private.public_key()
    return exact and keys.verifies(public, receipt["signature"], message.encode())


class Sender(threading.Thread):
    """One observer: sends a report until it is acknowledged, then the next."""

    def __init__(self, ledger: Ledger, observer: field_world.Observer, number: int) -> None:
        super().__init__(daemon=True)
        self.ledger, self.observer, self.number = ledger, observer, number
        self.random = random.Random(number)
        self.connection: http.client.HTTPConnection | None = None
        self.seq = 0

    def run(self) -> None:
        from elections.models import Election
        from observers import keys

        sealing = keys.sealing_key(Election.objects.get(slug=field_world.SLUG))
        for name, said in field_world.reports(str(self.number)):
            if self.ledger.stopped.is_set():
                break
            sealed = self.random.random() < 0.5
            raw = self._sealed(name, said, sealing) if sealed else field_world.as_json(said)
            receipt = self._until_acknowledged(name, raw, sealed)
            self.ledger.entries.append(Entry(name, raw, sealed, receipt))
            if self.random.random() < TWICE:
                self.ledger.again += 1
                second = self._until_acknowledged(name, raw, sealed)
                if any(second[key] != receipt[key] for key in ("id", "sha256", "received_at")):
                    self.ledger.odd.append("another receipt for the same report")

    def _sealed(self, name: str, said: dict[str, Any], sealing: Any) -> bytes:
        from incidents import envelopes

        self.seq += 1
        return envelopes.make(
            "report",
            said | {"election": field_world.SLUG},
            item=uuid.UUID(name),
            device=uuid.UUID(self.observer.device),
            seq=self.seq,
            to=sealing,
            by=self.observer.key,
        )

    def _until_acknowledged(self, name: str, raw: bytes, sealed: bool) -> dict[str, Any]:
        while True:
            self.ledger.tries += 1
            try:
                status, body = self._put(name, raw, sealed)
                if status in (200, 201):
                    return dict(json.loads(body))
                if status != 503:
                    self.ledger.odd.append(f"{status} {body[:200]!r}")
            except (OSError, http.client.HTTPException, ValueError):
                self.connection = None
            time.sleep(0.02)

    def _put(self, name: str, raw: bytes, sealed: bool) -> tuple[int, bytes]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.ledger.port, timeout=60)
        kind = "envelopes" if sealed else "reports"
        headers = {"Content-Type": "application/json"}
        if sealed:
            headers["Dauys-Clock"] = str(int(time.time() * 1000))
        else:
            headers["Authorization"] = f"Bearer {self.observer.token}"
        self.connection.request("PUT", f"/api/v1/{kind}/{name}/", raw, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()


if __name__ == "__main__":
    main()
