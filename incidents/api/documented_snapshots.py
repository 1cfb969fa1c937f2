"""What the documentation says of the snapshots."""

from typing import Any

from elections.api.base import Operation

BASE = "https://dauys.example/api/v1/snapshots/"
TEXT: dict[str, Any] = {"type": "string"}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
NUMBER: dict[str, Any] = {"type": "integer"}
SNAPSHOT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": TEXT | {"description": "The day by UTC, perhaps with the data version."},
        "state": {"type": "string", "enum": ["built", "withdrawn"]},
        "data_version": NUMBER,
        "data_as_of": MAYBE | {"description": "When the newest change in it was published."},
        "created_at": TEXT,
        "incidents": NUMBER,
        "size": NUMBER | {"description": "Of the file, in bytes."},
        "sha256": TEXT | {"description": "Of the file; also its ETag."},
        "codebook": TEXT | {"description": "Version of the columns."},
        "withdrawn_at": MAYBE,
        "reason": MAYBE | {"enum": ["error", "safety", None]},
        "superseded_by": MAYBE | {"description": "What to read instead."},
        "url": TEXT,
        "file": MAYBE | {"description": "The ZIP; null when it was withdrawn."},
    },
    "required": [
        *("name", "state", "data_version", "data_as_of", "created_at", "incidents", "size"),
        *("sha256", "codebook", "withdrawn_at", "reason", "superseded_by", "url", "file"),
    ],
}
ONE: dict[str, Any] = SNAPSHOT | {
    "properties": SNAPSHOT["properties"]
    | {
        "licence": TEXT,
        "citation": TEXT,
        "retracted_since": {
            "type": "array",
            "description": "What is in it and was withdrawn or merged later, oldest first.",
            "items": {
                "type": "object",
                "properties": {
                    "ref": TEXT,
                    "reason": {"type": "string", "enum": ["error", "merged"]},
                    "at": TEXT,
                },
                "required": ["ref", "reason", "at"],
            },
        },
    },
    "required": [*SNAPSHOT["required"], "licence", "citation", "retracted_since"],
}
ROW = {
    "name": "2021-01-11",
    "state": "built",
    "data_version": 42,
    "data_as_of": "2021-01-10T21:14:05+00:00",
    "created_at": "2021-01-11T00:00:12+00:00",
    "incidents": 23,
    "size": 61448,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "codebook": "1.0",
    "withdrawn_at": None,
    "reason": None,
    "superseded_by": None,
    "url": f"{BASE}2021-01-11/",
    "file": f"{BASE}2021-01-11/file/",
}
GONE = {410: "It was withdrawn; the body says why and what to read instead."}
SNAPSHOTS = {
    "list": Operation(
        "Frozen archives of everything published, newest first; withdrawn ones say so",
        answer=SNAPSHOT,
        rows=True,
        example=ROW,
    ),
    "retrieve": Operation(
        "One archive: what it holds, how to cite it, what was withdrawn since",
        answer=ONE,
        example=ROW
        | {
            "licence": "CC-BY-4.0",
            "citation": (
                "Dauys. Published election observation incidents, data version 42 "
                f"(2021-01-10T21:14:05Z). {BASE}. CC-BY-4.0."
            ),
            "retracted_since": [
                {"ref": "KZ2021-7F3KQ", "reason": "error", "at": "2021-01-12T08:00:00+00:00"}
            ],
        },
        also=GONE,
    ),
    "fetch": Operation(
        "The archive itself: a ZIP that never changes; its SHA-256 is the ETag",
        files=("application/zip",),
        also=GONE
        | {
            304: "It is the one whose ETag you sent.",
            412: "It is not the one whose ETag you demanded.",
        },
    ),
}
