"""A public document in the words of a page: for the lists, the incident's page and the preview.

A document is what `composing.compose` makes and `Publication.document` holds; a preview has no
reference, version and dates yet.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils.dateparse import parse_date, parse_datetime

from elections.models import Election, Region
from elections.templatetags.say import day
from incidents import categories, wording
from incidents.models import Publication
from incidents.vocabulary import Phase, ResponsePosition

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Places:
    """What an election calls its regions, and which clock they go by."""

    names: Mapping[str, str]
    zones: Mapping[str, str]
    country: str
    zone: str

    def named(self, codes: Iterable[str]) -> list[str]:
        return [self.names.get(code, code) for code in codes]

    def zone_of(self, codes: Iterable[str]) -> str:
        """The clock of the one place; of the capital when there are several, or none."""
        zones = {self.zones.get(code, self.zone) for code in codes}
        return zones.pop() if len(zones) == 1 else self.zone


def places_of(election: Election, documents: Iterable[Document]) -> Places:
    """One query, for as many documents of the election as there are."""
    codes = {code for document in documents for code in document["regions"]}
    regions = Region.objects.of(election)
    rows = list(regions.filter(code__in=codes)) + list(regions.filter(level=0)[:1])
    country = next((row.name for row in rows if row.level == 0), "")
    return Places(
        names={row.code: row.name for row in rows},
        zones={row.code: row.time_zone for row in rows},
        country=country,
        zone=election.time_zone,
    )


def document_of(publication: Publication) -> Document:
    document: Document = json.loads(publication.document)
    return document


def told(document: Document, places: Places) -> dict[str, Any]:
    """What a list says of it."""
    codes = document["regions"]
    zone = places.zone_of(codes)
    start, end = (_instant(document[f"occurred_{edge}"]) for edge in ("start", "end"))
    precision = document["occurred_precision"]
    category = categories.CATEGORIES.get(document["category"])
    return {
        "ref": document.get("ref", ""),
        "version": document.get("version"),
        "title": wording.in_language(document["title"]),
        "summary": wording.in_language(document["summary"]),
        "category": category.short_name if category else document["category"],
        "icon": category.icon if category else "oth",
        "when": wording.when(start, end, precision, zone=zone),
        "when_utc": wording.utc(start) if precision in TO_THE_HOUR else "",
        "iso": document["occurred_start"] if precision in TO_THE_HOUR else "",
        "where": wording.place(
            places.named(codes),
            document["regions_at_least"],
            precision=document["place_precision"],
            station=document["station"],
            country=places.country,
        ),
        "people": wording.persons(
            document["persons_min"],
            document["persons_max"],
            document["persons_words"],
            document["persons_basis"],
        ),
        "sources": wording.sources(document["sources"]),
        "severity": document["severity"],
        "verification": document["verification"],
        "zone": zone,
    }


# Below a day a clock in UTC helps; above it would claim an hour nobody knows.
TO_THE_HOUR = frozenset({"exact", "half_hour", "hour", "part_of_day", "range"})


def told_in_full(document: Document, places: Places) -> dict[str, Any]:
    """What the incident's own page says of it."""
    short = told(document, places)
    return short | {
        "categories": [_category_name(code) for code in document["categories"]],
        "phase": Phase(document["phase"]).label if document["phase"] in Phase.values else "",
        "verification_means": wording.verification_means(document["verification"]),
        "severity_means": wording.severity_means(document["severity"]),
        "answers": wording.answers(document["category"], document["details"], zone=short["zone"]),
        "responses": [_response(row) for row in document["responses"]],
    }


def _instant(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def _category_name(code: str) -> str:
    category = categories.CATEGORIES.get(code)
    return category.name if category else code


def _response(row: Mapping[str, Any]) -> dict[str, Any]:
    position = row.get("position")
    said_on = row.get("said_on")
    language = row.get("quote_language") or ""
    return {
        "issuer": row["issuer"],
        "office": row.get("office"),
        "said_on": day(parse_date(said_on)) if said_on else "",
        "position": (
            ResponsePosition(position).label if position in ResponsePosition.values else position
        ),
        "claims": [wording.claim(one) for one in row.get("claims") or []],
        "quote": row.get("quote"),
        "quote_language": language,
        "quote_language_name": wording.language_name(language) if language else "",
        "translation": row.get("translation"),
        "source": row.get("source"),
        "link": safe_link(row.get("link")),
    }


def safe_link(url: str | None) -> str:
    """Only what a browser opens as a page: a script hidden in an address is dropped."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    return url or "" if parts.scheme in ("http", "https") and parts.hostname else ""
