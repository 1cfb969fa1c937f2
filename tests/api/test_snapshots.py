"""Frozen archives over the API: the list, one of them, the file, and what was withdrawn."""

import base64
import hashlib
import io
import zipfile

import pytest

from elections.querysets import THE_WORLD
from incidents import snapshots
from incidents.models import Snapshot
from tests.api.rows import body_of, get, published_row, refused
from tests.contracts.stage import build_stage
from tests.walking import the_election

pytestmark = pytest.mark.django_db
BASE = "/api/v1/snapshots/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.SNAPSHOTS_ROOT = tmp_path / "snapshots"
    return settings.SNAPSHOTS_ROOT


@pytest.fixture
def made(db) -> Snapshot:
    published_row()
    return snapshots.make()


def file_of(client, snapshot: Snapshot, **headers):
    return client.get(f"{BASE}{snapshot.name}/file/", headers=headers)


def status_of(client, snapshot: Snapshot, **headers) -> int:
    answer = file_of(client, snapshot, **headers)
    body_of(answer)  # read to its end, the file is closed
    return answer.status_code


def test_the_list_is_newest_first_in_the_envelope(client, made):
    published_row()
    newer = snapshots.make()
    answer = get(client, "/snapshots/?count=true")
    assert [row["name"] for row in answer["results"]] == [newer.name, made.name]
    assert answer["meta"]["count"] == 2
    assert answer["results"][1] == {
        "name": made.name,
        "state": "built",
        "data_version": 1,
        "data_as_of": made.data_at.isoformat(timespec="seconds"),
        "created_at": made.created_at.isoformat(timespec="seconds"),
        "incidents": 1,
        "size": made.size,
        "sha256": made.sha256,
        "codebook": "1.0",
        "withdrawn_at": None,
        "reason": None,
        "superseded_by": None,
        "url": f"http://testserver{BASE}{made.name}/",
        "file": f"http://testserver{BASE}{made.name}/file/",
    }


def test_the_list_is_walked_by_cursors(client, made):
    for _ in range(4):
        published_row()
        snapshots.make()
    path, walked = "/snapshots/?limit=2", []
    while path:
        answer = get(client, path)
        walked += [row["data_version"] for row in answer["results"]]
        path = (answer["next"] or "").partition("/api/v1")[2]
    assert walked == [5, 4, 3, 2, 1]


def test_the_list_is_empty_before_the_first(client):
    the_election()
    assert get(client, "/snapshots/")["results"] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=x", "cursor"),
     ("state=built", "state"), ("format=zip", "format"), ("election=x", "election")],
)  # fmt: skip
def test_what_the_list_does_not_know_is_refused(client, made, query, parameter):
    refused(client, f"/snapshots/?{query}", parameter)
    if parameter not in ("limit", "cursor"):
        refused(client, f"/snapshots/{made.name}/?{query}", parameter)
        refused(client, f"/snapshots/{made.name}/file/?{query}", parameter)


def test_one_says_what_it_is_and_how_to_cite_it(client, made):
    answer = get(client, f"/snapshots/{made.name}/", **{"accept-language": "ru"})
    row = get(client, "/snapshots/")["results"][0]
    assert {name: answer[name] for name in row} == row
    assert answer["retracted_since"] == []
    assert answer["licence"] == "CC-BY-4.0"
    when = made.data_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert answer["citation"] == (
        f"Dauys. Published election observation incidents, data version 1 ({when}). "
        f"http://127.0.0.1:8000{BASE}. CC-BY-4.0. SHA-256 {made.sha256}."
    )


@pytest.mark.parametrize(
    "name",
    ["2020-01-01", "latest", "2020-01-01-", "..", "%2e%2e", "x" * 3000,
     "2020-01-01-" + "9" * 40, "2020-01-01-9999999999999999999", "٢٠٢٠-٠١-٠١", "0",
     "2020-01-01%0A"],
)  # fmt: skip
@pytest.mark.parametrize("tail", ["", "file/"])
def test_what_is_no_name_of_one_is_not_found(client, made, name, tail):
    answer = client.get(f"{BASE}{name}/{tail}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["2020-01-01%00", "%ff", "%ED%A0%80"])
def test_what_is_no_text_is_refused(client, made, name):
    for tail in ("", "file/"):
        answer = client.get(f"{BASE}{name}/{tail}")
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"


def test_the_file_is_the_zip(client, made):
    answer = file_of(client, made)
    content = body_of(answer)
    assert answer.status_code == 200
    assert hashlib.sha256(content).hexdigest() == made.sha256
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    told = {name: answer[name] for name in answer.headers}
    assert told["Content-Type"] == "application/zip"
    assert told["Content-Length"] == str(len(content))
    assert told["Content-Disposition"] == f'attachment; filename="dauys-{made.name}.zip"'
    assert told["ETag"] == f'"{made.sha256}"'
    assert told["Repr-Digest"] == f"sha-256=:{digest}:"
    assert told["Cache-Control"] == "public, no-cache"
    assert told["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in told
    assert not answer.cookies


def test_who_has_it_gets_304_and_who_demands_another_412(client, made):
    tag = f'"{made.sha256}"'
    assert status_of(client, made, **{"if-none-match": tag}) == 304
    assert status_of(client, made, **{"if-none-match": '"other"'}) == 200
    assert status_of(client, made, **{"if-match": '"other"'}) == 412


def test_head_tells_the_size_and_sends_nothing(client, made):
    answer = client.head(f"{BASE}{made.name}/file/")
    assert answer.status_code == 200
    assert answer["Content-Length"] == str(made.size)
    assert body_of(answer) == b""


@pytest.mark.parametrize("accept", ["application/zip", "application/*", "*/*", "application/json"])
def test_the_file_is_to_be_had_as_what_it_is(client, made, accept):
    answer = file_of(client, made, accept=accept)
    assert answer.status_code == 200
    assert len(body_of(answer)) == made.size


def test_a_file_in_a_format_that_it_is_not_is_not_offered(client, made):
    assert status_of(client, made, accept="text/csv") == 406


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_written_here(client, made, method):
    for path in (BASE, f"{BASE}{made.name}/", f"{BASE}{made.name}/file/"):
        assert getattr(client, method)(path).status_code == 405


def test_a_lost_file_is_said_to_be_away(client, made, folder):
    (folder / f"{made.name}.zip").unlink()
    answer = file_of(client, made)
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert answer.json()["type"] == "/api/v1/problems/unavailable/"
    assert client.head(f"{BASE}{made.name}/file/").status_code == 503


def test_from_the_withdrawal_for_safety_on_nobody_reads_it(client):
    stage = build_stage("sn")
    held = stage.publish()
    made = snapshots.make()
    tag = f'"{made.sha256}"'
    assert status_of(client, made) == 200
    stage.withdraw(held, "safety")
    for path in (f"/snapshots/{made.name}/", f"/snapshots/{made.name}/file/"):
        problem = get(client, path, 410, **{"if-none-match": tag})
        assert problem["type"] == "/api/v1/problems/withdrawn/"
        assert problem["detail"] == "This snapshot was withdrawn. Delete your copy of it."
        told = {name: problem[name] for name in ("name", "reason", "sha256", "superseded_by")}
        assert told == {
            "name": made.name, "reason": "safety", "sha256": made.sha256, "superseded_by": None,
        }  # fmt: skip
        assert held.ref not in str(problem)
    [row] = get(client, "/snapshots/")["results"]
    assert (row["state"], row["reason"], row["file"]) == ("withdrawn", "safety", None)
    assert client.head(f"{BASE}{made.name}/file/").status_code == 410


def test_the_tombstone_leads_to_the_one_made_without_it(client):
    stage = build_stage("sn")
    held = stage.publish()
    stage.publish()
    made = snapshots.make()
    stage.withdraw(held, "safety")
    _gone, newest = snapshots.reissue()
    problem = get(client, f"/snapshots/{made.name}/", 410)
    assert problem["superseded_by"] == f"http://testserver{BASE}{newest.name}/"
    assert problem["withdrawn_at"] is not None
    following = get(client, problem["superseded_by"].partition("/api/v1")[2])
    assert following["state"] == "built"
    assert body_of(file_of(client, newest))


def test_an_error_is_told_and_the_file_stays(client):
    stage = build_stage("sn")
    held = stage.publish()
    made = snapshots.make()
    stage.withdraw(held, "error")
    [told] = get(client, f"/snapshots/{made.name}/")["retracted_since"]
    assert (told["ref"], told["reason"]) == (held.ref, "error")
    assert status_of(client, made) == 200


def test_the_way_in_names_them(client):
    assert get(client, "/")["links"]["snapshots"] == f"http://testserver{BASE}"


def test_a_snapshot_made_of_what_is_open_to_all_needs_no_right_to_be_seen():
    published_row()
    snapshots.make()
    assert Snapshot.objects.visible_to(THE_WORLD).readable().count() == 1
