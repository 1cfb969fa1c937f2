"""Frozen archives: what is in them, that they are the same bytes, and who keeps them."""

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import tracemalloc
import zipfile
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import frictionless
import openpyxl
import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from elections.querysets import THE_WORLD
from incidents import snapshots
from incidents.codebook import COLUMNS
from incidents.errors import WrongState
from incidents.evidence import places
from incidents.models import Change, Publication, Snapshot
from incidents.snapshots import archiving, keeping
from incidents.snapshots.counting import Coverage
from tests.api.rows import body_of, published_row
from tests.contracts.stage import build_stage
from tests.factories import ElectionFactory
from tests.walking import the_election

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db
USUAL_CELL = 128 * 1024  # Python's own limit, which Frictionless lifts for its whole process
csv.field_size_limit(USUAL_CELL)


@pytest.fixture(autouse=True)
def cells():
    yield
    csv.field_size_limit(USUAL_CELL)


FILES = [
    "README.txt", "README.ru.txt", "README.kk.txt", "LICENSE.txt", "datapackage.json",
    "codebook.csv", "codebook.json", "incidents.csv", "incidents.ndjson", "incidents.geojson",
    "incidents.xlsx", "SHA256SUMS",
]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.SNAPSHOTS_ROOT = tmp_path / "snapshots"
    return settings.SNAPSHOTS_ROOT


def content_of(snapshot: Snapshot) -> bytes:
    with snapshots.opened(snapshot) as file:
        return file.read()


def archive_of(snapshot: Snapshot) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content_of(snapshot)))


def anew() -> Snapshot:
    """As if there had been none."""
    Snapshot.objects.all().delete()
    return snapshots.make()


def state_of(snapshot: Snapshot) -> str:
    return Snapshot.objects.visible_to(THE_WORLD).get(pk=snapshot.pk).state


ODD = {
    "title": {"en": '=HYPERLINK("http://evil")', "kk": "Тақырып"},
    "summary": {"en": 'Two\r\nlines, "quoted"; Ұлттық\u2028😀'},
    "persons_min": 0,
    "persons_max": 12,
    "persons_words": "dozens",
    "regions_at_least": 3,
    "regions": ["KZ-ALA", "KZ-SHY"],
    "categories": ["NET00", "ACC01"],
    "category": "NET00",
    "details": {"blockage_kind": "vpn", "sites": ["a;b", "c,d"]},
    "responses": [{"issuer": "Ministry", "position": "denies", "text": {"en": "No."}}],
}
UNKNOWN = {
    "occurred_start": None, "occurred_end": None, "phase": None, "regions": [],
    "longitude": None, "latitude": None, "occurred_precision": "unknown",
}  # fmt: skip


@pytest.fixture
def rows(db) -> list[Publication]:
    return [published_row(), published_row(**ODD), published_row(**UNKNOWN)]


# --- What is in it -----------------------------------------------------------------------------


def test_the_archive_holds_the_same_bytes_as_the_api(rows, client):
    archive = archive_of(snapshots.make())
    assert archive.namelist() == FILES
    for name in ("csv", "ndjson", "geojson"):
        told = body_of(client.get(f"/api/v1/incidents/?format={name}"))
        assert archive.read(f"incidents.{name}") == told
    assert archive.read("codebook.csv") == body_of(client.get("/api/v1/codebook/?format=csv"))
    assert json.loads(archive.read("codebook.json")) == client.get("/api/v1/codebook/").json()


def test_every_file_is_the_one_that_the_sums_name(rows):
    archive = archive_of(snapshots.make())
    lines = archive.read("SHA256SUMS").decode().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    read = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in FILES[:-1]}
    assert sums == read


def test_it_is_a_valid_data_package(rows, tmp_path):
    archive_of(snapshots.make()).extractall(tmp_path / "out")
    report = frictionless.validate(str(tmp_path / "out" / "datapackage.json"))
    assert report.valid, report.to_summary()
    assert {task.name for task in report.tasks} == {
        name.replace(".", "-") for name in FILES if name.startswith(("codebook", "incidents"))
    }


@pytest.mark.parametrize(
    ("column", "value"),
    [("category", "XYZ99"), ("categories", "ACC01;XYZ99"), ("severity", "5"), ("ref", ""),
     ("occurred_start", "yesterday"), ("persons_min", "dozens"), ("responses", "{")],
)  # fmt: skip
def test_the_data_package_finds_a_value_that_the_codebook_does_not_know(
    rows, tmp_path, column, value
):
    """The negative control: a schema that takes everything would be valid, too."""
    out = tmp_path / "out"
    archive_of(snapshots.make()).extractall(out)
    with (out / "incidents.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    table[0][column] = value
    with (out / "incidents.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)
    package = json.loads((out / "datapackage.json").read_text("utf-8"))
    [told] = [one for one in package["resources"] if one["name"] == "incidents-csv"]
    del told["hash"], told["bytes"]
    resource = frictionless.Resource.from_descriptor(told, basepath=str(out))
    found = resource.validate().flatten(["fieldName", "type"])
    assert {name for name, _type in found} == {column}


def test_the_schema_has_every_column_of_the_codebook_in_its_order(rows):
    package = json.loads(archive_of(snapshots.make()).read("datapackage.json"))
    [told] = [one for one in package["resources"] if one["name"] == "incidents-csv"]
    assert [one["name"] for one in told["schema"]["fields"]] == [c.name for c in COLUMNS]
    assert told["schema"]["missingValues"] == [""]
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    assert package["data_version"] == Change.objects.latest("seq").seq


def test_the_spreadsheet_has_numbers_times_and_texts(rows):
    book = openpyxl.load_workbook(io.BytesIO(archive_of(snapshots.make()).read("incidents.xlsx")))
    header, *lines = book["incidents"].iter_rows(values_only=True)
    assert list(header) == [column.name for column in COLUMNS]
    by_ref = {row["ref"]: row for row in (dict(zip(header, line, strict=True)) for line in lines)}
    odd = by_ref[rows[1].ref]
    assert odd["title"] == ODD["title"]["en"]  # as it was written, and no formula
    assert (odd["persons_min"], odd["persons_max"]) == (0, 12)
    assert odd["occurred_start"] == datetime(2021, 1, 10, 3)  # noqa: DTZ001  UTC without saying so
    assert odd["categories"] == "NET00;ACC01"
    unknown = by_ref[rows[2].ref]
    assert unknown["persons_min"] is None
    assert unknown["occurred_start"] is None
    about = [row[0] for row in book["about"].iter_rows(values_only=True)]
    assert "Times in the spreadsheet are in UTC" in " ".join(filter(None, about))
    assert {column.name for column in COLUMNS} <= set(about)


def test_the_statement_of_coverage_says_what_is_in_it_and_what_is_not(rows):
    made = snapshots.make()
    archive = archive_of(made)
    english = archive.read("README.txt").decode()
    for line in (
        f"Data version: {made.data_version}",
        "Incidents: 3",
        "Period: 2021-01-10T03:00:00Z / 2021-01-10T05:00:00Z",
        "Time not known: 1",
        "  kz-2021-mazhilis: 3",
        "  KZ-ALA: 2",
        "  KZ-SHY: 1",
        "  no region named: 1",
        "  reported (Reported): 3",
        f"/api/v1/changes/?since={made.data_version}",
    ):
        assert line in english
    assert "accurate in what it holds, and not complete" in english
    russian, kazakh = (archive.read(f"README.{one}.txt").decode() for one in ("ru", "kk"))
    assert "верно, но это не всё" in russian
    assert "  kz-2021-mazhilis: 3" in russian
    assert kazakh not in (russian, english)
    licence = archive.read("LICENSE.txt").decode()
    assert "https://creativecommons.org/licenses/by/4.0/" in licence
    assert f"data version {made.data_version}" in licence


def test_an_election_with_another_licence_keeps_it(rows):
    other = ElectionFactory(slug="other", region_set=the_election().region_set, licence="ODbL-1.0")
    published_row(election=other)
    archive = archive_of(snapshots.make())
    licences = json.loads(archive.read("datapackage.json"))["licenses"]
    assert [one["name"] for one in licences] == ["CC-BY-4.0", "ODbL-1.0"]
    assert (
        "ODbL-1.0  https://spdx.org/licenses/ODbL-1.0.html" in archive.read("LICENSE.txt").decode()
    )


def test_of_nothing_there_is_an_archive_with_headers(client):
    the_election()
    made = snapshots.make()
    assert (made.rows, made.data_version, made.data_at) == (0, 0, None)
    archive = archive_of(made)
    assert archive.read("incidents.ndjson") == b""
    assert archive.read("incidents.csv") == body_of(client.get("/api/v1/incidents/?format=csv"))
    assert "Incidents: 0" in archive.read("README.txt").decode()


def test_withdrawn_incidents_and_rehearsals_are_not_in_it(rows):
    stage = build_stage("sn")
    gone = stage.withdraw(stage.publish())
    drill = ElectionFactory(
        slug="drill", region_set=the_election().region_set, is_rehearsal=True, ref_prefix="DRL"
    )
    rehearsed = published_row(election=drill)
    read = archive_of(snapshots.make()).read("incidents.ndjson").decode()
    assert read.count("\n") == 3
    assert gone.ref not in read
    assert rehearsed.ref not in read


# --- The same bytes ----------------------------------------------------------------------------


def test_two_builds_of_one_data_version_are_the_same_bytes(rows):
    first = snapshots.make()
    content = content_of(first)
    assert hashlib.sha256(content).hexdigest() == first.sha256
    assert len(content) == first.size
    with time_machine.travel(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)):
        again = anew()
        assert content_of(again) == content
    assert again.name.startswith("2031-05-06-")
    times = {info.date_time for info in archive_of(again).infolist()}
    told = first.data_at.astimezone(UTC)
    # A ZIP counts in two seconds.
    assert times == {(*told.timetuple()[:5], told.second // 2 * 2)}


def test_what_is_done_in_a_rehearsal_or_on_the_desk_changes_no_byte(rows):
    first = snapshots.make()
    stage = build_stage("drill")
    type(stage.election).objects.filter(pk=stage.election.pk).update(is_rehearsal=True)
    stage.election.refresh_from_db()
    stage.publish()
    stage.open(stage.file())
    assert anew().sha256 == first.sha256


def test_what_is_published_changes_it(rows):
    first = snapshots.make()
    published_row()
    assert snapshots.make().sha256 != first.sha256


BUILD = """
import os, sys, time
import django
django.setup()
from django.conf import settings
from django.utils import timezone, translation
settings.TIME_ZONE = os.environ["ZONE"]
os.environ["TZ"] = os.environ["ZONE"]
time.tzset()
timezone.activate(os.environ["ZONE"])
translation.activate("ru")
os.umask(0o077)
from incidents import snapshots
made = snapshots.make()
print(made.sha256, made.name)
"""


def database_url() -> str:
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    where = f"{told['HOST']}:{told['PORT']}" if told["PORT"] else told["HOST"]
    return f"postgres://{told['USER']}:{told['PASSWORD']}@{where}/{told['NAME']}"


def elsewhere(code: str, data: Path, **more: str) -> subprocess.Popen:
    """Another process with the same database and a folder of its own."""
    environment = os.environ | {
        "ENVIRONMENT": "demo",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(data),
        "DATABASE_URL": database_url(),
        "PUBLIC_URL": settings.PUBLIC_URL,
    }
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment | more,
        cwd=data,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("zone", ["Asia/Almaty", "America/St_Johns"])
def test_another_process_in_another_zone_and_language_builds_the_same_bytes(tmp_path, zone):
    published_row(**ODD)
    published_row()
    here = snapshots.make()
    Snapshot.objects.all().delete()
    process = elsewhere(BUILD, tmp_path, ZONE=zone, PYTHONHASHSEED="77", LC_ALL="C")
    told, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert told.split() == [here.sha256, here.name]


def test_the_memory_does_not_grow_with_the_rows(tmp_path):
    long = "Слова наблюдателя. " * 300

    def documents():
        for number in range(800):
            yield json.dumps(
                {column.name: None for column in COLUMNS}
                | {"ref": f"R{number}", "election": "e", "verification": "reported"}
                | {"regions": [], "summary": {"en": long, "ru": long}, "title": {"en": "t"}},
                ensure_ascii=False,
            )

    coverage = Coverage(7, datetime(2021, 1, 10, tzinfo=UTC))
    pairs = ((one, "CC-BY-4.0") for one in documents())
    archiving.write(_empty(tmp_path / "warm"), coverage.counted([]), coverage)
    tracemalloc.start()
    archive = archiving.write(_empty(tmp_path / "out"), coverage.counted(pairs), coverage)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert coverage.rows == 800
    assert sum(info.file_size for info in zipfile.ZipFile(archive).infolist()) > 32 * 1024**2
    assert peak < 6 * 1024**2


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


# --- Kept --------------------------------------------------------------------------------------


def test_the_day_has_one_and_only_when_something_changed(rows, time_machine):
    time_machine.move_to("2021-01-10T20:00:00Z", tick=False)
    assert snapshots.keep() == 1
    published_row()
    assert snapshots.keep() == 0  # one a day
    time_machine.move_to("2021-01-11T00:00:01Z", tick=False)
    assert snapshots.keep() == 1
    time_machine.move_to("2021-01-12T00:00:01Z", tick=False)
    assert snapshots.keep() == 0  # nothing changed
    told = Snapshot.objects.order_by("name").values_list("name", "rows")
    assert list(told) == [("2021-01-10", 3), ("2021-01-11", 4)]


def test_before_anything_is_published_the_clock_makes_none():
    the_election()
    assert snapshots.keep() == 0


def test_the_clock_makes_it(rows):
    out = StringIO()
    call_command("tick", stdout=out)
    assert out.getvalue().strip().endswith("snapshots: 1")
    assert Snapshot.objects.count() == 1


def test_on_demand_it_is_named_by_its_data_version_and_made_once(rows):
    out = StringIO()
    call_command("make_snapshot", stdout=out)
    made = Snapshot.objects.get()
    assert made.name.endswith(f"-{made.data_version}")
    assert out.getvalue().startswith(f"{made.name}: data version {made.data_version}, 3 incidents")
    call_command("make_snapshot", stdout=out)
    assert snapshots.keep() == 0
    assert Snapshot.objects.count() == 1


def test_a_lost_file_is_made_anew_under_its_name(rows, folder):
    snapshots.keep()
    made = Snapshot.objects.visible_to(THE_WORLD).get()
    content = content_of(made)
    (folder / f"{made.name}.zip").unlink()
    with pytest.raises(snapshots.Unavailable):
        snapshots.opened(made)
    assert snapshots.make().pk == made.pk
    assert content_of(made) == content


def test_a_file_of_another_size_is_not_given_out(rows, folder):
    made = snapshots.make()
    file = folder / f"{made.name}.zip"
    file.chmod(0o600)
    file.write_bytes(content_of(made)[:-1])
    with pytest.raises(snapshots.Unavailable):
        snapshots.opened(made)


def test_two_do_not_make_one_at_once(rows, folder):
    with places.alone_with(folder / keeping.LOCK):
        assert snapshots.keep() == 0
        with pytest.raises(CommandError, match="Another request is writing"):
            call_command("make_snapshot")
    assert Snapshot.objects.count() == 0


def test_without_room_nothing_is_begun_and_nothing_is_left(rows, folder, monkeypatch):
    monkeypatch.setattr(places, "ROOM_TO_BEGIN", 1.01)
    with pytest.raises(CommandError, match="no room"):
        call_command("make_snapshot")
    assert [one.name for one in folder.iterdir()] == [keeping.LOCK]


def test_when_a_build_fails_in_the_middle_nothing_is_left(rows, folder, monkeypatch):
    """Whatever it fails of; here of a part that is not there."""
    monkeypatch.setattr(archiving, "DATA", (*archiving.DATA, "no such file"))
    with pytest.raises(FileNotFoundError):
        snapshots.make()
    assert [one.name for one in folder.iterdir()] == [keeping.LOCK]
    assert Snapshot.objects.count() == 0


def test_what_nobody_knows_of_is_swept(rows, folder):
    made = snapshots.make()
    (folder / "2020-01-01.zip").write_bytes(b"PK half")
    (folder / keeping.MAKING).mkdir()
    (folder / keeping.MAKING / "incidents.csv").write_bytes(b"half")
    snapshots.keep()
    assert {one.name for one in folder.iterdir()} == {keeping.LOCK, f"{made.name}.zip"}


def test_files_are_closed_to_other_accounts(rows, folder):
    made = snapshots.make()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / f"{made.name}.zip").stat().st_mode & 0o777 == 0o440


# --- Withdrawn ---------------------------------------------------------------------------------


@pytest.fixture
def stage(db):
    return build_stage("sn")


def test_a_withdrawal_for_safety_closes_every_snapshot_that_holds_it_and_no_other(stage):
    other = stage.publish()
    before = snapshots.make()
    held = stage.publish()
    holding = snapshots.make()
    stage.withdraw(held, "safety")
    after = snapshots.make()
    assert [state_of(one) for one in (before, holding, after)] == ["built", "withdrawn", "built"]
    assert held.ref not in archive_of(after).read("incidents.ndjson").decode()
    assert other.ref in archive_of(after).read("incidents.ndjson").decode()


def restored(stage, publication: Publication) -> None:
    incident = publication.incident
    stage.take(incident, "restore", "editor", reason="All is well.")
    stage.take(incident, "approve", "second_editor")
    stage.take(incident, "publish", "second_editor")


def test_one_that_came_back_opens_no_old_snapshot_again(stage):
    held = stage.publish()
    first = snapshots.make()
    stage.withdraw(held, "safety")
    empty = snapshots.make()
    restored(stage, held)
    again = snapshots.make()
    assert [state_of(one) for one in (first, empty, again)] == ["withdrawn", "built", "built"]
    stage.withdraw(held, "safety")
    # The one made while it was away does not hold it.
    assert [state_of(one) for one in (first, empty, again)] == ["withdrawn", "built", "withdrawn"]


def test_the_command_deletes_the_files_and_makes_one_without_it(stage, folder):
    held = stage.publish()
    kept = stage.publish()
    first = snapshots.make()
    published_before = snapshots.make()
    assert published_before == first
    stage.publish()
    second = snapshots.make()
    stage.withdraw(held, "safety")
    out = StringIO()
    call_command("reissue_snapshots", stdout=out)
    newest = Snapshot.objects.visible_to(THE_WORLD).readable().get()
    assert out.getvalue().splitlines() == [
        f"withdrawn: {second.name}, {first.name}",
        f"to be read: {newest.name}",
    ]
    assert {one.name for one in folder.glob("*.zip")} == {f"{newest.name}.zip"}
    text = archive_of(newest).read("incidents.ndjson").decode()
    assert held.ref not in text
    assert kept.ref in text
    for one in (first, second):
        one.refresh_from_db()
        assert (one.reason, one.superseded_by) == ("safety", newest)
        assert one.withdrawn_at is not None
    call_command("reissue_snapshots", stdout=out)
    assert out.getvalue().splitlines()[-2:] == ["withdrawn: none", f"to be read: {newest.name}"]


def test_the_clock_does_the_same_by_itself(stage):
    held = stage.publish()
    stage.publish()
    assert snapshots.keep() == 1
    stage.withdraw(held, "safety")
    assert snapshots.keep() == 1
    old, new = Snapshot.objects.visible_to(THE_WORLD).order_by("data_version")
    assert (old.state, old.superseded_by, new.state) == ("withdrawn", new, "built")
    assert snapshots.keep() == 0


def test_every_tombstone_names_the_newest_that_can_be_read(stage):
    first, second, _third = (stage.publish() for _ in range(3))
    snapshots.make()
    stage.withdraw(first, "safety")
    snapshots.reissue()
    stage.withdraw(second, "safety")
    _gone, newest = snapshots.reissue()
    one, two, three = Snapshot.objects.order_by("data_version")
    assert three == newest
    assert {one.superseded_by, two.superseded_by} == {three}


def test_a_killed_reissue_is_ended_by_the_clock(stage):
    held = stage.publish()
    stage.publish()
    snapshots.make()
    stage.withdraw(held, "safety")
    with keeping._alone():
        keeping._withdraw(keeping.Q(endangers=True), "safety")
    snapshots.keep()
    old, new = Snapshot.objects.order_by("data_version")
    assert old.superseded_by == new


def test_an_error_closes_nothing_and_is_told(stage):
    held, other = stage.publish(), stage.publish()
    made = snapshots.make()
    stage.withdraw(held, "error")
    assert state_of(made) == "built"
    assert held.ref in archive_of(made).read("incidents.ndjson").decode()
    [told] = snapshots.retracted_since(made)
    assert (told["ref"], told["reason"]) == (held.ref, "error")
    later = snapshots.make()
    assert snapshots.retracted_since(later) == []
    stage.take(
        other.incident, "merge", "coordinator", into=stage.open(stage.file()).ref, reason="Same."
    )
    reasons = {row["ref"]: row["reason"] for row in snapshots.retracted_since(made)}
    assert reasons == {held.ref: "error", other.ref: "merged"}


def test_a_snapshot_withdrawn_by_hand_is_made_again_only_after_a_change(stage):
    stage.publish()
    made = snapshots.make()
    out = StringIO()
    call_command("reissue_snapshots", name=made.name, reason="error", stdout=out)
    assert out.getvalue().splitlines() == [
        f"withdrawn: {made.name}",
        "to be read: none until a change",
    ]
    assert snapshots.keep() == 0
    with pytest.raises(WrongState):
        snapshots.make()
    assert state_of(made) == "withdrawn"
    stage.publish()
    assert snapshots.keep() == 0  # none has come or gone of itself …
    made.refresh_from_db()
    assert made.superseded_by is not None  # … but what to read instead is there
    assert made.superseded_by.rows == 2


def test_a_name_that_is_none_withdraws_nothing(stage):
    stage.publish()
    made = snapshots.make()
    with pytest.raises(CommandError, match="no snapshot of this name"):
        call_command("reissue_snapshots", name="2020-01-01\x00"[:10])
    assert state_of(made) == "built"
