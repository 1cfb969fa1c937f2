"""A program written to the released description of the API goes on working.

docs/openapi-released.json is what was released last. A break is accepted by giving the API another
version (docs/api.md, “Versions”) and releasing its description anew.
"""

import copy
import json
from pathlib import Path

import pytest

from config.api import described
from tests.contracts.breaking import breaks

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
RELEASED = json.loads((ROOT / "docs" / "openapi-released.json").read_text("utf-8"))
LIST = "/api/v1/incidents/"
CSV = "text/csv; charset=utf-8; header=present"
ONE = "/api/v1/incidents/{key}/"
STEPS = "/api/v1/desk/steps/"


def now() -> dict:
    return json.loads(json.dumps(described(), default=str))


def test_nothing_that_was_released_is_broken():
    told = now()
    if told["info"]["version"] == RELEASED["info"]["version"]:
        assert breaks(RELEASED, told) == []
    else:
        version = told["info"]["version"]
        assert f"API version {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_same_description_breaks_nothing():
    assert breaks(RELEASED, copy.deepcopy(RELEASED)) == []


def parameter(told: dict, name: str, path: str = LIST) -> dict:
    return next(p for p in told["paths"][path]["get"]["parameters"] if p["name"] == name)


def answer(told: dict, path: str = LIST) -> dict:
    content = told["paths"][path]["get"]["responses"]["200"]["content"]
    return content["application/json"]["schema"]


def found(told: dict, schema: dict) -> dict:
    while "$ref" in schema:
        schema = told["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def row(told: dict) -> dict:
    return found(told, answer(told)["properties"]["results"]["items"])


def meta(told: dict) -> dict:
    return found(told, answer(told)["properties"]["meta"])


def body(told: dict) -> dict:
    content = told["paths"][STEPS]["post"]["requestBody"]["content"]
    return found(told, content["application/json"]["schema"])


def drop_parameter(told: dict) -> None:
    operation = told["paths"][LIST]["get"]
    operation["parameters"] = [p for p in operation["parameters"] if p["name"] != "region"]


def require_new(told: dict) -> None:
    new = {"in": "query", "name": "key", "schema": {"type": "string"}, "required": True}
    told["paths"][LIST]["get"]["parameters"].append(new)


def another_scalar(told: dict) -> None:
    parameter(told, "severity_min")["schema"] = {"type": "boolean"}


def less_words(told: dict) -> None:
    schema = parameter(told, "format")["schema"]
    schema["enum"] = [word for word in schema["enum"] if word != "geojson"]


def new_body_field(told: dict) -> None:
    body(told)["properties"]["why"] = {"type": "string"}
    body(told)["required"] = [*body(told).get("required", []), "why"]


PLANTED = {
    "path": (lambda t: t["paths"].pop(ONE), f"{ONE}: the path is gone"),
    "operation": (lambda t: t["paths"][LIST].pop("get"), f"GET {LIST}: the operation is gone"),
    "parameter": (drop_parameter, "parameter region is gone"),
    "new required parameter": (require_new, "parameter key is new and required"),
    "required": (lambda t: parameter(t, "q").update(required=True), "parameter q is required now"),
    "parameter's type": (another_scalar, "parameter severity_min: type"),
    "many": (lambda t: parameter(t, "region").pop("style"), "region is written in another way"),
    "value": (less_words, "parameter format: 'geojson' is not taken any more"),
    "limit": (lambda t: parameter(t, "limit")["schema"].update(maximum=100), "maximum became 100"),
    "property": (lambda t: row(t)["properties"].pop("ref"), "results[].ref is gone"),
    "property's type": (
        lambda t: row(t)["properties"]["severity"].update(type="string"),
        "results[].severity: type integer or null became string",
    ),
    "null": (
        lambda t: meta(t)["properties"]["licence"].update(type=["string", "null"]),
        "meta.licence: type string became null or string",
    ),
    "missing": (lambda t: answer(t)["required"].remove("next"), "200.next may be missing now"),
    "format": (
        lambda t: answer(t)["properties"]["next"].update(format="email"),
        "200.next: format uri became email",
    ),
    "status": (
        lambda t: t["paths"][ONE]["get"]["responses"].pop("308"),
        f"GET {ONE}: answers no 308 any more",
    ),
    "media type": (
        lambda t: t["paths"][LIST]["get"]["responses"]["200"]["content"].pop(CSV),
        "200 is no text/csv",
    ),
    "body": (new_body_field, "body.why is required now"),
    "body's property": (
        lambda t: body(t)["properties"].pop(next(iter(body(t)["properties"]))),
        f"POST {STEPS}: body.",
    ),
    "no body": (lambda t: t["paths"][STEPS]["post"].pop("requestBody"), "no body is taken"),
    "sign-in": (
        lambda t: t["paths"][LIST]["get"].update(security=[{"token": []}]),
        f"GET {LIST}: signing in by nothing is not enough any more",
    ),
    "shape": (
        lambda t: row(t)["properties"]["ref"].update(oneOf=[{"type": "string"}]),
        "results[].ref: oneOf is another",
    ),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_each_kind_of_break_is_found(kind):
    plant, said = PLANTED[kind]
    told = copy.deepcopy(RELEASED)
    plant(told)
    found_ = breaks(RELEASED, told)
    assert [one for one in found_ if said in one], found_


def test_what_is_added_breaks_nothing():
    told = copy.deepcopy(RELEASED)
    told["paths"]["/api/v1/new/"] = told["paths"][LIST]
    optional = {"in": "query", "name": "also", "schema": {"type": "string"}}
    told["paths"][LIST]["get"]["parameters"].append(optional)
    row(told)["properties"]["new"] = {"type": "string"}
    row(told)["properties"]["ref"]["description"] = "In other words."
    parameter(told, "limit")["schema"]["maximum"] = 5000
    parameter(told, "format")["schema"]["enum"].append("parquet")
    row(told)["properties"]["verification"].setdefault("enum", []).append("doubted")
    told["paths"][LIST]["get"]["responses"]["418"] = {"description": "New kind of problem."}
    told["paths"][STEPS]["post"]["security"].append({"new": []})
    body(told)["properties"]["hint"] = {"type": "string"}
    assert breaks(RELEASED, told) == []
