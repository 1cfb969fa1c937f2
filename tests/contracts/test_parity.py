"""Page, JSON, NDJSON, CSV, GeoJSON and XLSX give the same rows for each audience and filter."""

import copy
import csv
import io
import json
import re

import openpyxl
import pytest
from django.http import QueryDict
from django.test import Client

from incidents import exporting, saving
from observers import tokens
from tests.contracts.stage import build_stage

FILTERS = (
    "",
    "region=KZ",
    "region=KZ-YUZ",
    "region=KZ-ALA,KZ-YUZ",
    "category=ACC",
    "category=NET00",
    "category=ACC01&region=KZ-ALA",
    "severity_min=3",
    "verification=reported",
    "verification=disputed",
    "occurred_from=2021-01-10T00:00:00%2B06:00&occurred_to=2021-01-10T23:59:59%2B06:00",
    "occurred_from=2022-01-01",
    "has_response=true",
    "q=refused",
    "q=nothing+of+the+kind",
    "phase=VOT",
    "election=parity",
)
AUDIENCES = ("anonymous", "observer", "coordinator", "partner")


@pytest.fixture(scope="module")
def built(lasting):
    made = build_stage("parity")
    plain = made.open(made.file())
    net = made.open(
        made.file(
            category="NET00",
            region="KZ-YUZ",
            occurred_start="2021-01-10T12:00+06:00",
            occurred_end="2021-01-10T14:00+06:00",
            occurred_precision="range",
        )
    )
    made.take(net, "edit", "coordinator", changes={"phase": "VOT"})
    made.take(net, "grade", "coordinator", severity=3)
    disputed = made.open(made.file(category="DET03", region=None))
    changes = {"regions": ["KZ-ALA", "KZ-YUZ"], "place_precision": "several_regions"}
    made.take(disputed, "edit", "coordinator", changes=changes)
    made.take(disputed, "dispute", "coordinator", grounds="The ministry says otherwise.")
    response = {"issuer": "Ministry", "position": "denies"}
    made.take(disputed, "respond", "coordinator", response=response)
    made.open(made.file())  # never published
    for incident in (plain, net):
        made.publish(incident)
    made.publish(disputed, both_sides=True)
    made.withdraw(made.publish(made.open(made.file())))
    return made


@pytest.fixture
def stage(built, db):
    return copy.deepcopy(built)


def client_of(made, audience: str) -> Client:
    client = Client()
    if audience != "anonymous":
        client.force_login(made.people[audience])
    return client


def raw(response) -> bytes:
    assert response.status_code == 200, response.content[:500]
    return b"".join(response.streaming_content) if response.streaming else response.content


def body(response) -> str:
    return raw(response).decode("utf-8")


def sheet(content: bytes) -> list[dict]:
    """Its rows, each by the names in the first."""
    head, *lines = openpyxl.load_workbook(io.BytesIO(content))["incidents"].values
    return [dict(zip(head, line, strict=True)) for line in lines]


def made(query: str) -> bytes:
    """The same rows as a file of the background."""
    export = exporting.ask(dict(QueryDict(query).lists()), 0)
    exporting.make_waiting()
    export.refresh_from_db()
    content = b"".join(exporting.contents(export))
    export.delete()
    return content


def rows(client: Client, query: str) -> dict[str, list[str]]:
    def ask(name: str) -> str:
        return body(client.get(f"/api/v1/incidents/?{query}&format={name}".replace("?&", "?")))

    page = body(client.get(f"/?{query}"))
    book = client.get(f"/api/v1/incidents/?{query}&format=xlsx".replace("?&", "?"))
    return {
        "json": [row["ref"] for row in json.loads(ask("json"))["results"]],
        "ndjson": [json.loads(line)["ref"] for line in ask("ndjson").splitlines()],
        "csv": [row["ref"] for row in csv.DictReader(io.StringIO(ask("csv")))],
        "geojson": [f["properties"]["ref"] for f in json.loads(ask("geojson"))["features"]],
        "xlsx": [row["ref"] for row in sheet(raw(book))],
        "background": [row["ref"] for row in sheet(made(query))],
        "page": list(dict.fromkeys(re.findall(r'href="/incidents/([A-Z0-9-]+)/"', page))),
    }


@pytest.mark.parametrize("query", FILTERS)
def test_a_partner_and_a_saved_export_have_the_rows_of_the_world(stage, query):
    partner = stage.people["partner"]
    _token, text = tokens.create(partner, name="t", scopes=[tokens.READS])
    client = Client(headers={"Authorization": f"Bearer {text}"})
    world = rows(client_of(stage, "anonymous"), query)["json"]
    told = {}
    for name in ("json", "ndjson", "csv"):
        path = f"/api/v1/partner/incidents/?{query}&format={name}".replace("?&", "?")
        told[name] = refs(name, body(client.get(path)))
    for name in ("json", "csv"):
        export, secret = saving.make(by=partner, name="e", query=query, format_=name)
        path = f"/data/saved/{export.pk}/{secret}.{name}"
        told[f"saved {name}"] = refs(name, body(Client().get(path)))
    assert all(found == world for found in told.values()), (world, told)


def refs(format_: str, text: str) -> list[str]:
    if format_ == "csv":
        return [row["ref"] for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))]
    if format_ == "ndjson":
        return [json.loads(line)["ref"] for line in text.splitlines()]
    found = json.loads(text)
    return [row["ref"] for row in (found if isinstance(found, list) else found["results"])]


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("query", FILTERS)
def test_every_format_has_the_same_rows(stage, audience, query):
    found = rows(client_of(stage, audience), query)
    assert all(refs == found["json"] for refs in found.values()), found


def test_the_filters_of_this_test_tell_rows_apart(stage):
    """Otherwise parity would compare everything with everything."""
    client = client_of(stage, "anonymous")
    sizes = {query: len(rows(client, query)["json"]) for query in FILTERS}
    assert sizes[""] == 3
    assert sizes["region=KZ-YUZ"] == 2
    assert sizes["severity_min=3"] == 2 or sizes["severity_min=3"] == 1
    assert sizes["verification=disputed"] == sizes["has_response=true"] == 1
    assert sizes["q=nothing+of+the+kind"] == 0
    assert sizes["phase=VOT"] == sizes["category=NET00"] == 1


def test_json_and_csv_hold_the_same_values(stage):
    client = client_of(stage, "anonymous")
    documents = json.loads(body(client.get("/api/v1/incidents/")))["results"]
    table = csv.DictReader(io.StringIO(body(client.get("/api/v1/incidents/?format=csv"))))
    for document, row in zip(documents, table, strict=True):
        assert list(row) == list(document)
        for column in ("id", "version", "severity", "sources", "occurred_start", "verification"):
            assert row[column] == ("" if document[column] is None else str(document[column]))
        assert row["regions"] == ";".join(document["regions"])
        assert row["title"] == document["title"]["en"]


def test_csv_and_xlsx_hold_the_same_values(stage):
    client = client_of(stage, "anonymous")
    for form in ("", "&labels=ru", "&hxl=true", "&fields=ref,severity,title&labels=kk"):
        table = csv.DictReader(
            io.StringIO(body(client.get(f"/api/v1/incidents/?format=csv{form}")))
        )
        book = sheet(raw(client.get(f"/api/v1/incidents/?format=xlsx{form}")))
        for line, row in zip(table, book, strict=True):
            told = {name: "" if value is None else str(value) for name, value in row.items()}
            assert told == line
