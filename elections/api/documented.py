"""What the documentation says of these endpoints: summaries, shapes of answers, true examples."""

from typing import Any

from elections.api.base import Operation
from elections.api.serializers import (
    ElectionDetailSerializer,
    ElectionSerializer,
    RegionDetailSerializer,
    RegionShapeSerializer,
    StationDetailSerializer,
    StationSerializer,
)

_ELECTION: dict[str, Any] = {
    "slug": "kz-2021-mazhilis",
    "names": {"en": "Parliamentary election of 10 January 2021"},
    "country": "KZ",
    "kind": "parliamentary",
    "chamber": {"en": "Mazhilis", "ru": "Мажилис", "kk": "Мәжіліс"},
    "poll_days": [{"date": "2021-01-10", "opens": None, "closes": None, "region": None}],
    "time_zone": "Asia/Almaty",
    "region_set": "KZ-2018",
    "is_rehearsal": False,
    "licence": "CC-BY-4.0",
}
_TURNOUT: dict[str, Any] = {
    "region": "KZ-SEV",
    "station": None,
    "stage": "preliminary",
    "issuer": "Central Election Commission",
    "as_of": None,
    "announced_on": None,
    "registered": None,
    "voted": None,
    "percent": 75.5,
    "qualifier": "about",
    "remarks": {"en": "highest"},
    "source": "RFE/RL's Kazakh Service",
}
_REGION: dict[str, Any] = {
    "code": "KZ-ALA",
    "region_set": "KZ-2018",
    "parent": "KZ",
    "level": 1,
    "kind": "city",
    "names": {"en": "Almaty (city)", "ru": "Алматы (город)", "kk": "Алматы қаласы"},
    "aliases": ["Alma-Ata"],
    "codes": [
        {"scheme": "kato", "code": "750000000", "valid_from": None, "valid_to": None},
    ],
    "time_zone": "Asia/Almaty",
    "longitude": 76.907,
    "latitude": 43.232,
}
_STATION: dict[str, Any] = {
    "code": "KZ-ALA:015",
    "election": "kz-2021-mazhilis",
    "commission": "KZ-ALA",
    "number": "015",
    "region": "KZ-ALA",
    "names": {},
    "kind": "regular",
    "status": "active",
    "successor": None,
    "address": "",
    "venue": "",
    "country": "",
    "longitude": None,
    "latitude": None,
    "coordinates_quality": "unknown",
    "registered_voters": None,
    "groupings": {},
}
_SUCCESSOR = {
    "region_set": "KZ-2022",
    "code": "KZ-75",
    "names": {"en": "Almaty (city)"},
    "share": 1.0,
    "note": "",
}

ELECTIONS = {
    "list": Operation("Elections", answer=ElectionSerializer, rows=True, example=_ELECTION),
    "retrieve": Operation(
        "One election, with its figures as each issuer gave them",
        answer=ElectionDetailSerializer,
        example={
            **_ELECTION,
            "system": {},
            "threshold_percent": 7.0,
            "seats_total": 107,
            "seats_in_vote": 98,
            "called_on": None,
            "seat_blocks": [],
            "contestants": [],
            "turnout": [_TURNOUT],
            "results": [],
            "statements": [],
            "source": "RFE/RL's Kazakh Service",
        },
    ),
}
REGIONS = {
    "list": Operation(
        "Regions as they were on the day of an election",
        answer=RegionShapeSerializer,
        rows=True,
        example=_REGION,
    ),
    "retrieve": Operation(
        "One region, with what it became",
        answer=RegionDetailSerializer,
        example={**_REGION, "children": [], "predecessors": [], "successors": [_SUCCESSOR]},
    ),
}
STATIONS = {
    "list": Operation("Polling stations", answer=StationSerializer, rows=True, example=_STATION),
    "retrieve": Operation(
        "One polling station, with its own figures",
        answer=StationDetailSerializer,
        example={**_STATION, "turnout": [], "results": []},
    ),
}
