"""A copy kept by the recipe equals the database, whoever writes in the meantime."""

import importlib.util
import json
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from incidents import composing
from incidents.models import Change, Incident, Publication
from incidents.refs import new_ref
from observers import tokens
from tests.api.rows import get, published_row, refs
from tests.contracts.stage import build_stage
from tests.factories import UserFactory

RECIPE = Path(__file__).resolve().parents[2] / "docs" / "recipes" / "keep_in_step.py"
WRITERS, ROUNDS = 8, 3
INSERTED, EDITED, LASTING = 1000, 100, 120


def recipe():
    spec = importlib.util.spec_from_file_location("keep_in_step", RECIPE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Follower(threading.Thread):
    """Runs the recipe every 10 ms, and notes which changes its pages held."""

    def __init__(self, base: str, file: Path) -> None:
        super().__init__()
        self.base, self.file, self.done = base, file, threading.Event()
        self.seen: list[tuple[int, str, str]] = []
        self.failed: list[BaseException] = []
        self.polls = 0

    def run(self) -> None:
        try:
            self.follow()
        except BaseException as error:  # noqa: BLE001 - told to the test
            self.failed.append(error)

    def follow(self) -> None:
        tool = recipe()
        asked = tool.ask

        def ask(url, etag):
            page, tag = asked(url, etag)
            self.seen += [(one["seq"], one["op"], one["id"]) for one in page["results"]]
            self.polls += 1
            return page, tag

        tool.ask = ask
        address = f"{self.base}/api/v1/changes/?limit=7"
        with closing(sqlite3.connect(self.file, isolation_level=None)) as copy:
            copy.executescript(tool.TABLES)
            last = False
            while not last:
                last = self.done.is_set()  # once more after the last writer
                while tool.step(copy, address):
                    pass
                time.sleep(0.01)

    def rows(self) -> dict[str, tuple]:
        with closing(sqlite3.connect(self.file)) as copy:
            found = copy.execute("SELECT id, ref, document, reason, merged_into FROM incidents")
            return {row[0]: row[1:] for row in found}


def write(stage, number: int, failures: list) -> None:
    """Publishes one to stay, one to be corrected again and again, one to be withdrawn."""
    try:
        lasting = stage.publish()
        for round_ in range(ROUNDS):
            stage.take(lasting.incident, "correct", "editor", what_changed=f"Round {round_}")
            content = {"title": {"en": f"Writer {number}, round {round_}"}}
            stage.take(lasting.incident, "write", "editor", content=content)
            stage.take(lasting.incident, "submit", "editor")
            stage.take(lasting.incident, "approve", "second_editor")
            stage.take(lasting.incident, "publish", "second_editor")
            gone = stage.publish()
            stage.withdraw(gone, kind="safety" if round_ % 2 else "error")
    except BaseException as error:  # noqa: BLE001 - told to the test
        failures.append(error)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_eight_writers_and_a_poller_every_ten_milliseconds(live_server, tmp_path):
    stage, failures = build_stage("step"), []
    follower = Follower(live_server.url, tmp_path / "copy.sqlite3")
    writers = [
        threading.Thread(target=write, args=[stage, number, failures]) for number in range(WRITERS)
    ]
    for thread in (follower, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    follower.done.set()
    follower.join()
    assert (failures, follower.failed) == ([], [])

    numbers = [seq for seq, _op, _id in follower.seen]
    assert numbers == sorted(set(numbers)), "each state once, in order"
    told = {
        seq: (op, str(id_))
        for seq, op, id_ in Change.objects.values_list("seq", "op", "publication_id")
    }
    assert len(told) == WRITERS * (1 + 3 * ROUNDS) == max(told)
    assert {seq: (op, id_) for seq, op, id_ in follower.seen}.items() <= told.items(), "0 extra"
    newest = set(Change.objects.latest_states().values_list("seq", flat=True))
    assert newest <= set(numbers), "0 missed"
    assert follower.rows() == {
        str(row.pk): (
            row.ref,
            json.dumps(json.loads(row.document), ensure_ascii=False) if row.live else None,
            row.withdrawn_reason or None,
            row.merged_into_ref or None,
        )
        for row in Publication.objects.all()
    }
    assert sum(row.live for row in Publication.objects.all()) == WRITERS
    assert follower.polls > 20


@pytest.mark.parametrize("ordering", ["-published", "published"])
@pytest.mark.django_db
def test_a_walk_meets_every_lasting_row_once_while_a_thousand_arrive(client, ordering):
    """And a hundred are edited; forwards and backwards in time, page after page."""
    lasting = [published_row() for _ in range(LASTING)]
    edit = iter(lasting[-1 : LASTING - EDITED - 1 : -1])
    seen: list[str] = []
    answer = get(client, f"/incidents/?limit=10&ordering={ordering}")
    pages, inserted, edited = 0, 0, 0
    while True:
        seen += refs(answer)
        pages += 1
        # All of both while the rows that were there at the beginning are walked.
        due = min(INSERTED, pages * INSERTED // (LASTING // 10))
        insert(due - inserted, like=lasting[0])
        inserted = due
        while edited < min(EDITED, pages * EDITED // (LASTING // 10)):
            row = next(edit)
            document = json.loads(row.document) | {"severity": 3, "version": 2}
            row.severity, row.document = 3, json.dumps(document, ensure_ascii=False)
            row.save(update_fields=["severity", "document"])
            edited += 1
        if answer["next"] is None:
            break
        answer = get(client, answer["next"].partition("/api/v1")[2])
    assert (inserted, edited) == (INSERTED, EDITED)
    assert len(seen) == len(set(seen))
    assert {row.ref for row in lasting} <= set(seen)
    if ordering == "-published":
        assert set(seen) == {row.ref for row in lasting}


def insert(count: int, like: Publication) -> None:
    """Rows of the list, many at once: by the verbs a thousand of them take a minute."""
    named = ("id", "ref", "version", "url", "published_at", "updated_at")
    document = {k: v for k, v in json.loads(like.document).items() if k not in named}
    incidents, rows = [], []
    refs: set[str] = set()
    while len(refs) < count:  # of so many, two may be equal
        refs.add(new_ref(like.election.ref_prefix))
    for ref in refs:
        incidents.append(Incident(ref=ref, election=like.election, title="x"))
        rows.append(
            composing.render(
                incidents[-1],
                dict(document),
                version=1,
                published_at=timezone.now(),
                updated_at=timezone.now(),
            )
        )
    Incident.objects.bulk_create(incidents)
    Publication.objects.bulk_create(rows)


@pytest.mark.django_db
def test_a_revoked_token_ends_the_walk_at_the_next_page(client):
    for _ in range(3):
        published_row()
    token, text = tokens.create(UserFactory(), name="walk", scopes=["published:read"])
    bearer = {"Authorization": f"Bearer {text}"}
    first = get(client, "/incidents/?limit=1", **bearer)
    following = first["next"].partition("/api/v1")[2]
    assert len(get(client, following, **bearer)["results"]) == 1
    tokens.revoke(token)
    problem = get(client, following, 401, **bearer)
    assert problem["type"] == "/api/v1/problems/not-authenticated/"


@pytest.mark.django_db
def test_a_cursor_of_another_list_is_refused(client):
    for _ in range(3):
        published_row()
    following = get(client, "/incidents/?limit=1&severity=2")["next"]
    cursor = following.partition("cursor=")[2]
    for other in ("/incidents/?", "/incidents/?severity=2,3&", "/crosswalks/stop/?severity=2&"):
        problem = get(client, f"{other}limit=1&cursor={cursor}", 400)
        assert [error["parameter"] for error in problem["errors"]] == ["cursor"]
