"""What the documentation says of each operation, with an example of the true election."""

from typing import Any

from elections.api.base import Operation
from incidents.api import own, serializers
from incidents.api.documented_exports import LATER
from incidents.exports import MEDIA_TYPES
from incidents.intake import FIELDS

OBJECT: dict[str, Any] = {"type": "object"}
BLOCKAGE = {
    "id": "0d9c2a8e-5d38-4a53-9f0f-6d6f6f1c5c7b",
    "ref": "KZ2021-7F3KQ",
    "version": 1,
    "url": "https://dauys.example/incidents/KZ2021-7F3KQ/",
    "election": "kz-2021-mazhilis",
    "category": "NET00",
    "categories": ["NET00"],
    "severity": 2,
    "verification": "reported",
    "sources": 1,
    "occurred_start": "2021-01-10T07:00:00+06:00",
    "occurred_end": "2021-01-10T20:00:00+06:00",
    "occurred_precision": "day",
    "phase": "VOT",
    "regions": ["KZ-ALA"],
    "regions_at_least": None,
    "station": None,
    "place_precision": "region",
    "longitude": 76.9,
    "latitude": 43.24,
    "persons_min": None,
    "persons_max": None,
    "persons_words": None,
    "persons_basis": "none_given",
    "title": {"en": "Internet blockages reported in Almaty"},
    "summary": {"en": "Internet blockages were reported in Almaty as ballots were cast."},
    "details": {},
    "responses": [],
    "published_at": "2021-01-11T09:00:00+00:00",
    "updated_at": "2021-01-11T09:00:00+00:00",
}
RECEIPT = {
    "id": "5a0b7b2e-8f5e-4a55-a6f3-0d5f1a2b3c4d",
    "ref": "KZ2021-2M8XA",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "received_at": "2021-01-10T05:12:00Z",
    "state": "received",
    "unresolved": ["station"],
}
QUESTION: dict[str, Any] = {
    "id": "7c1f5a52-50b3-4b8e-9f0e-2d1f4e9f3a10",
    "asked_at": "2021-01-10T05:20:00Z",
    "text": "Was the other door locked, too?",
    "answers": [],
}
ANSWER_RECEIPT = {
    "id": "e0d2b7f4-0a6c-4a9e-8a55-6b9f0a1d2c3e",
    "question": QUESTION["id"],
    "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "received_at": "2021-01-10T05:31:00Z",
}
REPORT_BODY = {
    "election": "kz-2021-mazhilis",
    "category": "ACC01",
    "text": "We were not let into the polling station.",
    "language": "en",
    "occurred_start": "2021-01-10T09:30:00+06:00",
    "occurred_precision": "half_hour",
    "region": "KZ-SHY",
    "station": "128",
    "source": "direct_witness",
    "danger": "none",
}
DESK_REPORT = {
    "id": RECEIPT["id"],
    "ref": RECEIPT["ref"],
    "election": "kz-2021-mazhilis",
    "received_at": RECEIPT["received_at"],
    "channel": "api",
    "category": "ACC01",
    "text": REPORT_BODY["text"],
    "region": "KZ-SHY",
    "station": None,
    "station_as_typed": "128",
    "unresolved": {"station": "128"},
    "danger": "none",
    "audience": "team",
    "state": "received",
    "incidents": [],
    "questions": [],
}
DESK_INCIDENT = {
    "id": BLOCKAGE["id"],
    "ref": BLOCKAGE["ref"],
    "election": "kz-2021-mazhilis",
    "title": "Blockage in Almaty",
    "category": "NET00",
    "severity": 2,
    "verification": "reported",
    "status": "in_review",
    "publication": "none",
    "regions": ["KZ-ALA"],
    "assignee": "aliya",
    "version": 4,
}
ALLOWED = {"step": "corroborate", "label": "Mark as corroborated", "needs": ["grounds"]}
CODEBOOK_ROW = {
    "name": "persons_min",
    "type": "integer",
    "unit": "persons",
    "vocabulary": "",
    "values": [],
    "description_en": "Persons affected, at least. Empty: no number was given; it is not zero.",
    "description_ru": "Затронуто людей, не менее. Пусто: число не названо; это не ноль.",
    "description_kk": "Зардап шеккендер, кемінде. Бос: сан аталмаған; бұл нөл емес.",
    "csv": "plain",
    "since": "1.0",
}
CHANGE = {
    "seq": 42,
    "op": "retract",
    "id": BLOCKAGE["id"],
    "ref": BLOCKAGE["ref"],
    "at": "2021-01-12T10:00:00+00:00",
    "reason": "error",
    "merged_into": None,
}
CHANGE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "seq": {"type": "integer"},
                    "op": {"enum": ["upsert", "retract"]},
                    "id": {"type": "string", "format": "uuid"},
                    "ref": {"type": "string"},
                    "at": {"type": "string", "format": "date-time"},
                    "reason": {"enum": ["error", "safety", "merged", None]},
                    "merged_into": {"type": ["string", "null"]},
                    "incident": {"type": "object", "description": "Only of an upsert."},
                },
                "required": ["seq", "op", "id", "ref", "at", "reason", "merged_into"],
            },
        },
        "next_since": {"type": "integer"},
        "has_more": {"type": "boolean"},
        "meta": OBJECT,
    },
    "required": ["results", "next_since", "has_more", "meta"],
}
BULK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array",
            "minItems": 1,
            "maxItems": 500,
            "items": {
                "type": "object",
                "description": "“on_incident” or “on_report”, and what a single step is given.",
                "properties": {
                    "on_incident": {"type": "string"},
                    "on_report": {"type": "string"},
                    "step": {"type": "string"},
                    "version": {"type": "integer"},
                    "reason": {"type": "string"},
                },
                "required": ["step"],
            },
        }
    },
    "required": ["steps"],
    "additionalProperties": False,
}
TYPES = {str: "string", int: "integer", float: "number", dict: "object", list: "array"}


def _report_field(types: tuple[type, ...], longest: int) -> dict[str, Any]:
    named: dict[str, Any] = {"type": TYPES[types[-1]]}
    if types == (list,):
        named["items"] = OBJECT
    return named | ({"maxLength": longest} if longest else {})


REPORT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Every field is optional, but there must be a category or a text.",
    "properties": {
        "election": {"type": "string", "description": "Needed when you observe several."},
        **{name: _report_field(*form) for name, form in FIELDS.items()},
    },
    "additionalProperties": False,
}
RESULTS: dict[str, Any] = {
    "type": "object",
    "properties": {"results": {"type": "array", "items": OBJECT}},
}
WRONG_STATE = "The step is not possible in this state."
STALE = "Somebody else changed it first; “fields” names both values."

INDEX = {
    "list": Operation(
        "Where everything is",
        answer=OBJECT,
        example={
            "links": {"incidents": "https://dauys.example/api/v1/incidents/"},
            "data_version": 42,
            "licence": "CC-BY-4.0",
            "generated_at": "2021-01-11T09:00:00Z",
        },
    )
}
CATEGORIES = {
    "list": Operation(
        "Categories of incidents, with the questions each asks",
        answer=OBJECT,
        rows=True,
        example={"code": "NET00", "group": "NET", "names": {"en": "Blockage of unknown kind"}},
    )
}
CODEBOOK = {
    "list": Operation(
        "Every public column",
        answer=OBJECT,
        files=(MEDIA_TYPES["csv"],),
        example={"version": "1.0", "columns": [CODEBOOK_ROW], "vocabularies": {}},
    )
}
MERGED = {308: "It was merged: “Location” is the survivor."}
GONE = {410: "It was withdrawn; the body is a tombstone."}
INCIDENTS = {
    "list": Operation(
        "Published incidents",
        answer=serializers.PublishedIncident,
        rows=True,
        files=tuple(MEDIA_TYPES[name] for name in ("ndjson", "csv", "geojson", "xlsx")),
        example=BLOCKAGE,
        also={304: "Nothing changed since the ETag you sent.", **LATER},
    ),
    "retrieve": Operation(
        "One published incident",
        answer=serializers.PublishedIncident,
        example=BLOCKAGE,
        also={304: "Nothing changed since the ETag you sent.", **MERGED, **GONE},
    ),
    "versions": Operation(
        "When and why it was corrected; never the old text",
        answer=serializers.VersionSerializer,
        rows=True,
        example={"version": 1, "published_at": "2021-01-11T09:00:00Z", "what_changed": ""},
        also={**MERGED, **GONE},
    ),
}
CHANGES = {
    "list": Operation(
        "What was published, corrected and withdrawn, in order",
        answer=CHANGE_SCHEMA,
        example={
            "results": [CHANGE],
            "next_since": 42,
            "has_more": False,
            "meta": {"data_version": 42, "licence": "CC-BY-4.0", "filters_applied": {}},
        },
        also={304: "Nothing changed since the ETag you sent."},
    )
}
REPORTS = {
    "file": Operation(
        "File a report under an id of your own; repeat it as often as you like",
        answer=own.ReceiptSerializer,
        body=REPORT_SCHEMA,
        example=RECEIPT,
        body_example=REPORT_BODY,
        success=(200, 201),
        also={409: "The id carries other content. Both are kept."},
    ),
    "answer": Operation(
        "Answer a question of the desk, under an id of your own",
        answer=own.AnswerReceiptSerializer,
        body=own.AnswerBodySerializer,
        example=ANSWER_RECEIPT,
        body_example={
            "id": ANSWER_RECEIPT["id"],
            "question": QUESTION["id"],
            "text": "Yes, both doors were locked.",
        },
        success=(200, 201),
        also={409: "The id carries other words. Send them under a new one."},
    ),
}
DESK_REPORTS = {
    "list": Operation(
        "Reports on your desk",
        answer=serializers.DeskReportSerializer,
        rows=True,
        example=DESK_REPORT,
    ),
    "step": Operation(
        "Take a step on a report",
        answer=serializers.WholeReportSerializer,
        body=serializers.ReportStepSerializer,
        example=DESK_REPORT | {"state": "dismissed", "allowed": [ALLOWED]},
        body_example={"step": "dismiss", "reason": "A test."},
        also={409: WRONG_STATE},
    ),
}
WHOLE = DESK_INCIDENT | {
    "reports": [],
    "notes": [],
    "referrals": [],
    "events": [],
    "allowed": [ALLOWED],
}
DESK_INCIDENTS = {
    "list": Operation(
        "Incidents on your desk",
        answer=serializers.DeskIncidentSerializer,
        rows=True,
        example=DESK_INCIDENT,
    ),
    "retrieve": Operation(
        "One incident, all that hangs on it, and what you may do now",
        answer=serializers.WholeIncidentSerializer,
        example=WHOLE,
    ),
    "step": Operation(
        "Take a step on an incident: the only way a state changes",
        answer=serializers.WholeIncidentSerializer,
        body=serializers.IncidentStepSerializer,
        example=WHOLE,
        body_example={"step": "claim", "version": 3},
        also={409: WRONG_STATE, 412: STALE},
    ),
}
BULK = {
    "take": Operation(
        "Up to 500 steps, a result for each",
        answer=RESULTS,
        body=BULK_SCHEMA,
        example={"results": [{"status": 200, "on_incident": BLOCKAGE["ref"], "version": 4}]},
        body_example={"steps": [{"on_incident": BLOCKAGE["ref"], "step": "claim", "version": 3}]},
    )
}
