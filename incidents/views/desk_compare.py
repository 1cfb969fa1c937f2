"""What a new version would change for the world, word by word in its texts."""

import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.conf import settings

from incidents.forms.names import NAMES, name_of
from incidents.models import Incident, Publication
from incidents.views import desk_history
from observers.models import User

TEXTS = ("title", "summary")
# Beside the texts: what a reader would notice. The point follows from the place.
SAID = (
    "category",
    "severity",
    "verification",
    "sources",
    "occurred_start",
    "occurred_end",
    "occurred_precision",
    "regions",
    "regions_at_least",
    "station",
    "place_precision",
    "persons_min",
    "persons_max",
    "persons_words",
    "persons_basis",
    "details",
)
LABELS = {"title": NAMES["public_title"], "sources": NAMES["independent_sources"]}


@dataclass(frozen=True)
class Piece:
    """`kind`: same, out, in."""

    kind: str
    text: str


@dataclass(frozen=True)
class Difference:
    label: str
    language: str
    pieces: list[Piece]


def differences(
    publication: Publication, public: dict[str, Any], incident: Incident, by: User
) -> list[Difference]:
    """Between what the world reads now and `public`, in the order of the page."""
    read_now = json.loads(publication.document)
    found = []
    for part in TEXTS:
        for language, name in settings.LANGUAGES:
            old, new = (side[part].get(language, "") for side in (read_now, public))
            if old != new:
                label = f"{_label(part)}, {name}"
                found.append(Difference(label, language, pieces(old, new)))
    voice = desk_history.speaker(
        incident.election, by, [read_now, public], category=incident.category
    )
    for field in SAID:
        old, new = read_now.get(field), public[field]
        if old != new:
            said = [Piece("out", voice.say(field, old)), Piece("in", voice.say(field, new))]
            found.append(Difference(_label(field), "", said))
    if read_now.get("responses") != public["responses"]:
        counts = [len(side["responses"]) for side in (read_now, public)]
        said = [Piece("out", str(counts[0])), Piece("in", str(counts[1]))]
        found.append(Difference(_label("response"), "", said))
    return found


def _label(field: str) -> str:
    return str(LABELS.get(field) or name_of(field))


def pieces(old: str, new: str) -> list[Piece]:
    """Words that stay, go and come."""
    before, after = (re.findall(r"\S+\s*", text) for text in (old, new))
    found: list[Piece] = []
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(before[a:b])))
            continue
        if b > a:
            found.append(Piece("out", "".join(before[a:b])))
        if d > c:
            found.append(Piece("in", "".join(after[c:d])))
    return found
