"""What the documentation says of the crosswalks."""

from typing import Any

from elections.api.base import Operation
from incidents.exports import MEDIA_TYPES

ROW: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "null"]},
}
CROSSWALKS = {
    "list": Operation(
        "Other collections whose columns the published incidents can take",
        answer={"type": "object"},
        rows=True,
        example={
            "name": "stop",
            "title": "Internet blockages in the columns of Access Now's STOP dataset",
            "url": "https://dauys.example/api/v1/crosswalks/stop/",
            "categories": ["NET00", "NET01"],
            "columns": [{"name": "start_date", "filled_from": "day of `occurred_start`"}],
        },
    ),
    "retrieve": Operation(
        "Published incidents in the columns of another collection",
        answer=ROW,
        rows=True,
        files=tuple(MEDIA_TYPES[name] for name in ("ndjson", "csv")),
        example={"start_date": "2021-01-10", "country": "Kazakhstan", "gov_ack": None},
        also={304: "Nothing changed since the ETag you sent."},
    ),
}
