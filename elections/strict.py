"""Reading a query string strictly: what is not understood is refused and named, never ignored.

A filter that is silently dropped answers with all rows, and nobody notices the wrong number.
Pages and API read their parameters here, so they refuse the same things in the same words.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

LONGEST = 1000
SHOWN = 60
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,25}")
TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Fault:
    """One thing in a query that cannot be answered; `nearest` is what was perhaps meant."""

    parameter: str
    detail: str
    nearest: str = ""

    def as_dict(self, pointer: str = "parameter") -> dict[str, str]:
        parts = {pointer: self.parameter, "detail": self.detail}
        return parts | ({"nearest": self.nearest} if self.nearest else {})


class Unclear(ValueError):
    """A value that cannot be understood. `detail` is a sentence for a person."""

    def __init__(self, detail: str, nearest: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.nearest = nearest


def shown(text: str) -> str:
    """As much of a stranger's text as belongs into a message."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:SHOWN])
    return clean + "…" if len(text) > SHOWN else clean


def nearest(text: str, valid: Iterable[str]) -> str:
    """The valid word most like this one, or "" when none is like it."""
    folded = {word.casefold(): word for word in valid}
    wanted = text[:SHOWN].casefold()
    if wanted and (starts := [word for word in folded if word.startswith(wanted)]):
        return folded[min(starts, key=len)]
    found = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.4)
    return folded[found[0]] if found else ""


def unknown_value(text: str, valid: Iterable[str]) -> Unclear:
    words = list(valid)
    near = nearest(text, words)
    if near:
        detail = _("“%(value)s” is not known. Did you mean “%(nearest)s”?")
        return Unclear(detail % {"value": shown(text), "nearest": near}, near)
    if len(words) <= 12:
        detail = _("“%(value)s” is not known. Known values: %(known)s.")
        return Unclear(detail % {"value": shown(text), "known": ", ".join(words)})
    return Unclear(_("“%(value)s” is not known.") % {"value": shown(text)})


def as_text(text: str) -> str:
    if len(text) > LONGEST:
        raise Unclear(_("Shorten this to at most %(limit)s characters.") % {"limit": LONGEST})
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise Unclear(_("Take out the control characters."))
    if not text.strip():
        raise Unclear(_("Give a value or leave the parameter out."))
    return text.strip()


def as_integer(text: str, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
    if not WHOLE_NUMBER.fullmatch(text) or not minimum <= int(text) <= maximum:
        detail = _("Give a whole number from %(minimum)s to %(maximum)s.")
        raise Unclear(detail % {"minimum": minimum, "maximum": maximum})
    return int(text)


def as_boolean(text: str) -> bool:
    if text.casefold() not in TRUTH:
        raise Unclear(_("Give true or false."))
    return TRUTH[text.casefold()]


@dataclass(frozen=True)
class Param:
    """One query parameter. `many`: may be repeated or hold commas, both meaning or."""

    name: str
    kind: Literal["text", "integer", "boolean", "choice"] = "text"
    about: str | Promise = ""
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 2**31 - 1
    default: Any = None
    many: bool = False
    required: bool = False
    example: str = ""

    def one(self, raw: str) -> Any:
        text = as_text(raw)
        if self.kind == "integer":
            return as_integer(text, self.minimum, self.maximum)
        if self.kind == "boolean":
            return as_boolean(text)
        if self.kind == "choice" and text not in self.choices:
            raise unknown_value(text, self.choices)
        return text

    def read(self, raw: list[str]) -> Any:
        if not self.many:
            return self.one(raw[0])
        return [self.one(piece) for value in raw for piece in value.split(",")]


def check_names(data: "MultiValueDict[str, str]", known: Mapping[str, bool]) -> list[Fault]:
    """`known`: name → may it be given more than once?"""
    faults = []
    for name in data:
        if name not in known:
            near = nearest(name, known)
            detail = _("There is no parameter “%(name)s” here.") % {"name": shown(name)}
            if near:
                detail += " " + _("Did you mean “%(nearest)s”?") % {"nearest": near}
            elif known:
                detail += " " + _("Known: %(known)s.") % {"known": ", ".join(sorted(known))}
            faults.append(Fault(shown(name), detail, near))
        elif len(data.getlist(name)) > 1 and not known[name]:
            faults.append(Fault(name, _("Give this parameter only once."), name))
    return faults


def attempt(name: str, read: Callable[[], Any], faults: list[Fault]) -> Any:
    """What `read` returns; None and one more fault if it cannot."""
    try:
        return read()
    except Unclear as unclear:
        faults.append(Fault(name, unclear.detail, unclear.nearest))
        return None


def read_params(
    data: "MultiValueDict[str, str]", params: Iterable[Param]
) -> tuple[dict[str, Any], list[Fault]]:
    """Values of the parameters that are present, defaults of the others. Names are not checked."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for param in params:
        if param.name in data:
            raw = data.getlist(param.name)
            values[param.name] = attempt(param.name, partial(param.read, raw), faults)
        elif param.required:
            faults.append(Fault(param.name, _("This parameter is needed.")))
        else:
            values[param.name] = param.default
    return values, faults
