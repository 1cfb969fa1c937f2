"""How severe an incident is at least: by its category, by its details, by danger.

The rules are data (data/severity_floors.json): they raise, a person may only lower down to them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents import categories

WHY: dict[str, str | Promise] = {
    "category": _("its category"),
    "danger": _("a person is in danger"),
    "whereabouts": _("nobody knows where a person is held"),
    "injury": _("somebody is injured"),
    "death": _("somebody has died"),
    "force": _("force was used"),
}


@dataclass(frozen=True)
class Rule:
    """One of: `any_of` these answers, the `latest` of a dated series, `some` number above zero."""

    field: str
    floor: int
    why: str
    any_of: frozenset[str] = frozenset()
    latest: frozenset[str] = frozenset()
    some: bool = False

    def holds(self, answer: Any) -> bool:
        if self.some:
            return isinstance(answer, dict) and _some(answer)
        if self.latest:
            return isinstance(answer, list) and bool(answer) and _last(answer) in self.latest
        given = answer if isinstance(answer, list) else [answer]
        return any(isinstance(one, str) and one in self.any_of for one in given)


def _some(number: Mapping[str, Any]) -> bool:
    """ "Several" counts although nobody gave a number; "0" and an empty answer do not."""
    least, most = number.get("min"), number.get("max")
    if least is None and most is None:
        return bool(str(number.get("words") or "").strip())
    return bool(least or most)


def _last(series: list[Any]) -> Any:
    last = series[-1]
    return last.get("status") if isinstance(last, dict) else None


def _load(path: Path) -> tuple[int, tuple[Rule, ...]]:
    data = json.loads(path.read_text("utf-8"))
    rules = (
        Rule(
            **{
                **item,
                "any_of": frozenset(item.get("any_of", ())),
                "latest": frozenset(item.get("latest", ())),
            }
        )
        for item in data["details"]
    )
    return data["danger"]["floor"], tuple(rules)


OF_DANGER, RULES = _load(Path(__file__).parent / "data" / "severity_floors.json")


@dataclass(frozen=True)
class Floor:
    level: int
    why: str

    @property
    def words(self) -> str:
        return str(WHY[self.why])


def floor_of(category: str, details: Mapping[str, Any], *, danger: bool) -> Floor:
    """The highest of all that hold; of two alike, the first named."""
    return max(_holding(category, details, danger), key=lambda floor: floor.level)


def _holding(category: str, details: Mapping[str, Any], danger: bool) -> Iterator[Floor]:
    yield Floor(categories.get(category).severity_floor, "category")
    if danger:
        yield Floor(OF_DANGER, "danger")
    for rule in RULES:
        if rule.holds(details.get(rule.field)):
            yield Floor(rule.floor, rule.why)
