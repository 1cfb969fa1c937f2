"""What the documentation says of the partners' resource."""

from typing import Any

from rest_framework import serializers

from elections.api.base import Operation
from incidents.agreed import ALL
from incidents.api.documented import BLOCKAGE, CODEBOOK_ROW
from incidents.api.serializers import documented_field
from incidents.exports import MEDIA_TYPES

AgreedIncident = type(
    "AgreedIncident",
    (serializers.Serializer,),
    {
        "__doc__": "A published incident with the columns agreed with partners.",
        **{column.name: documented_field(column) for column in ALL},
    },
)
INCIDENT: dict[str, Any] = BLOCKAGE | {
    "reports": 3,
    "sources_by_kind": {"direct_witness": 1, "media": 1},
    "grounds": ["several_sources", "several_organisations"],
    "organisations": ["org-k3v7q2m5x4c6zb2a", "org-y5hd7a3jw2n6pfqe"],
    "teams": ["team-m4x2c7b5q6z3k2va"],
    "first_reported_at": "2021-01-10T05:00:00+00:00",
    "desk_status": "in_review",
    "desk_outcome": None,
}
REACH = {
    "elections": [{"election": "kz-2021-mazhilis", "regions": None}],
    "token_regions": ["KZ-ALA"],
    "expires_at": "2021-04-10T09:00:00+00:00",
}
OUTSIDE = {403: "No partner of this election, or a token that does not reach so far."}
INCIDENTS = {
    "list": Operation(
        "Published incidents with the columns agreed with partners; each answer is logged",
        answer=AgreedIncident,
        rows=True,
        files=tuple(MEDIA_TYPES[name] for name in ("ndjson", "csv")),
        example=INCIDENT,
        also=OUTSIDE,
    ),
    "retrieve": Operation(
        "One published incident with the columns agreed with partners; each answer is logged",
        answer=AgreedIncident,
        example=INCIDENT,
        also=OUTSIDE,
    ),
    "columns": Operation(
        "The agreed columns, and how far your agreement and this token reach",
        answer={"type": "object"},
        example={"version": "1.0", "columns": [CODEBOOK_ROW], "agreed": REACH},
        also=OUTSIDE,
    ),
}
