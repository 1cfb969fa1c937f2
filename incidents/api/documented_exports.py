"""What the documentation says of files that are made in the background."""

from typing import Any

from elections.api.base import Operation
from incidents.exports import MEDIA_TYPES
from incidents.vocabulary import ExportStage

NUMBER = {"type": ["integer", "null"]}
TIME = {"type": "string", "format": "date-time"}
EXPORT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "url": {"type": "string", "format": "uri"},
        "status": {"enum": list(ExportStage.values)},
        "format": {"enum": ["xlsx"]},
        "rows_done": {"type": "integer"},
        "rows_total": {"type": "integer"},
        "query": {"type": "object", "description": "What was asked for: name and values."},
        "created_at": TIME,
        "expires_at": TIME,
        "data_version": NUMBER,
        "size": NUMBER,
        "sha256": {"type": ["string", "null"]},
        "download": {
            "type": ["string", "null"],
            "description": "Good for ten minutes; ask again for another.",
        },
    },
    "required": ["id", "url", "status", "rows_done", "rows_total", "expires_at", "download"],
}
EXPORT = {
    "id": "3b0d7f0e-6f0a-4c39-9d43-5f7f7a1f9c2e",
    "url": "https://dauys.example/api/v1/exports/3b0d7f0e-6f0a-4c39-9d43-5f7f7a1f9c2e/",
    "status": "running",
    "format": "xlsx",
    "rows_done": 12000,
    "rows_total": 41873,
    "query": {"election": ["kz-2021-mazhilis"]},
    "created_at": "2021-01-12T10:00:00+00:00",
    "expires_at": "2021-01-12T11:00:00+00:00",
    "data_version": None,
    "size": None,
    "sha256": None,
    "download": None,
}
GONE = {410: "It has expired, or something was withdrawn since it was made. Ask for the rows."}
EXPORTS = {
    "retrieve": Operation(
        "How far a file made in the background has come, and where it is",
        answer=EXPORT_SCHEMA,
        example=EXPORT,
        also=GONE,
    ),
    "file": Operation(
        "A file made in the background",
        answer={"type": "object", "description": "Only problems are JSON; the file is XLSX."},
        example={},
        files=(MEDIA_TYPES["xlsx"],),
        also={409: "It is not ready.", **GONE},
    ),
}
LATER = {202: "XLSX of more than 20,000 rows: “Location” says how far it has come, see “exports”."}
