"""`datapackage.json`: the archive for programs that read Data Packages (Frictionless)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from incidents.codebook import COLUMNS, VERSION, Column, as_rows, labels
from incidents.snapshots.counting import Coverage, in_utc
from incidents.snapshots.telling import api, licence_url, licences

TYPES = {"code": "string", "url": "string", "list": "array"}
UNIQUE = frozenset({"id", "ref"})
MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "geojson": "application/geo+json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# As `csv.writer` writes, and nothing else: readers have not to guess.
DIALECT = {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "lineTerminator": "\r\n"}


@dataclass(frozen=True)
class Part:
    """A file of the archive, as it is."""

    size: int
    sha256: str


def package(coverage: Coverage, parts: Mapping[str, Part]) -> str:
    """`parts`: name of the file → size and digest, in the order of the archive."""
    described = {
        "profile": "data-package",
        "name": "dauys-incidents",
        "title": "Dauys: published election observation incidents",
        "description": (
            "Every incident published at this data version. Accurate in what it holds, not "
            "complete: see README.txt."
        ),
        "id": f"{api('snapshots/')}#{coverage.data_version}",
        "homepage": f"{settings.PUBLIC_URL}/data/",
        "version": str(coverage.data_version),
        "created": in_utc(coverage.data_at) or in_utc(coverage.moment),
        "licenses": [{"name": one, "path": licence_url(one)} for one in licences(coverage)],
        "contributors": [{"title": "Dauys", "path": settings.PUBLIC_URL, "role": "publisher"}],
        "keywords": ["elections", "election observation", "incidents"],
        "codebook": VERSION,
        "data_version": coverage.data_version,
        "incidents": coverage.rows,
        "resources": [_resource(name, part) for name, part in parts.items()],
    }
    return json.dumps(described, ensure_ascii=False, indent=1) + "\n"


def _resource(name: str, part: Part) -> dict[str, Any]:
    kind = name.rpartition(".")[2]
    told: dict[str, Any] = {
        "name": name.replace(".", "-"),
        "path": name,
        "format": kind,
        "mediatype": MEDIA_TYPES[kind],
        "bytes": part.size,
        "hash": f"sha256:{part.sha256}",
    }
    if kind != "csv":
        # Not to be read as a table: the CSV is the one that the schema speaks of.
        return told | {"profile": "data-resource", "type": "file"}
    schema = _codebook() if name.startswith("codebook") else _incidents()
    table = {"profile": "tabular-data-resource", "encoding": "utf-8", "dialect": DIALECT}
    return told | table | {"schema": schema}


def _incidents() -> dict[str, Any]:
    fields = [_field(column) for column in COLUMNS]
    return {"fields": fields, "missingValues": [""], "primaryKey": ["id"]}


def _codebook() -> dict[str, Any]:
    fields = [{"name": name, "type": "string"} for name in as_rows()[0]]
    return {"fields": fields, "missingValues": [""], "primaryKey": ["name"]}


def _field(column: Column) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": column.name,
        "type": "integer" if column.vocabulary == "severity" else _type(column),
        "description": column.about["en"],
    }
    if column.type == "url":
        told["format"] = "uri"
    if column.unit:
        told["unit"] = column.unit
    if column.vocabulary:
        told["vocabulary"] = column.vocabulary
    if constraints := _constraints(column):
        told["constraints"] = constraints
    return told


def _type(column: Column) -> str:
    return "string" if column.csv in ("joined", "text") else TYPES.get(column.type, column.type)


def _constraints(column: Column) -> dict[str, Any]:
    if column.name in UNIQUE:
        return {"required": True, "unique": True}
    # Of elections and regions the words are in the database: they are not known here.
    words = list(labels(column.vocabulary, "en"))
    if not words or column.csv == "text":
        return {}
    if column.csv == "joined":
        one = "|".join(re.escape(word) for word in words)
        return {"pattern": f"({one})(;({one}))*"}
    return {"enum": [int(word) for word in words] if column.numeric else words}
