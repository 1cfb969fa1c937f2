"""What authorities claim against what the incident says, and against each other.

Computed when it is asked for, never stored; it changes nothing. Claims are typed by people: a
value that cannot be read surely raises nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import Any

from elections.folding import fold
from incidents.vocabulary import ResponsePosition, Verification


class Kind(StrEnum):
    FACTS = "facts"  # the incident says otherwise
    EACH_OTHER = "each_other"  # another response says otherwise
    UNSETTLED = "unsettled"  # the response leaves open what is asked


@dataclass(frozen=True)
class Statement:
    """A response. `claims`: field → value, as typed."""

    issuer: str
    position: str
    claims: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What the incident says. `details`: its answers, the statuses oldest first."""

    verification: str
    persons_min: int | None = None
    persons_max: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contradiction:
    """`about`: number, status, charges, scope or position. `other`: of two responses."""

    kind: Kind
    about: str
    statement: Statement
    other: Statement | None = None


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split(", "))


# Words as people type them, in three languages; and the codes of the incident's own answers.
FREE = _words(
    "released, free, freed, released without charge, released without charges, "
    "released_without_charge, released_charged, fined, "
    "отпущен, отпущены, отпустили, освобожден, освобождены, босатылды"
)
HELD = _words(
    "held, detained, in custody, charged_held, administrative_sentence, transferred, "
    "whereabouts_unknown, задержан, задержаны, удерживаются, под стражей, ұсталды, ұсталып отыр"
)
NONE = _words("none, no, no charges, without charge, without charges, нет, без обвинений, жоқ")
SOME = _words("charged, yes, да, обвинены, предъявлены, иә, тағылды")
NOT_GIVEN = _words(
    "not given, not_given, not stated, unknown, не названо, не сообщается, аталмаған, айтылмаған"
)
ALL = _words("all, everybody, everyone, all of them, все, всех, барлығы, бәрі")
CHARGED = frozenset({"released_charged", "charged_held", "administrative_sentence", "fined"})
SANCTIONED = frozenset({"fine", "administrative_arrest", "criminal_sentence"})
DENYING = frozenset({ResponsePosition.DENIES})
ADMITTING = frozenset(
    {
        ResponsePosition.ACKNOWLEDGES,
        ResponsePosition.DENIES_RESPONSIBILITY,
        ResponsePosition.ACCEPTS_RESPONSIBILITY,
    }
)
SHOWN = frozenset({Verification.CORROBORATED, Verification.VERIFIED})
_NUMBER = re.compile(r"\d+(?:[ \u00a0\u202f]\d{3})*")
DIGITS = 9


def raised(known: Known, statements: Sequence[Statement]) -> list[Contradiction]:
    """All of them: against the incident in the order of the responses, then between these."""
    found = [one for statement in statements for one in _against(known, statement)]
    return found + [
        Contradiction(Kind.EACH_OTHER, about, one, other)
        for one, other in combinations(statements, 2)
        for about in _between(one, other)
    ]


def _against(known: Known, said: Statement) -> Iterable[Contradiction]:
    for about, differs in AGAINST.items():
        if differs(known, said):
            yield Contradiction(Kind.FACTS, about, said)
    for about, open_ in UNSETTLED.items():
        if open_(known, said):
            yield Contradiction(Kind.UNSETTLED, about, said)


def _status_differs(known: Known, said: Statement) -> bool:
    return _differ(_status(latest_status(known.details)), status(said))


def _number_differs(known: Known, said: Statement) -> bool:
    """Their range and ours have nothing in common."""
    theirs = number(said)
    if theirs is None:
        return False
    low, high = theirs
    too_few = known.persons_min is not None and high < known.persons_min
    return too_few or (known.persons_max is not None and low > known.persons_max)


def _charges_differ(known: Known, said: Statement) -> bool:
    return _differ(_charged(known.details), charges(said))


def _position_differs(known: Known, said: Statement) -> bool:
    return said.position in DENYING and known.verification in SHOWN


def _number_open(known: Known, said: Statement) -> bool:
    """They name no number, and how many is not known here either."""
    unknown = known.persons_min is None or known.persons_max is None
    return unknown and _folded(said, "number") in NOT_GIVEN


def _scope_open(known: Known, said: Statement) -> bool:
    """ "All" says nothing as long as nobody says how many that is."""
    return _folded(said, "scope") in ALL and number(said) is None and known.persons_max is None


Test = Callable[[Known, Statement], bool]
AGAINST: dict[str, Test] = {
    "status": _status_differs,
    "number": _number_differs,
    "charges": _charges_differ,
    "position": _position_differs,
}
UNSETTLED: dict[str, Test] = {"number": _number_open, "scope": _scope_open}


def _between(one: Statement, other: Statement) -> Iterable[str]:
    if _differ(status(one), status(other)):
        yield "status"
    first, second = number(one), number(other)
    if first and second and (first[1] < second[0] or second[1] < first[0]):
        yield "number"
    if _differ(charges(one), charges(other)):
        yield "charges"
    positions = (one.position, other.position)
    if any(p in DENYING for p in positions) and any(p in ADMITTING for p in positions):
        yield "position"


# --- Reading ----------------------------------------------------------------------------------


def _folded(said: Statement, about: str) -> str:
    return fold(said.claims.get(about, ""))


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def status(said: Statement) -> str:
    """ "free" or "held"; "" when it cannot be read."""
    return _status(_folded(said, "status"))


def _status(word: str) -> str:
    if word in FREE:
        return "free"
    return "held" if word in HELD else ""


def charges(said: Statement) -> str:
    """ "none" or "some"; "" when it cannot be read."""
    text = _folded(said, "charges")
    if text in NONE:
        return "none"
    return "some" if text in SOME else ""


def number(said: Statement) -> tuple[int, int] | None:
    """The least and the most of what they say; None without one or two numbers in it."""
    found = [re.sub(r"\D", "", part) for part in _NUMBER.findall(said.claims.get("number", ""))]
    numbers = [int(part) for part in found if len(part) <= DIGITS]
    if len(numbers) != len(found) or len(numbers) not in (1, 2):
        return None
    return (min(numbers), max(numbers))


def latest_status(details: Mapping[str, Any]) -> str:
    series = details.get("status")
    entries = series if isinstance(series, list) else []
    known = [entry for entry in entries if isinstance(entry, dict) and entry.get("status")]
    return str(known[-1]["status"]) if known else ""


def _charged(details: Mapping[str, Any]) -> str:
    now = latest_status(details)
    if now in CHARGED or str(details.get("sanction")) in SANCTIONED:
        return "some"
    return "none" if now == "released_without_charge" else ""
