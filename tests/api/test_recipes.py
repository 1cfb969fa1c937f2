"""What the data page tells people to type, typed: each recipe as it stands there, run for real."""

import csv
import html
import io
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.request import urlopen

import pytest

from incidents.models import Publication
from tests.walking import filed_report, opened, published, take

RECIPE = re.compile(r'data-recipe="([\w-]+)"><code>(.*?)</code>', re.DOTALL)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def recipes(live_server, settings) -> dict[str, str]:
    """By name, as a reader copies them: with the address of this server in them."""
    settings.PUBLIC_URL = live_server.url
    several = opened(filed_report())
    changes = {"regions": ["KZ-ALA", "KZ-YUZ"], "persons_min": 3, "persons_basis": "counted"}
    take(several, "edit", changes=changes | {"place_precision": "several_regions"})
    nowhere = opened(filed_report(category="NET00", region=None))
    take(nowhere, "edit", changes={"place_precision": "country"})
    for incident in (several, opened(filed_report()), nowhere):
        published(incident)
    with urlopen(f"{live_server.url}/data/") as answer:
        page = answer.read().decode()
    return {name: html.unescape(text) for name, text in RECIPE.findall(page)}


def python(recipe: str, tmp_path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", recipe],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def shell(recipe: str, tmp_path: Path) -> str:
    done = subprocess.run(
        ["sh", "-ec", recipe],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def documents() -> list[dict]:
    return [json.loads(row.document) for row in Publication.objects.filter(live=True)]


def test_curl_saves_everything_and_what_is_asked_for(recipes, tmp_path):
    page = json.loads(shell(recipes["curl"], tmp_path))
    assert page["results"] == []  # nothing of it is corroborated
    assert page["meta"]["filters_applied"]["category"] == ["ACC"]
    with (tmp_path / "incidents.csv").open(encoding="utf-8", newline="") as file:
        refs = [row["ref"] for row in csv.DictReader(file)]
    assert sorted(refs) == sorted(one["ref"] for one in documents())
    assert len(refs) == 3


def test_curl_follows_the_changes(recipes, tmp_path):
    page = json.loads(shell(recipes["changes"], tmp_path))
    assert sorted(one["ref"] for one in page["results"]) == sorted(
        one["ref"] for one in documents()
    )


def test_geojson_says_how_many_have_a_place(recipes, tmp_path):
    said = python(recipes["geojson"], tmp_path)
    placed = [one for one in documents() if one["longitude"] is not None]
    assert said == f"{len(placed)} of 3 on the map\n"


def test_pandas_and_the_statistics_count_alike(recipes, tmp_path):
    said = python(recipes["pandas"], tmp_path)
    by_category, by_region = _tables(shell(recipes["stats"], tmp_path))
    for code, count in Counter(one["category"] for one in documents()).items():
        assert re.search(rf"^{code} +{count}$", said, re.MULTILINE), said
    counted = {row["category"]: row for row in by_category}
    assert {code: int(row["incidents"]) for code, row in counted.items()} == {
        "ACC01": 2,
        "NET00": 1,
    }
    assert "3.0 and 2 without a number" in said
    assert sum(int(row["persons_min_sum"] or 0) for row in by_category) == 3
    assert sum(int(row["n_unknown"]) for row in by_category) == 2
    each = python(recipes["pandas-regions"], tmp_path)
    for row in by_region:
        name = row["region"] or "NaN"
        assert re.search(rf"^{name} +{row['incidents']}$", each, re.MULTILINE), (each, by_region)


def _tables(answers: str) -> list[list[dict[str, str]]]:
    """Two CSV answers, one after the other."""
    second = answers.index("region,", 1)
    parts = answers[:second], answers[second:]
    return [list(csv.DictReader(io.StringIO(part))) for part in parts]
