import csv
import io

import pytest

from incidents import categories, codebook
from tests.api.rows import body_of, get

pytestmark = pytest.mark.django_db


def test_every_column_is_explained_in_three_languages():
    for row in codebook.as_rows():
        for language in ("en", "ru", "kk"):
            assert len(row[f"description_{language}"]) > 10, row["name"]
        assert row["since"]
        assert row["type"]


def test_the_codebook_is_the_same_as_json_and_csv(client):
    told = get(client, "/codebook/")
    answer = client.get("/api/v1/codebook/?format=csv")
    rows = list(csv.DictReader(io.StringIO(body_of(answer).decode(), newline="")))
    assert [row["name"] for row in rows] == [row["name"] for row in told["columns"]]
    assert [row["name"] for row in rows] == codebook.headers()
    assert rows[7]["values"] == "1;2;3;4"


def test_every_coded_column_has_its_words(client):
    words = get(client, "/codebook/")["vocabularies"]
    for row in codebook.as_rows():
        if row["type"] == "code" and row["vocabulary"] != "election":
            assert words[row["vocabulary"]], row["name"]
    assert {"code": "verified", "en": "Verified"}.items() <= words["verification"][2].items()


def test_a_cell_says_what_the_document_says():
    document = {
        "regions": ["KZ-ALA", "KZ-SHY"],
        "title": {"ru": "Ё"},
        "responses": [],
        "persons_min": None,
        "severity": 3,
        "longitude": -1.5,
    }
    columns = codebook.select(document)
    assert dict(
        zip(codebook.headers(columns), codebook.flatten(document, columns), strict=True)
    ) == {
        "regions": "KZ-ALA;KZ-SHY",
        "title": "Ё",
        "responses": "",
        "persons_min": "",
        "severity": "3",
        "longitude": "-1.5",
    }


def test_all_categories_are_listed_with_their_questions(client):
    answer = get(client, "/categories/")
    assert {row["code"] for row in answer["results"]} == set(categories.CATEGORIES)
    assert {group["code"] for group in answer["meta"]["groups"]} == set(categories.GROUPS)
    access = next(row for row in answer["results"] if row["code"] == "ACC01")
    assert set(access["names"]) == {"en", "ru", "kk"}
    assert access["details"]
