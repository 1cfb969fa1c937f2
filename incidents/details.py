"""The questions each category asks, declared in data/details.json and read by forms, API and desk.

Every answer is optional and None means "not known". How many people, where and when belong to the
record itself (`persons_*`, `station`, `region`, `occurred_*`): a set only names what those mean
for it, in `record_fields`, so that no number has two homes.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from incidents import categories
from incidents.answers import (
    NOT_AN_OBJECT,
    UNKNOWN_KEY,
    Problem,
    read_choice,
    read_datetime,
    read_links,
    read_multi,
    read_number,
    read_series,
    read_text,
    unknown,
    validate_number,
)
from incidents.categories import in_active_language
from incidents.vocabulary import PersonsBasis, Source

__all__ = [
    "DETAIL_SETS",
    "DetailField",
    "DetailSet",
    "Option",
    "RecordField",
    "fields_for",
    "first_for",
    "json_schema",
    "public_part",
    "record_fields_for",
    "unsealed_part",
    "validate",
    "validate_number",
]


FEW = 4
NOT_SAID: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Option:
    """`alone`: an answer that excludes every other, such as "no ground given"."""

    code: str
    names: dict[str, str]
    alone: bool = False

    @property
    def name(self) -> str:
        return in_active_language(self.names)


@dataclass(frozen=True)
class DetailField:
    """One question. Values by `kind`:

    tri: "yes", "no", "unknown"; choice: a code; multi: codes in the order of the options;
    text: a string of at most `limit` characters; datetime: RFC 3339 with offset, or a date;
    number_rule: {"min", "max", "words", "basis"}, counting `unit`;
    links: [{"url", "source", "taken_on"}], `options` naming the sources;
    series: [{"status", "as_of", "source", "source_words"}], oldest first.
    `public`: may be published; `sealed`: read by security only.
    """

    key: str
    kind: str
    names: dict[str, str]
    options: tuple[Option, ...] = ()
    asked_first: bool = False
    public: bool = False
    sealed: bool = False
    unit: str = ""
    limit: int = 0

    @property
    def name(self) -> str:
        return in_active_language(self.names)

    @property
    def codes(self) -> list[str]:
        return [option.code for option in self.options]

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(option.code, option.name) for option in self.options]


@dataclass(frozen=True)
class RecordField:
    """What a set calls a field of the record: station, region, persons or occurred."""

    field: str
    names: dict[str, str]
    asked_first: bool

    @property
    def name(self) -> str:
        return in_active_language(self.names)


@dataclass(frozen=True)
class DetailSet:
    code: str
    names: dict[str, str]
    record_fields: tuple[RecordField, ...]
    fields: tuple[DetailField, ...]

    @property
    def name(self) -> str:
        return in_active_language(self.names)


def _load(path: Path) -> dict[str, DetailSet]:
    data = json.loads(path.read_text("utf-8"))
    vocabularies = {
        name: tuple(Option(**option) for option in options)
        for name, options in data["vocabularies"].items()
    }
    tri = tuple(Option(**option) for option in data["tri"])
    fields = {}
    for key, item in data["fields"].items():
        options = vocabularies[item["options"]] if "options" in item else ()
        chosen = tri if item["kind"] == "tri" else options
        fields[key] = DetailField(**{**item, "key": key, "options": chosen})
    return {code: _set(code, item, fields) for code, item in data["sets"].items()}


def _set(code: str, item: dict[str, Any], fields: dict[str, DetailField]) -> DetailSet:
    return DetailSet(
        code=code,
        names=item["names"],
        record_fields=tuple(RecordField(**record) for record in item["record_fields"]),
        fields=tuple(
            replace(fields[key], asked_first=key in item["asked_first"]) for key in item["fields"]
        ),
    )


DETAIL_SETS = _load(Path(__file__).parent / "data" / "details.json")


def _sets_of(category_code: str) -> list[DetailSet]:
    category = categories.CATEGORIES.get(category_code)
    return [DETAIL_SETS[code] for code in category.detail_sets] if category else []


@cache
def _fields_by_key(category_code: str) -> dict[str, DetailField]:
    fields: dict[str, DetailField] = {}
    for detail_set in _sets_of(category_code):
        for field in detail_set.fields:
            fields.setdefault(field.key, field)
    return fields


def fields_for(category_code: str) -> tuple[DetailField, ...]:
    """In the order to be asked. Empty for an empty or unknown category."""
    if category_code not in categories.CATEGORIES:
        return ()  # before the cache: strangers choose the code
    return tuple(_fields_by_key(category_code).values())


def first_for(category_code: str) -> tuple[DetailField, ...]:
    """The few asked at once on a phone; where a set marks none, its first ones are."""
    asked = fields_for(category_code)
    return (tuple(field for field in asked if field.asked_first) or asked)[:FEW]


def record_fields_for(category_code: str) -> tuple[RecordField, ...]:
    return tuple(record for found in _sets_of(category_code) for record in found.record_fields)


READERS: dict[str, Callable[[Any, Any], Any]] = {
    "tri": read_choice,
    "choice": read_choice,
    "multi": read_multi,
    "number_rule": read_number,
    "text": read_text,
    "datetime": read_datetime,
    "links": read_links,
    "series": read_series,
}


def validate(category_code: str, data: object) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers that could be read, and a sentence for each that could not. Never raises.

    None, "", [] and {} mean "not known" and are left out.
    """
    if not isinstance(data, Mapping):
        return {}, {"": str(NOT_AN_OBJECT)}
    fields = {field.key: field for field in fields_for(category_code)}
    clean: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for key, value in data.items():
        if key not in fields:
            problems[str(key)] = unknown(UNKNOWN_KEY, key, fields)
        elif value not in NOT_SAID:
            try:
                answer = READERS[fields[key].kind](fields[key], value)
            except Problem as problem:
                problems[key] = str(problem)
            else:
                if answer not in (None, "", []):
                    clean[key] = answer
    return clean, problems


def public_part(category_code: str, data: object) -> dict[str, Any]:
    """What the world may read, in the order of the questions; read again, never merely copied."""
    clean, _problems = validate(category_code, data)
    public: dict[str, Any] = {}
    for field in fields_for(category_code):
        if field.public and not field.sealed and field.key in clean:
            public[field.key] = clean[field.key]
            if field.kind == "series":
                public[field.key] = [
                    {name: entry[name] for name in ("status", "as_of", "source")}
                    for entry in clean[field.key]
                ]
    return public


def unsealed_part(category_code: str, data: object) -> dict[str, Any]:
    """What the whole desk may read: without names, birth dates, contacts and consent records."""
    clean, _problems = validate(category_code, data)
    return {
        f.key: clean[f.key] for f in fields_for(category_code) if f.key in clean and not f.sealed
    }


def json_schema(category_code: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of the `details` of a report, titles in the active language."""
    fields = fields_for(category_code)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.key: _schema(field) for field in fields},
        "x-record-fields": [
            {"field": record.field, "title": record.name, "asked_first": record.asked_first}
            for record in record_fields_for(category_code)
        ],
    }


def _schema(field: DetailField) -> dict[str, Any]:
    codes = [{"const": option.code, "title": option.name} for option in field.options]
    shapes: dict[str, Callable[[], dict[str, Any]]] = {
        "tri": lambda: {"oneOf": codes},
        "choice": lambda: {"oneOf": codes},
        "multi": lambda: {"type": "array", "items": {"oneOf": codes}, "uniqueItems": True},
        "number_rule": _number_schema,
        "text": lambda: {"type": "string", "maxLength": field.limit},
        "datetime": lambda: _TIME,
        "links": lambda: _list_of(
            {
                "url": {"type": "string", "format": "uri"},
                "source": {"oneOf": codes},
                "taken_on": _TIME,
            },
            required=["url"],
        ),
        "series": lambda: _list_of(
            {
                "status": {"oneOf": codes},
                "as_of": _TIME,
                "source": {"enum": list(Source.values)},
                "source_words": {"type": "string"},
            },
            required=["status", "as_of", "source"],
        ),
    }
    marks = {"asked-first": field.asked_first, "public": field.public, "sealed": field.sealed}
    return {
        "title": field.name,
        **shapes[field.kind](),
        **({"x-unit": field.unit} if field.unit else {}),
        "x-kind": field.kind,
        **{f"x-{mark}": said for mark, said in marks.items()},
    }


_TIME = {"anyOf": [{"type": "string", "format": form} for form in ("date-time", "date")]}


def _list_of(properties: dict[str, Any], *, required: list[str]) -> dict[str, Any]:
    item = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": required,
    }
    return {"type": "array", "items": item}


def _number_schema() -> dict[str, Any]:
    count = {"type": ["integer", "null"], "minimum": 0, "maximum": 10_000_000}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "min": count,
            "max": count,
            "words": {"type": "string"},
            "basis": {"enum": list(PersonsBasis.values)},
        },
    }
