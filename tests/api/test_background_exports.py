"""Workbooks too long to wait for: asked for once, made by the clock, gone with a withdrawal."""

import io
import os
import shutil
import stat
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings
from django.core import signing
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from incidents import exporting, sheets
from incidents.models import Export, Publication
from incidents.vocabulary import ExportStage
from tests.api.rows import body_of, get, many_rows, published_row
from tests.contracts.stage import build_stage

pytestmark = pytest.mark.django_db
LONG = "/api/v1/incidents/?format=xlsx"


@pytest.fixture(autouse=True)
def _short(monkeypatch, tmp_path):
    """Three rows are too many to wait for; files lie where no other test looks."""
    monkeypatch.setattr(exporting, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path / "evidence")


def asked(client, query: str = "") -> Export:
    answer = client.get(f"{LONG}{query}")
    assert answer.status_code == 202, answer.content[:500]
    assert ("Retry-After" in answer) == (answer.json()["status"] in exporting.UNFINISHED)
    assert answer["Location"] == answer.json()["url"]
    assert "ETag" not in answer
    return Export.objects.get(pk=answer.json()["id"])


def done(client, query: str = "") -> tuple[Export, dict]:
    export = asked(client, query)
    assert exporting.make_waiting() == 1
    told = client.get(f"/api/v1/exports/{export.pk}/").json()
    assert told["status"] == "done"
    export.refresh_from_db()
    return export, told


def files() -> list[Path]:
    return sorted(exporting.root().iterdir()) if exporting.root().is_dir() else []


def test_it_is_promised_made_and_fetched(client):
    rows = many_rows(3)
    export = asked(client)
    told = get(client, f"/exports/{export.pk}/")
    assert (told["status"], told["rows_total"], told["download"]) == ("queued", 3, None)
    call_command("tick", stdout=io.StringIO())
    answer = client.get(f"/api/v1/exports/{export.pk}/")
    assert answer["Cache-Control"] == "no-store"
    assert "Retry-After" not in answer
    told = answer.json()
    assert (told["status"], told["rows_done"], told["rows_total"]) == ("done", 3, 3)
    file = client.get(told["download"])
    content = body_of(file)
    assert int(file["Content-Length"]) == told["size"] == len(content)
    assert file["ETag"] == f'"{told["sha256"]}"'
    sheet = openpyxl.load_workbook(io.BytesIO(content))["incidents"]
    assert {line[1] for line in sheet.values} == {"ref", *(row.ref for row in rows)}
    assert client.head(told["download"]).status_code == 200


def test_it_is_the_file_that_would_have_been_sent_at_once(client, monkeypatch):
    many_rows(5)
    query = "&labels=ru&hxl=true&fields=ref,category,persons_min,title&region=KZ-ALA,KZ-SHY"
    query = query.replace("&region=KZ-ALA,KZ-SHY", "&severity_min=2&ordering=published")
    _export, told = done(client, query)
    made = body_of(client.get(told["download"]))
    monkeypatch.setattr(exporting, "MOST_AT_ONCE", 100)
    assert made == body_of(client.get(f"{LONG}{query}"))


def test_few_rows_are_sent_at_once_and_a_page_always(client):
    many_rows(3)
    assert client.get(f"{LONG}&severity=4").status_code == 200
    assert client.get(f"{LONG}&limit=1000").status_code == 200
    assert client.head(LONG).status_code == 200
    assert not Export.objects.exists()


def test_the_same_rows_asked_for_again_are_the_same_file(client):
    many_rows(3)
    first = asked(client, "&severity=2,3&ordering=published")
    assert asked(client, "&ordering=published&severity=2,3") == first
    assert asked(client, "&severity=2") != first
    exporting.make_waiting()
    assert asked(client, "&ordering=published&severity=2,3") == first
    published_row()
    assert asked(client, "&ordering=published&severity=2,3") != first  # there is more to tell


def test_they_do_not_pile_up(client, monkeypatch):
    many_rows(3)
    monkeypatch.setattr(exporting, "MOST_FILES", 2)
    asked(client)
    asked(client, "&severity=2")
    answer = client.get(f"{LONG}&severity=2&severity_min=1")
    assert answer.status_code == 429
    assert answer["Retry-After"]
    assert answer.json()["type"] == "/api/v1/problems/throttled/"
    asked(client)  # who asked before is not turned away
    Export.objects.update(expires_at=timezone.now())
    asked(client, "&severity=2&severity_min=1")


def test_only_this_process_reads_the_file_on_the_disk(client):
    many_rows(3)
    export, _told = done(client)
    assert stat.S_IMODE(exporting.place(export).stat().st_mode) == 0o600
    assert stat.S_IMODE(exporting.root().stat().st_mode) == 0o700
    assert files() == [exporting.place(export)]  # and nothing of the making


def test_it_is_gone_with_the_hour(client):
    many_rows(3)
    export, told = done(client)
    Export.objects.update(expires_at=timezone.now())
    for path in (f"/api/v1/exports/{export.pk}/", told["download"]):
        answer = client.get(path)
        assert answer.status_code == 410
        assert answer.json()["type"] == "/api/v1/problems/export-gone/"
    exporting.make_waiting()
    assert files() == []
    Export.objects.update(expires_at=timezone.now() - timedelta(hours=2))
    exporting.make_waiting()
    assert client.get(f"/api/v1/exports/{export.pk}/").status_code == 404


def test_a_link_lives_for_minutes_and_cannot_be_made_up(client, monkeypatch):
    many_rows(3)
    export, told = done(client)
    forged = signing.dumps(export.pk.hex, salt="something else")
    for signed in (forged, told["download"].rstrip("/")[:-1], "x", str(export.pk), "%00", "é"):
        answer = client.get(f"/api/v1/exports/file/{signed.split('/')[-1]}/")
        assert answer.status_code in {400, 404}
    monkeypatch.setattr(exporting, "LINK_LIVES", timedelta(seconds=-1))
    assert client.get(told["download"]).status_code == 410


def test_a_link_to_what_is_not_ready_says_so(client):
    many_rows(3)
    answer = client.get(f"/api/v1/exports/file/{exporting.link(asked(client))}/")
    assert answer.status_code == 409
    assert answer["Retry-After"]


@pytest.mark.parametrize("key", ["00000000-0000-4000-8000-000000000000", "1", "x"])
def test_who_names_no_id_finds_nothing(client, key):
    assert client.get(f"/api/v1/exports/{key}/").status_code == 404


def test_no_parameter_is_taken(client):
    many_rows(3)
    assert client.get(f"/api/v1/exports/{asked(client).pk}/?token=1").status_code == 400


class TestWithdrawal:
    @pytest.fixture
    def stage(self):
        made = build_stage("withdrawal")
        made.rows = [made.publish(made.open(made.file())) for _number in range(3)]
        return made

    def test_no_file_outlives_it(self, client, stage):
        export, told = done(client)
        assert stage.rows[0].ref in str(book(client, told))
        stage.withdraw(stage.rows[0], kind="safety")
        for path in (f"/api/v1/exports/{export.pk}/", told["download"]):
            assert client.get(path).status_code == 410, path
        exporting.make_waiting()
        assert files() == []

    def test_a_correction_and_another_election_take_no_file_away(self, client, stage):
        _export, told = done(client, "&election=withdrawal")
        other = build_stage("another")
        other.withdraw(other.publish())
        assert client.get(told["download"]).status_code == 200
        body_of(client.get(told["download"]))

    def test_in_the_middle_of_the_making_it_is_made_again_without_it(
        self, client, stage, monkeypatch
    ):
        export, write = asked(client), sheets.write

        def withdrawn_meanwhile(*given, **named):
            write(*given, **named)
            if Publication.objects.get(pk=stage.rows[0].pk).live:
                stage.withdraw(stage.rows[0])

        monkeypatch.setattr(sheets, "write", withdrawn_meanwhile)
        assert exporting.make_waiting() == 1
        export.refresh_from_db()
        assert (export.stage, export.attempts, export.rows_total) == ("done", 2, 2)
        told = get(client, f"/exports/{export.pk}/")
        assert stage.rows[0].ref not in str(book(client, told))
        assert files() == [exporting.place(export)]


def book(client, told: dict) -> list:
    content = io.BytesIO(body_of(client.get(told["download"])))
    return list(openpyxl.load_workbook(content)["incidents"].values)


class TestWhoMakesIt:
    def test_a_maker_who_died_is_followed_by_another(self, client):
        many_rows(3)
        export = asked(client)
        taken = exporting._taken()
        assert taken == export
        exporting.place(taken).with_suffix("").mkdir(parents=True)  # what it had begun
        assert exporting.make_waiting() == 0  # it may still live
        Export.objects.update(leased_until=timezone.now())
        assert exporting.make_waiting() == 1
        export.refresh_from_db()
        assert (export.stage, export.attempts) == ("done", 2)
        assert files() == [exporting.place(export)]

    def test_who_was_taken_for_dead_stops_and_leaves_no_file(self, client, monkeypatch):
        many_rows(3)
        export, write = asked(client), sheets.write

        def overtaken(*given, **named):
            Export.objects.update(attempts=2)
            write(*given, **named)

        monkeypatch.setattr(sheets, "write", overtaken)
        exporting.make_waiting()
        export.refresh_from_db()
        assert (export.stage, files()) == ("running", [])

    def test_what_fails_three_times_has_failed(self, client, monkeypatch):
        many_rows(3)
        export = asked(client)

        def broken(*given, **named):
            raise OSError("no")

        monkeypatch.setattr(sheets, "write", broken)
        exporting.make_waiting()
        told = get(client, f"/exports/{export.pk}/")
        assert (told["status"], told["download"]) == ("failed", None)
        assert files() == []
        monkeypatch.undo()
        monkeypatch.setattr(exporting, "MOST_AT_ONCE", 2)
        assert asked(client) != export  # it may be asked for anew

    def test_how_far_it_has_come_is_told_while_it_is_made(self, client, monkeypatch):
        many_rows(5)
        export, seen = asked(client), []
        monkeypatch.setattr(exporting, "SAY_EVERY", 2)
        write = sheets.write

        def watched(file, documents, *given, **named):
            def passing():
                for line in documents:
                    told = get(client, f"/exports/{export.pk}/")
                    seen.append((told["status"], told["rows_done"], told["rows_total"]))
                    yield line

            write(file, passing(), *given, **named)

        monkeypatch.setattr(sheets, "write", watched)
        exporting.make_waiting()
        assert seen == [("running", done_, 5) for done_ in (0, 0, 2, 2, 4)]

    def test_a_job_nobody_made_in_its_hour_can_be_asked_for_again(self, client):
        many_rows(3)
        first = asked(client)
        Export.objects.update(expires_at=timezone.now())
        second = asked(client)
        assert second != first
        assert exporting.make_waiting() == 1


@pytest.mark.django_db(transaction=True)
def test_kill_9_in_the_middle_costs_an_attempt_and_no_file(client, tmp_path):
    """A true `tick` on the same database, killed while it writes, then another one."""
    many_rows(4000)
    export = asked(client)
    data = str(connection.settings_dict["NAME"])
    url = f"sqlite:///{data}"
    if connection.vendor == "postgresql":
        given = connection.settings_dict
        url = f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}/{data}"
    surroundings = os.environ | {
        "ENVIRONMENT": "test",
        "DATABASE_URL": url,
        "DATA_DIR": str(tmp_path),
        "KEYS_DIR": str(settings.KEYS_DIR),
    }
    command = [sys.executable, "manage.py", "tick"]
    maker = subprocess.Popen(command, env=surroundings, cwd=settings.BASE_DIR)
    try:
        for _attempt in range(3000):
            export.refresh_from_db()
            if export.rows_done or export.stage == ExportStage.DONE:
                break
            time.sleep(0.01)
    finally:
        maker.kill()
        maker.wait()
    export.refresh_from_db()
    assert (export.stage, export.attempts) == ("running", 1)
    assert [path.is_dir() for path in files()] == [True]
    Export.objects.update(leased_until=timezone.now())  # as it will have run out in two minutes
    subprocess.run(
        command, env=surroundings, cwd=settings.BASE_DIR, check=True, stdout=subprocess.DEVNULL
    )
    export.refresh_from_db()
    assert (export.stage, export.attempts, export.rows_done) == ("done", 2, 4000)
    assert files() == [exporting.place(export)]
    shutil.rmtree(exporting.root())
