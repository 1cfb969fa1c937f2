"""Filters that published incidents and the desk have in common."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from elections.filtering import StrictFilter, as_moment, one, several, word_of
from elections.strict import as_integer
from incidents import categories
from incidents.vocabulary import Severity

TIME_SCHEMA = {"type": "string", "format": "date-time"}


def as_severity(text: str) -> int:
    return as_integer(text, 1, 4)


def category_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups with their leaves, named in the active language."""
    return [
        (group.name, [(c.code, c.name) for c in categories.CATEGORIES.values() if c.group == code])
        for code, group in categories.GROUPS.items()
    ]


def words_filter(words: Any, about: Any, **more: Any) -> StrictFilter:
    """One or more words of a vocabulary of text choices."""
    return StrictFilter(
        several(word_of(lambda: words.values)),
        many=True,
        lookup_expr="in",
        choices=words.choices,
        about=about,
        example=words.values[0],
        schema={"type": "array", "items": {"type": "string", "enum": list(words.values)}},
        **more,
    )


def severity_filter() -> StrictFilter:
    return StrictFilter(
        several(as_severity),
        many=True,
        lookup_expr="in",
        choices=Severity.choices,
        about=_("Severity, 1 to 4."),
        example="3",
        schema={"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 4}},
    )


def severity_min_filter() -> StrictFilter:
    return StrictFilter(
        one(as_severity),
        field_name="severity",
        lookup_expr="gte",
        about=_("This severity or higher."),
        example="3",
        schema={"type": "integer", "minimum": 1, "maximum": 4},
    )


def moment_filter(about: Any, **more: Any) -> StrictFilter:
    """`prepare` turns the moment into an instant before the lookup runs."""
    return StrictFilter(
        one(as_moment), about=about, example="2021-01-10", schema=TIME_SCHEMA, **more
    )


def codes_schema() -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}}
