"""What can happen: eleven groups, 61 kinds and "other", kept as data in data/categories.json.

Codes are immutable and never reused; a retired one stays readable and names its `replaced_by`.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

LONGEST_CODE = 40  # what a stranger's "code" is cut to before it is compared


def in_active_language(names: Mapping[str, str]) -> str:
    """The text in the language of the page; English where that language has none."""
    language = (get_language() or "en").split("-")[0]
    return names.get(language) or names["en"]


@dataclass(frozen=True)
class Group:
    code: str
    order: int  # most likely first, as on the phone
    icon: str
    names: dict[str, str]
    short: dict[str, str]

    @property
    def name(self) -> str:
        return in_active_language(self.names)

    @property
    def short_name(self) -> str:
        return in_active_language(self.short)

    @property
    def categories(self) -> list["Category"]:
        return [category for category in CATEGORIES.values() if category.group == self.code]


@dataclass(frozen=True)
class Category:
    """`crosswalk`: name of another taxonomy -> its codes for the same thing."""

    code: str
    group: str
    icon: str
    names: dict[str, str]
    short: dict[str, str]
    severity_default: int
    severity_floor: int
    publishable: bool
    detail_sets: tuple[str, ...]
    crosswalk: dict[str, list[str]]
    replaced_by: str | None

    @property
    def name(self) -> str:
        return in_active_language(self.names)

    @property
    def short_name(self) -> str:
        return in_active_language(self.short)


def _load(path: Path) -> tuple[str, dict[str, Group], dict[str, Category]]:
    data = json.loads(path.read_text("utf-8"))
    groups = {
        item["code"]: Group(order=order, **item)
        for order, item in enumerate(data["groups"], start=1)
    }
    return (
        data["version"],
        groups,
        {item["code"]: _leaf(item, groups) for item in data["categories"]},
    )


def _leaf(item: dict[str, Any], groups: dict[str, Group]) -> Category:
    group = item["code"][:3]
    sets = tuple(item["detail_sets"])
    return Category(**{**item, "group": group, "icon": groups[group].icon, "detail_sets": sets})


VERSION, GROUPS, CATEGORIES = _load(Path(__file__).parent / "data" / "categories.json")


def get(code: str) -> Category:
    """Raises KeyError."""
    return CATEGORIES[code]


def expand(code_or_prefix: str) -> list[str]:
    """The codes a filter value stands for: a code, or a group's three letters. Unknown: none."""
    if code_or_prefix in CATEGORIES:
        return [code_or_prefix]
    if code_or_prefix in GROUPS:
        return [category.code for category in GROUPS[code_or_prefix].categories]
    return []


def nearest(text: str) -> str | None:
    """The code or group that was probably meant."""
    typed = text.strip()[:LONGEST_CODE].upper()
    close = difflib.get_close_matches(typed, [*CATEGORIES, *GROUPS], n=1, cutoff=0.5)
    return close[0] if close else None


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Django's grouped choices in the active language, without retired codes."""
    return [
        (group.name, [(leaf.code, leaf.name) for leaf in group.categories if not leaf.replaced_by])
        for group in GROUPS.values()
    ]
