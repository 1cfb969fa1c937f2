"""Reports beside each other: in which of the facts they differ, and long texts folded."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

COMPARED = ("category", "place", "time", "persons")
OPEN = 700  # characters of a text that stand unfolded
SLACK = 200  # a rest shorter than this is not worth a fold
JOINERS = frozenset("\u200d\ufe0e\ufe0f")
Card = dict[str, Any]


def compare(cards: Sequence[Card]) -> list[str]:
    """Mark every fact that is not the same in all reports that tell it; name these facts."""
    names = []
    for key in COMPARED:
        facts = [f for card in cards for f in card["compared"] if f["key"] == key and _said(f)]
        if len({_said(fact) for fact in facts}) > 1:
            names.append(str(facts[0]["label"]))
            for one in facts:
                one["differs"] = _("differs")
    return names


def _said(fact: Card) -> str:
    return str(fact["value"] or fact["note"] or "")


def fold_texts(cards: Iterable[Card]) -> None:
    """`text` becomes what stands open, `rest` what is folded; together they are the whole."""
    for card in cards:
        text = card["text"]
        if len(text) > OPEN + SLACK:
            cut = _cut(text)
            card["text"], card["rest"] = text[:cut], text[cut:]
            card["rest_length"] = len(text) - cut


def _cut(text: str) -> int:
    """After a space; else where no accent or joined emoji is torn off its letter."""
    space = max(text.rfind(mark, OPEN - SLACK, OPEN) for mark in " \n")
    if space > 0:
        return space + 1
    cut = OPEN
    while cut > OPEN - SLACK and (
        unicodedata.combining(text[cut]) or text[cut] in JOINERS or text[cut - 1] in JOINERS
    ):
        cut -= 1
    return cut
