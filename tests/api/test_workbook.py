"""XLSX: the same rows for a spreadsheet, in which a text stays a text."""

import io
import json
import zipfile

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from incidents import codebook, exports, sheets
from tests.api.rows import body_of, get, published_row
from tests.api.test_formats import EVIL, table

CORPUS = [
    *EVIL,
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org";"x")',
    "=WEBSERVICE('http://example.org')",
    "{=SUM(A1:A2)}",
    "http://example.org/",
    "mailto:somebody@example.org",
    "internal:Sheet2!A1",
    "00128",
    "1e5",
    "TRUE",
    "2021-01-10",
    "<r><t>bold</t></r>",
    "<r>]]></r>",
    "<script>alert(1)</script>",
    "a & b ]]>",
    "_x0041_",
    "\x01\x08\x1f",
    "line\nbreak\r\nand\ttab",
    " spaces ",
    "Қазақша Ё 🗳",
    "﻿bom",
]
pytestmark = pytest.mark.django_db


def book_of(raw: bytes):
    return openpyxl.load_workbook(io.BytesIO(raw))


def asked(client, query: str = "") -> bytes:
    answer = client.get(f"/api/v1/incidents/?format=xlsx{query}")
    assert answer.status_code == 200, answer.content[:300]
    assert answer["Content-Type"] == exports.MEDIA_TYPES["xlsx"]
    assert 'filename="dauys-incidents.xlsx"' in answer["Content-Disposition"]
    return body_of(answer)


@pytest.mark.parametrize("text", CORPUS)
def test_no_text_is_a_formula_or_a_link_in_any_format(text):
    document = json.dumps({"ref": "X", "persons_words": text, "details": {"a": text}})
    shape = exports.Shape(codebook.select(["ref", "persons_words", "details"]))
    raw = {
        name: b"".join(exports.stream(name, [document], shape=shape))
        for name in ("csv", "ndjson", "geojson", "xlsx")
    }
    assert json.loads(raw["ndjson"])["persons_words"] == text
    features = json.loads(raw["geojson"])["features"]
    assert features[0]["properties"]["persons_words"] == text
    line = table(raw["csv"])[0]
    assert line["persons_words"] in (text, f"'{text}")
    assert all(cell[:1] not in tuple("=+-@\t\r") for cell in line.values())
    cell = book_of(raw["xlsx"])["incidents"]["B2"]
    assert cell.data_type == "s"
    assert unescape(cell.value).strip() == text.strip()
    with zipfile.ZipFile(io.BytesIO(raw["xlsx"])) as packed:
        everything = b"".join(packed.read(name) for name in packed.namelist())
    assert b"<f>" not in everything
    assert b"<hyperlink" not in everything
    assert b"<b/></rPr>" not in everything


def test_a_text_that_looks_like_a_formula_stays_a_text_when_the_cell_is_edited():
    document = json.dumps({"ref": "X", "persons_words": "=1+1"})
    shape = exports.Shape(codebook.select(["ref", "persons_words"]))
    sheet = book_of(b"".join(exports.stream("xlsx", [document], shape=shape)))["incidents"]
    assert sheet["B2"].quotePrefix
    assert not sheet["A2"].quotePrefix


def test_codes_are_text_and_numbers_are_numbers(client):
    published_row(station=None, persons_min=12, longitude=-76.5, severity=3)
    sheet = book_of(asked(client))["incidents"]
    row = dict(zip(codebook.headers(), list(sheet.values)[1], strict=True))
    types = {name: type(value) for name, value in row.items() if value is not None}
    assert types["persons_min"] is types["severity"] is int
    assert types["longitude"] is float
    assert types["category"] is types["occurred_start"] is types["ref"] is str
    assert row["persons_max"] is None  # not zero


def test_the_head_stays_in_sight_and_the_second_sheet_tells_what_it_is(client):
    row = published_row()
    book = book_of(asked(client, "&region=KZ-ALA"))
    assert book.sheetnames == ["incidents", "about"]
    assert book["incidents"].freeze_panes == "A2"
    told = [list(line) for line in book["about"].values]
    facts = {line[0]: line[1] for line in told}
    assert facts["licence"] == row.licence
    assert facts["data_version"] == str(row.last_seq)
    assert json.loads(facts["filters"]) == {"region": ["KZ-ALA"]}
    at = next(number for number, line in enumerate(told) if line[0] == "name")
    assert [line[0] for line in told[at + 1 :]] == codebook.headers()


def test_one_state_makes_one_file(client):
    published_row(title={"en": "=1", "ru": "Ё"})
    assert asked(client) == asked(client)
    assert asked(client, "&labels=ru&hxl=true") == asked(client, "&labels=ru&hxl=true")
    first = asked(client)
    published_row()
    assert asked(client) != first


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_a_row_of_hashtags_stands_second_when_it_is_asked_for(client, format_):
    published_row()
    raw = body_of(client.get(f"/api/v1/incidents/?format={format_}&hxl=true&labels=ru"))
    if format_ == "csv":
        head, tags, _row = raw.decode().splitlines()
        head, tags = head.split(","), tags.split(",")
    else:
        sheet = book_of(raw)["incidents"]
        assert sheet.freeze_panes == "A3"
        head, tags, _row = map(list, sheet.values)
    told = dict(zip(head, tags, strict=True))
    assert told["persons_min"] == "#affected+min"
    assert told["category_label"] == "#event+type+code+label"
    assert all(tag.startswith("#") for tag in tags)


def test_every_column_has_a_hashtag_of_its_own():
    tags = [column.hxl for column in codebook.COLUMNS]
    assert len(set(tags)) == len(tags)
    assert list(codebook.HXL) == codebook.headers()
    assert all(row["hxl"] for row in codebook.as_rows())


def test_a_page_may_be_a_workbook(client):
    for _ in range(3):
        published_row()
    answer = client.get("/api/v1/incidents/?format=xlsx&limit=2")
    assert 'rel="next"' in answer["Link"]
    assert len(list(book_of(body_of(answer))["incidents"].values)) == 3
    whole = get(client, "/incidents/")["results"]
    names = [line[1] for line in book_of(asked(client))["incidents"].values]
    assert names == ["ref", *(row["ref"] for row in whole)]


def test_the_accept_header_chooses_it(client):
    published_row()
    answer = client.get("/api/v1/incidents/", headers={"Accept": exports.MEDIA_TYPES["xlsx"]})
    assert body_of(answer).startswith(b"PK")


def test_a_text_longer_than_a_cell_says_where_it_is_whole():
    document = json.dumps({"ref": "X", "persons_words": "x" * 40_000})
    shape = exports.Shape(codebook.select(["ref", "persons_words"]))
    sheet = book_of(b"".join(exports.stream("xlsx", [document], shape=shape)))["incidents"]
    assert len(sheet["B2"].value) == sheets.LONGEST
    assert sheet["B2"].value.endswith(sheets.CUT)


def test_more_rows_than_a_sheet_holds_go_on_on_another(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 4)
    documents = [json.dumps({"ref": str(number)}) for number in range(7)]
    shape = exports.Shape(codebook.select(["ref"]))
    book = book_of(b"".join(exports.stream("xlsx", documents, shape=shape)))
    assert book.sheetnames == ["incidents", "incidents 2", "incidents 3", "about"]
    found = [line[0] for name in book.sheetnames[:3] for line in book[name].values]
    assert [ref for ref in found if ref != "ref"] == [str(number) for number in range(7)]
    assert found.count("ref") == 3
