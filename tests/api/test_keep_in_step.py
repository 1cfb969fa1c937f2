"""The recipe that keeps a copy, run as a program against a server that answers."""

import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest

from incidents import feed
from incidents.models import Change, Publication
from tests.api.rows import published_row
from tests.walking import corrected, published, take, withdrawn

RECIPE = Path(__file__).resolve().parents[2] / "docs" / "recipes" / "keep_in_step.py"
# Kills itself before the statement of this number, as a power cut would.
KILLED = """
import os, runpy, signal, sqlite3, sys
left, connect = int(sys.argv.pop(1)), sqlite3.connect
def count(_sql):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
def watched(*given, **more):
    copy = connect(*given, **more)
    copy.set_trace_callback(count)
    return copy
sqlite3.connect = watched
sys.argv[0] = sys.argv.pop(1)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
TOMBSTONES = "SELECT ref, reason, merged_into FROM incidents WHERE document IS NULL"
pytestmark = pytest.mark.django_db(transaction=True)


class Follower:
    def __init__(self, base: str, file: Path) -> None:
        self.base, self.file = f"{base}/api/v1", file

    def run(self, *before: str, filters: tuple[str, ...] = ("limit=2",)):
        line = [sys.executable, *before, str(RECIPE), self.base, str(self.file), *filters]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    def follow(self) -> None:
        done = self.run()
        assert done.returncode == 0, done.stderr

    def read(self, question: str) -> list:
        with closing(sqlite3.connect(self.file)) as copy:
            return copy.execute(question).fetchall()

    @property
    def since(self) -> int:
        return self.read("SELECT since FROM place")[0][0]

    @property
    def copy(self) -> dict:
        rows = self.read("SELECT ref, document FROM incidents WHERE document IS NOT NULL")
        return {ref: json.loads(document) for ref, document in rows}


@pytest.fixture
def follower(live_server, tmp_path):
    return Follower(live_server.url, tmp_path / "copy.sqlite3")


def everything() -> dict:
    return {row.ref: json.loads(row.document) for row in Publication.objects.filter(live=True)}


def test_a_copy_follows_everything_that_happens(follower):
    kept, gone, loser = published(), withdrawn_later(), published()
    follower.follow()
    assert follower.copy == everything()
    assert len(follower.copy) == 3
    corrected(kept, title={"en": "Corrected"})
    withdrawn(gone, kind="safety")
    take(loser.incident, "merge", into=kept.ref, reason="The same event.")
    follower.follow()
    assert follower.copy == everything()
    assert [one["title"] for one in follower.copy.values()] == [{"en": "Corrected"}]
    told = {ref: rest for ref, *rest in follower.read(TOMBSTONES)}
    assert told == {gone.ref: ["safety", None], loser.ref: ["merged", kept.ref]}
    with urlopen(f"{follower.base}/incidents/{loser.ref}/") as answer:  # follows a 308
        assert json.load(answer)["ref"] == kept.ref
    assert b"PAPER LANTERN" not in follower.file.read_bytes()


def withdrawn_later() -> Publication:
    return published(title={"en": "PAPER LANTERN"}, summary={"en": "PAPER LANTERN"})


def test_nothing_new_is_asked_with_the_tag_of_the_last_answer(follower, monkeypatch):
    published_row()
    follower.follow()  # the number moves
    follower.follow()  # nothing came: its tag is kept
    before = follower.read("SELECT * FROM place")
    assert len(before[0][2]) > 30
    answers = []
    monkeypatch.setattr(feed, "since", lambda *a, **k: answers.append(a))  # a whole answer fails
    follower.follow()
    assert follower.read("SELECT * FROM place") == before
    assert answers == []


def test_killed_before_every_statement_it_ends_with_the_same(follower):
    for _number in range(3):
        published_row()
    killed = 0
    while True:
        done = follower.run("-c", KILLED, str(killed))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        killed += 1
        if follower.read("SELECT * FROM sqlite_master WHERE name = 'incidents'"):
            seen = follower.since if follower.read("SELECT * FROM place") else 0
            assert len(follower.copy) == Change.objects.filter(seq__lte=seen).count()
    assert killed > 8
    assert follower.copy == everything()


def test_another_address_or_a_refusal_leaves_the_copy_alone(follower):
    published_row()
    follower.follow()
    before = follower.copy
    done = follower.run(filters=("limit=3",))
    assert done.returncode == 1
    assert "another file" in done.stderr
    with closing(sqlite3.connect(follower.file)) as copy, copy:
        copy.execute("UPDATE place SET since = 99")  # as after the server was set back
    done = follower.run()
    assert done.returncode == 1
    assert "has not come so far" in done.stderr
    assert (follower.copy, follower.since) == (before, 99)


class Busy(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        Busy.asked += 1
        self.send_response(429 if Busy.asked == 1 else 200)
        self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(b'{"results": [], "has_more": false, "next_since": 7}')

    def log_message(self, *said):
        pass


@pytest.mark.django_db(transaction=False)
def test_a_busy_server_is_given_the_time_it_asks_for(tmp_path):
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        busy = Follower(f"http://127.0.0.1:{server.server_port}", tmp_path / "copy.sqlite3")
        begun = time.monotonic()
        busy.follow()
        server.shutdown()
    assert (Busy.asked, busy.since) == (2, 7)
    assert time.monotonic() - begun >= 1
