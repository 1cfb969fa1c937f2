"""A saved export: one address, one question, no more than the world reads; revoked at once."""

import csv
import io
import json
import logging
import uuid
from datetime import timedelta

import pandas
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from config.logs import redact
from incidents import codebook, saving
from incidents.errors import Invalid
from incidents.models import SavedExport
from tests.contracts.stage import build_stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    return build_stage("saved")


def save(stage, by="partner", **given):
    said = {"name": "All", "query": "", "format_": "csv"} | given
    export, secret = saving.make(by=stage.people[by], **said)
    return export, f"/data/saved/{export.pk}/{secret}.{export.format}"


def body(answer) -> str:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def test_the_address_answers_without_anything_else(stage):
    published = stage.publish()
    _export, path = save(stage, columns=["title", "ref"], labels="ru")
    answer = Client().get(path)
    text = body(answer)
    assert text.startswith("\ufeffref,title\r\n")
    (row,) = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    assert row == {"ref": published.ref, "title": "Не пустили"}
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "Access-Control-Allow-Origin" not in answer
    assert not answer.cookies
    table = pandas.read_csv(io.BytesIO(text.encode()))
    assert list(table["ref"]) == [published.ref]


def test_json_is_a_bare_list(stage):
    published = stage.publish()
    _export, path = save(stage, format_="json")
    (row,) = json.loads(body(Client().get(path)))
    assert row["ref"] == published.ref
    assert list(row) == list(codebook.BY_NAME)


def test_the_question_is_fixed(stage):
    stage.publish(stage.open(stage.file(region="KZ-ALA")))
    there = stage.publish(stage.open(stage.file(region="KZ-YUZ")))
    _export, path = save(stage, query="region=KZ-YUZ", columns=["ref"])
    for asked in ("", "?region=KZ-ALA", "?fields=title", "?format=json"):
        assert body(Client().get(path + asked)) == f"\ufeffref\r\n{there.ref}\r\n"


def test_it_is_always_of_today(stage):
    published = stage.publish()
    _export, path = save(stage, columns=["ref"])
    assert published.ref in body(Client().get(path))
    stage.withdraw(published, "safety")
    assert body(Client().get(path)) == "\ufeffref\r\n"


def test_a_whole_address_may_be_given(stage):
    address = (
        "https://dauys.example/api/v1/incidents/?region=KZ-ALA&severity=&limit=5&cursor=x"
        "&format=geojson&fields=ref&labels=kk&count=true#top"
    )
    export, _path = save(stage, query=address)
    assert export.query == "region=KZ-ALA"
    assert save(stage, query="https://dauys.example/")[0].query == ""
    assert save(stage, query="q=наблюдатель")[0].query
    assert save(stage, query="?category=ACC,DET")[0].query == "category=ACC,DET"


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("query", {"query": "regin=KZ-ALA"}),
        ("query", {"query": "severity=9"}),
        ("query", {"query": "election=nowhere"}),
        ("query", {"query": "q=%00"}),
        ("query", {"query": "q=\x00"}),
        ("query", {"query": "q=\ud800"}),
        ("query", {"query": "severity=1&severity_min=1&severity_min=2"}),
        ("query", {"query": "q=" + "x" * 2000}),
        ("query", {"query": "q=" + "ш" * 400}),
        ("columns", {"columns": ["teams"]}),
        ("columns", {"columns": ["document"]}),
        ("format", {"format_": "exe"}),
        ("labels", {"labels": "de"}),
    ],
)
def test_what_cannot_be_answered_is_not_saved(stage, field, given):
    with pytest.raises(Invalid) as refused:
        save(stage, **given)
    assert set(refused.value.errors) == {field}
    assert not SavedExport.objects.exists()


def test_a_wrong_secret_is_an_address_that_does_not_exist(stage):
    stage.publish()
    export, path = save(stage)
    secret = path.rpartition("/")[2].partition(".")[0]
    other, _path = save(stage)
    wrong = [
        f"/data/saved/{export.pk}/{secret[:-1]}{'a' if secret[-1] != 'a' else 'b'}.csv",
        f"/data/saved/{export.pk}/{secret}.json",
        f"/data/saved/{export.pk}/{secret}.CSV",
        f"/data/saved/{export.pk}/{secret.swapcase()}.csv",
        f"/data/saved/{export.pk}/x.csv",
        f"/data/saved/{export.pk}/{'x' * 5000}.csv",
        f"/data/saved/{export.pk}/é.csv",
        f"/data/saved/{other.pk}/{secret}.csv",
        f"/data/saved/{uuid.uuid4()}/{secret}.csv",
        "/data/saved/x/y.csv",
    ]
    for address in wrong:
        assert Client().get(address).status_code == 404, address
    assert Client().post(path).status_code == 405
    assert Client().get(f"/data/saved/{export.pk}/%00.csv").status_code == 400


def test_the_secret_is_kept_as_a_digest(stage):
    export, path = save(stage)
    secret = path.rpartition("/")[2].partition(".")[0]
    assert secret not in str(SavedExport.objects.values().get())
    assert len(secret) == 43
    assert saving.find(export.pk, secret) == export


def test_revoked_is_gone_with_the_next_request(stage):
    stage.publish()
    export, path = save(stage)
    assert Client().get(path).status_code == 200
    saving.revoke(export)
    first = export.revoked_at
    gone = Client().get(path)
    assert gone.status_code == 410
    assert gone["Cache-Control"] == "no-store"
    assert export.name not in gone.content.decode()
    saving.revoke(export)
    assert export.revoked_at == first
    # A wrong secret is not told that there was one.
    assert Client().get(f"/data/saved/{export.pk}/{'x' * 43}.csv").status_code == 404


def test_a_closed_account_leaves_no_door_open(stage):
    _export, path = save(stage)
    partner = stage.people["partner"]
    partner.is_active = False
    partner.save()
    assert Client().get(path).status_code == 410


def test_a_filter_that_means_nothing_any_more_says_so(stage):
    stage.publish()
    _export, path = save(stage, query="election=saved")
    stage.election.slug = "renamed"
    stage.election.save()
    gone = Client().get(path)
    assert gone.status_code == 410
    # Never all rows because the filter was not understood.
    assert "election" in gone.content.decode()


def test_use_is_noted_at_most_once_a_minute(stage):
    export, path = save(stage)
    start = timezone.now()
    for seconds, noted in ((0, 0), (59, 0), (60, 60)):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            Client().get(path)
        export.refresh_from_db()
        assert export.last_used_at == start + timedelta(seconds=noted)


def test_head_sends_no_row(stage):
    stage.publish()
    _export, path = save(stage)
    answer = Client().head(path)
    assert answer.status_code == 200
    assert not answer.content


def test_there_is_a_limit_of_one_person(stage, monkeypatch):
    monkeypatch.setattr(saving, "MOST", 2)
    first, _path = save(stage)
    save(stage)
    with pytest.raises(Invalid):
        save(stage)
    saving.revoke(first)
    save(stage)
    save(stage, by="coordinator")


def test_the_secret_is_in_no_log(stage, caplog):
    export, path = save(stage)
    secret = path.rpartition("/")[2].partition(".")[0]
    for said in (
        f"GET {path} HTTP/1.1",
        f"Not Found: {path}",
        f'"GET {path}?x=1" 200',
        f"https://dauys.example{path}: refused",
    ):
        told = redact(said)
        assert secret not in told
        assert str(export.pk) not in told
    with caplog.at_level(logging.DEBUG):
        from config.logs import Redact

        caplog.handler.addFilter(redacting := Redact())
        Client().get(path)
        Client().get(path[:-5] + ".csv")
        caplog.handler.removeFilter(redacting)
    assert secret[:-2] not in caplog.text
