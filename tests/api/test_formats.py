"""One list, four files: the same rows and the same values."""

import csv
import io
import json

import pytest

from incidents import codebook, exports
from incidents.models import Publication
from tests.api.rows import body_of, get, published_row
from tests.walking import published

pytestmark = pytest.mark.django_db
DESIGNED = (
    "id ref version url election category categories severity verification sources "
    "occurred_start occurred_end occurred_precision phase regions regions_at_least station "
    "place_precision longitude latitude persons_min persons_max persons_words persons_basis "
    "title summary details responses published_at updated_at"
)
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"]


def file_of(client, query: str) -> bytes:
    answer = client.get(f"/api/v1/incidents/?{query}")
    assert answer.status_code == 200
    return body_of(answer)


def table(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_every_format_holds_the_same_rows_and_values(client):
    for number in range(5):
        published_row(persons_min=number, persons_words="dozens" if number else None)
    published_row(longitude=None, latitude=None, regions=[])
    listed = get(client, "/incidents/")["results"]
    lines = file_of(client, "format=ndjson").decode().splitlines()
    assert [json.loads(line) for line in lines] == listed
    features = json.loads(file_of(client, "format=geojson"))
    assert features["type"] == "FeatureCollection"
    flat = [row | {name: row[name]["en"] for name in ("title", "summary")} for row in listed]
    assert [feature["properties"] for feature in features["features"]] == flat
    rows = table(file_of(client, "format=csv"))
    assert [list(row.values()) for row in rows] == [codebook.flatten(row) for row in listed]


def test_the_columns_stand_in_the_order_of_the_codebook(client):
    published()
    names = codebook.headers()
    assert " ".join(names) == DESIGNED
    assert list(get(client, "/incidents/")["results"][0]) == names
    header = file_of(client, "format=csv").decode().splitlines()[0]
    assert header == ",".join(names)


def test_csv_follows_rfc_4180(client):
    published_row(persons_words='He said "many", \nthen left', title={"ru": "Қазақ, 'ы'"})
    raw = file_of(client, "format=csv")
    assert raw.endswith(b"\r\n")
    assert not raw.startswith("\ufeff".encode())
    assert table(raw)[0]["persons_words"] == 'He said "many", \nthen left'
    assert file_of(client, "format=csv&bom=true").startswith("\ufeff".encode())


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_is_a_formula(text):
    columns = codebook.select(["persons_words"])
    document = json.dumps({"persons_words": text})
    raw = b"".join(exports.stream("csv", [document], shape=exports.Shape(columns)))
    assert table(raw)[0]["persons_words"] == f"'{text}"


def test_a_negative_number_stays_a_number(client):
    published_row(longitude=-76.5, latitude=-1.0)
    row = table(file_of(client, "format=csv"))[0]
    assert (row["longitude"], row["latitude"]) == ("-76.5", "-1.0")


def test_an_unknown_place_is_a_feature_without_geometry(client):
    row = published_row(longitude=None, latitude=None, regions=[])
    feature = json.loads(file_of(client, "format=geojson"))["features"][0]
    assert (feature["id"], feature["geometry"]) == (row.ref, None)


def test_a_point_is_longitude_then_latitude(client):
    published_row(longitude=76.9, latitude=43.2)
    feature = json.loads(file_of(client, "format=geojson"))["features"][0]
    assert feature["geometry"] == {"type": "Point", "coordinates": [76.9, 43.2]}


@pytest.mark.parametrize("format_", ["json", "ndjson", "csv", "geojson"])
def test_an_empty_list_is_a_valid_file(client, format_):
    raw = file_of(client, f"format={format_}")
    if format_ in {"json", "geojson"}:
        assert json.loads(raw)
    else:
        assert len(raw.splitlines()) == (1 if format_ == "csv" else 0)


def test_columns_can_be_chosen(client):
    published_row()
    row = get(client, "/incidents/?fields=title,ref")["results"][0]
    assert list(row) == ["ref", "title"]
    assert file_of(client, "format=csv&fields=ref&fields=title").startswith(b"ref,title\r\n")
    feature = json.loads(file_of(client, "format=geojson&fields=ref"))["features"][0]
    assert list(feature["properties"]) == ["ref"]
    assert feature["geometry"] is not None


def test_labels_stand_beside_the_codes(client):
    published_row(categories=["ACC01", "NET00"], regions=["KZ-ALA", "KZ-SHY"])
    row = get(client, "/incidents/?labels=en&fields=category,categories,regions,election,title")
    row = row["results"][0]
    assert row["category_label"] == codebook.labels("category", "en")["ACC01"]
    assert row["regions_label"] == ["Almaty", "Shymkent"]
    assert row["election_label"].startswith("Election to the Mazhilis")
    assert row["title_label"] == "Observers refused"
    assert list(row)[:2] == ["election", "election_label"]
    [line] = table(file_of(client, "format=csv&labels=ru&fields=regions,title"))
    assert line["title"] == "Наблюдателей не пустили"
    assert line["regions_label"] == "Almaty;Shymkent"


def test_a_file_has_all_rows_and_a_limited_one_says_where_it_goes_on(client):
    for _ in range(120):
        published_row()
    assert len(table(file_of(client, "format=csv"))) == 120
    answer = client.get("/api/v1/incidents/?format=csv&limit=50")
    assert len(table(body_of(answer))) == 50
    assert 'rel="next"' in answer["Link"]
    assert len(get(client, "/incidents/")["results"]) == 100


def test_the_accept_header_chooses_too(client):
    published_row()
    answer = client.get("/api/v1/incidents/", headers={"Accept": "text/csv"})
    assert answer["Content-Type"].startswith("text/csv")
    assert "Accept" in answer["Vary"]
    answer = client.get("/api/v1/incidents/", headers={"Accept": "application/geo+json"})
    assert json.loads(body_of(answer))["type"] == "FeatureCollection"


def test_head_answers_without_a_body(client):
    published_row()
    for query in ("", "?format=csv"):
        answer = client.head(f"/api/v1/incidents/{query}")
        assert answer.status_code == 200
        assert body_of(answer) == b""


def test_no_word_of_a_vocabulary_reads_as_missing():
    missing = {"na", "n/a", "none", "null", "nan", ""}
    for words in codebook.vocabularies().values():
        assert missing.isdisjoint(word["code"].casefold() for word in words)


def test_a_published_document_has_only_columns_of_the_codebook():
    assert list(json.loads(published().document)) == codebook.headers()


def test_a_stream_asks_the_database_as_often_for_many_as_for_few(
    client, django_assert_max_num_queries
):
    for _ in range(30):
        published_row()
    with django_assert_max_num_queries(6):
        assert len(table(file_of(client, "format=csv"))) == 30
    assert Publication.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_a_stream_reads_in_a_transaction_only_where_that_helps():
    """PostgreSQL writes the answer to a file without one; SQLite stops all writers with one."""
    from django.db import connection

    published_row()
    lines = exports.rows(Publication.objects.all())
    next(lines)
    assert connection.in_atomic_block == (connection.vendor == "postgresql")
    lines.close()
    assert not connection.in_atomic_block


def test_a_stream_comes_in_pieces():
    documents = [json.dumps({"ref": str(n), "title": {"en": "x" * 1000}}) for n in range(500)]
    pieces = list(exports.stream("ndjson", documents))
    assert 5 < len(pieces) < 50
    assert b"".join(pieces).decode().splitlines() == documents
