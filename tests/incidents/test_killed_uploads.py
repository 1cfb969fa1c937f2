"""Two servers on one disk get kill -9 while a phone sends a file: it comes whole and once."""

import base64
import http.client
import json
import random
import shutil
import sqlite3
import threading
import time
import uuid
from contextlib import ExitStack

import pytest
from django.conf import settings
from django.db import connection

from benchmarks.kill_ledger import Server, free_port
from incidents.evidence import sealing
from incidents.models import Upload
from tests.camera import PIECE, TUS, UPLOADS, phone
from tests.contracts.stage import build_stage

# Two servers share the copied file of a SQLite database; benchmarks/kill_ledger.py kills those on
# PostgreSQL.
pytestmark = [
    pytest.mark.once,
    pytest.mark.copies_the_file,
    pytest.mark.django_db(transaction=True),
]
KILLS, STEP = 6, 256 * 1024
HEADERS = {"Tus-Resumable": TUS["HTTP_TUS_RESUMABLE"]}


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The test's database, with what it holds, and its keys, where other processes see them."""

    def copy():
        file = tmp_path / "copy.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(file)])
        shutil.copytree(settings.KEYS_DIR, tmp_path / "keys")
        for name, value in {
            "ENVIRONMENT": "demo",
            "DATA_DIR": tmp_path,
            "DATABASE_URL": f"sqlite:///{file}",
        }.items():
            monkeypatch.setenv(name, str(value))
        return file

    return copy


def ask(port, method, path, body=None, **headers):
    """(status, headers), or None when the server died in it."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        line.request(method, path, body, HEADERS | headers)
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        line.close()
    return answer.status, answer.headers


def surely(port, *given, **headers):
    for _try in range(400):
        if (answer := ask(port, *given, **headers)) is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError("the server never came up")


def test_a_file_survives_kills_between_and_during_its_pieces(copied, tmp_path):
    stage = build_stage("killed")
    camera = phone(stage.people["observer"], stage.election)
    content = random.Random(4).randbytes(4 * 1024**2 + 77)
    sealed = camera.seal(content, report=uuid.uuid4(), chunk=64 * 1024)
    file = copied()
    envelope = base64.b64encode(sealed.envelope).decode()
    begin = {"Upload-Length": str(len(sealed.body)), "Upload-Metadata": f"envelope {envelope}"}

    def stands(port):
        """What HEAD says is what the row says."""
        said = int(surely(port, "HEAD", sealed.path)[1]["Upload-Offset"])
        with sqlite3.connect(file) as rows:
            table = Upload._meta.db_table
            [(kept,)] = rows.execute(f'SELECT "offset" FROM {table}').fetchall()
        assert said == kept
        return said

    def patch(port, at, answers):
        where = {"Upload-Offset": str(at), "Content-Type": PIECE}
        answers.append(ask(port, "PATCH", sealed.path, sealed.body[at : at + STEP], **where))

    with ExitStack() as stack:
        servers = [stack.enter_context(Server(free_port())) for _number in range(2)]
        for server in servers:
            server.start()
        ports = [server.port for server in servers]
        assert surely(ports[0], "POST", UPLOADS, **begin)[0] == 201
        surely(ports[1], "HEAD", sealed.path)
        chance, at = random.Random(2026), 0
        for kill in range(KILLS):
            # Both get the same piece at once; one of them dies in the middle of it, or after.
            answers = []
            sending = [threading.Thread(target=patch, args=(p, at, answers)) for p in ports]
            for one in sending:
                one.start()
            time.sleep(chance.uniform(0, 0.06))
            victim = servers[kill % 2]
            victim.kill()
            for one in sending:
                one.join()
            accepted = [one for one in answers if one is not None and one[0] == 204]
            assert len(accepted) <= 1
            assert {one[0] for one in answers if one} <= {204, 409, 423}
            victim.start()
            now = stands(victim.port)
            assert now in (at, at + STEP)
            assert now == at + STEP or not accepted  # what was acknowledged stays
            at = now
        while at < len(sealed.body):
            answers = []
            patch(ports[at // STEP % 2], at, answers)
            assert answers[0] is not None
            assert answers[0][0] == 204
            at = stands(ports[0])
        receipt = surely(ports[1], "HEAD", sealed.path)[1]["Dauys-Receipt"]
    assert json.loads(base64.b64decode(receipt))["id"] == str(sealed.id)
    [original] = (one for one in tmp_path.glob("**/originals/*/*") if one.is_file())
    assert sealing.digest(original) == (sealed.sha256, len(content))
