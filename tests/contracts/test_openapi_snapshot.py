"""The API's description is part of what is promised: a change of it is made on purpose."""

import json
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from config.api import described

SNAPSHOT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def operations():
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_description_is_the_one_in_docs():
    """After a change that is meant: manage.py spectacular --format openapi-json --file …"""
    told = json.loads(json.dumps(described(), default=str))
    assert told == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_the_description_is_valid_and_generated_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_every_operation_has_an_example_and_a_summary():
    missing = []
    for name, operation in operations():
        good = next(v for k, v in operation["responses"].items() if k.startswith("2"))
        of_json = good["content"].get("application/json")
        if of_json is None:  # the answer is a file
            assert good["content"], name
        if (of_json and "examples" not in of_json) or not operation.get("summary"):
            missing.append(name)
    assert missing == []


def test_every_operation_names_its_problems():
    for name, operation in operations():
        assert {"400", "401", "406", "default"} <= set(operation["responses"]), name
        problem = operation["responses"]["400"]["content"]
        assert list(problem) == ["application/problem+json"]
        if "requestBody" in operation:
            assert {"413", "415"} <= set(operation["responses"]), name
