"""What the documentation says of the statistics."""

from typing import Any

from elections.api.base import Operation
from incidents.exports import MEDIA_TYPES

NUMBER: dict[str, Any] = {"type": "integer"}
MAYBE: dict[str, Any] = {"type": ["integer", "null"]}
WORD: dict[str, Any] = {"type": ["string", "null"]}
COUNTS: dict[str, Any] = {
    "incidents": NUMBER,
    "persons_min_sum": MAYBE
    | {"description": "Over those that give a number. Null: none does; it is not zero."},
    "persons_max_sum": MAYBE,
    "n_unknown": NUMBER | {"description": "Incidents that give no number of persons at all."},
    "n_without_min": NUMBER,
    "n_without_max": NUMBER,
    "stations_observed": MAYBE
    | {"description": "Polling stations observed, rounded down to five; never below a region."},
    "stations_note": {
        "enum": ["few", "below", "no_region", "partly", None],
        "description": "Why no number of stations is told.",
    },
    "rate_per_100_stations": {"type": ["number", "null"]},
}
ROW: dict[str, Any] = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("election", "region", "category", "group"), WORD),
        "severity": NUMBER,
        "verification": {"type": "string"},
        "phase": WORD,
        "period": WORD
        | {"description": "Beginning of the hour, day or week. Null: not known so exactly."},
        **COUNTS,
    },
    "required": list(COUNTS),
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "results": {"type": "array", "items": ROW},
        "totals": {"type": "object", "properties": COUNTS, "required": list(COUNTS)},
        "meta": {"type": "object"},
    },
    "required": ["results", "totals", "meta"],
}
DETAINED: dict[str, Any] = {
    "incidents": 3,
    "persons_min_sum": 12,
    "persons_max_sum": None,
    "n_unknown": 2,
    "n_without_min": 2,
    "n_without_max": 3,
    "stations_observed": 40,
    "stations_note": None,
    "rate_per_100_stations": 7.5,
}
STATS = {
    "list": Operation(
        "How many published incidents, of what, where and when",
        answer=SCHEMA,
        files=(MEDIA_TYPES["csv"],),
        example={
            "results": [
                {
                    "region": "KZ-ALA",
                    "category": "DET05",
                    "period": "2021-01-10T12:00:00+06:00",
                    **DETAINED,
                }
            ],
            "totals": DETAINED
            | {"stations_observed": None, "stations_note": "few", "rate_per_100_stations": None},
            "meta": {
                "data_version": 42,
                "licence": "CC-BY-4.0",
                "filters_applied": {"election": ["kz-2021-mazhilis"]},
                "by": ["region", "category"],
                "level": 1,
                "grain": "hour",
                "time": "occurred",
                "regions_counted": "once_in_each_named",
                "totals_counted": "once",
                "sums_exceed_total": False,
                "category_counted": "main",
                "counted_from": "tallies",
                "stations": {
                    "fewest": 5,
                    "rounded_down_to": 5,
                    "elections": {
                        "kz-2021-mazhilis": {
                            "total": None,
                            "regions": {"KZ-ALA": 40, "KZ-SHY": None},
                        }
                    },
                },
            },
        },
        also={304: "Nothing changed since the ETag you sent."},
    )
}
