"""A snapshot is of one moment while others publish, and whole or not there when it is killed."""

import hashlib
import io
import json
import random
import threading
import time
import zipfile

import pytest
from django.db import connections

from elections.querysets import THE_WORLD
from incidents import snapshots
from incidents.models import Change, Incident, Publication, Snapshot
from incidents.snapshots import keeping
from tests.api.rows import published_row
from tests.contracts.stage import build_stage
from tests.incidents.test_snapshots import elsewhere

pytestmark = pytest.mark.django_db(transaction=True)
KILLS = 8


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.SNAPSHOTS_ROOT = tmp_path / "snapshots"
    return settings.SNAPSHOTS_ROOT


def held(snapshot: Snapshot) -> dict[str, str]:
    with snapshots.opened(snapshot) as file:
        archive = zipfile.ZipFile(io.BytesIO(file.read()))
    lines = archive.read("incidents.ndjson").decode().split("\n")
    return {row["ref"]: row["version"] for row in map(json.loads, filter(None, lines))}


def live_at(version: int) -> set[str]:
    """By the feed, from its first line on."""
    live: dict[str, str] = {}
    changes = Change.objects.filter(seq__lte=version).order_by("seq")
    for ref, op in changes.values_list("publication__ref", "op"):
        live[ref] = op
    return {ref for ref, op in live.items() if op == "upsert"}


def test_each_is_what_the_feed_says_while_two_publish_and_withdraw(monkeypatch):
    monkeypatch.setattr(keeping, "PIECE", 1)  # the rows are fetched one by one
    stage = build_stage("once")
    pool = [stage.publish().incident for _ in range(8)]
    done, failures = threading.Event(), []

    def write(incidents: list[Incident]) -> None:
        try:
            while not done.is_set():
                incident = random.choice(incidents)
                if Publication.objects.get(incident=incident).live:
                    stage.take(incident, "withdraw", "editor", kind="error")
                else:
                    stage.take(incident, "restore", "editor", reason="Again.")
                    stage.take(incident, "approve", "second_editor")
                    stage.take(incident, "publish", "second_editor")
        except Exception as error:  # noqa: BLE001 - told to the test below
            failures.append(error)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=[pool[half::2]]) for half in range(2)]
    for thread in writers:
        thread.start()
    made = []
    try:
        while not failures and len({one.data_version for one in made}) < 6:
            made.append(snapshots.make())
    finally:
        done.set()
        for thread in writers:
            thread.join()
    assert failures == []
    assert [set(held(one)) for one in made] == [live_at(one.data_version) for one in made]
    assert len({len(held(one)) for one in made}) > 1  # they were not all of one moment


def test_a_reading_that_began_sees_nothing_of_what_comes_then(monkeypatch):
    monkeypatch.setattr(keeping, "PIECE", 1)
    stage = build_stage("once")
    first = [stage.publish().ref for _ in range(4)]
    version = Change.objects.latest("seq").seq

    def meanwhile() -> None:
        stage.withdraw(Publication.objects.get(ref=first[0]), "safety")
        stage.publish()
        connections.close_all()

    with keeping._published() as (documents, coverage):
        rows = iter(documents)
        read = [next(rows)]
        thread = threading.Thread(target=meanwhile)
        thread.start()
        thread.join()
        read += list(rows)
    assert {json.loads(row)["ref"] for row in read} == set(first)
    assert (coverage.data_version, coverage.rows) == (version, 4)


MAKE = """
import itertools, sys
import django
django.setup()
from incidents.snapshots import keeping
print("ready", flush=True)
sys.stdin.readline()
for number in itertools.count(1):
    with keeping._alone():
        keeping._make(f"2021-01-10-{KEY}{number:04}")
"""


def test_a_build_that_is_killed_leaves_nothing_half(tmp_path, settings):
    for number in range(40):
        published_row(summary={"en": "Words. " * (number * 20)})
    settings.SNAPSHOTS_ROOT = tmp_path / "snapshots"  # where the other process keeps them
    chance, interrupted = random.Random(19), 0
    for kill in range(KILLS):
        process = elsewhere(MAKE.replace("{KEY}", str(kill + 1)), tmp_path)
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        process.stdin.write("go\n")
        process.stdin.flush()
        time.sleep(chance.uniform(0.05, 0.6))
        process.kill()
        process.communicate()
        interrupted += (settings.SNAPSHOTS_ROOT / keeping.MAKING).exists()
        for one in Snapshot.objects.visible_to(THE_WORLD):
            with snapshots.opened(one) as file:
                assert hashlib.sha256(file.read()).hexdigest() == one.sha256
    assert interrupted > 0
    assert Snapshot.objects.count() > 0
    snapshots.make()
    kept = {one.name for one in settings.SNAPSHOTS_ROOT.iterdir()} - {keeping.LOCK}
    assert kept == {f"{name}.zip" for name in Snapshot.objects.values_list("name", flat=True)}
    assert len(set(Snapshot.objects.values_list("sha256", flat=True))) == 1
