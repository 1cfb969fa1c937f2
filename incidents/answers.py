"""Reading one answer to one question: the clean value, or a sentence that says what to change."""

import difflib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.cleaning import clean_text
from incidents.vocabulary import PersonsBasis, Source

MOST = 10_000_000
LONGEST_WORDS = 200
LONGEST_URL = 500
LONGEST_LIST = 50
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
NUMBER_KEYS = ("min", "max", "words", "basis")


NOT_AN_OBJECT = _("Send an object of questions and answers.")
UNKNOWN_KEY = _("This category does not ask “%(typed)s”.")
UNKNOWN_OPTION = _("“%(typed)s” is not one of the answers.")
DID_YOU_MEAN = _("Did you mean “%(near)s”?")
ONE_OF = _("Choose one of: %(options)s.")
SOME_OF = _("Send a list of answers from: %(options)s.")
STANDS_ALONE = _("“%(typed)s” stands alone. Choose it or the others.")
NOT_TEXT = _("Write it as text.")
TOO_LONG = _("Use at most %(limit)s characters.")
NO_TIME = _("Write a date such as 2021-01-10, or a time such as 2021-01-10T11:05:00+06:00.")
NOT_A_LIST = _("Send a list of at most %(limit)s entries.")
NOT_AN_ENTRY = _("Each entry is an object.")
MISSING = _("Each entry needs “%(typed)s”.")
NO_URL = _("Give a full web address that starts with https:// or http://.")
BARE_NUMBER = _(
    "Give a smallest and a largest number, or the words that were used; not one number."
)
NOT_COUNTED = _("Use whole numbers from 0 to 10,000,000.")
WRONG_ORDER = _("The smallest number is larger than the largest.")


class Problem(ValueError):
    """The answer cannot be kept; its text says why, in the active language."""

    def __init__(self, text: Promise | str, **said: object) -> None:
        super().__init__(str(text) % said if said else str(text))


class Question(Protocol):
    """What the readers need of details.DetailField."""

    @property
    def codes(self) -> list[str]: ...
    @property
    def options(self) -> Any: ...
    @property
    def limit(self) -> int: ...


def unknown(text: Promise | str, typed: object, known: Iterable[str]) -> str:
    """`text` with what was typed, and the nearest known word when there is one."""
    short = clean_text(str(typed)[:40], limit=40)[0]
    sentence = str(text) % {"typed": short}
    near = difflib.get_close_matches(short, list(known), n=1)
    return f"{sentence} {DID_YOU_MEAN % {'near': near[0]}}" if near else sentence


def _code(value: object, codes: list[str]) -> str:
    if not isinstance(value, str):
        raise Problem(ONE_OF, options=", ".join(codes))
    typed = value.strip()
    if typed and typed not in codes:
        raise Problem(unknown(UNKNOWN_OPTION, typed, codes))
    return typed


def read_choice(question: Question, value: object) -> str:
    return _code(value, question.codes)


def read_multi(question: Question, value: object) -> list[str]:
    if not isinstance(value, list | tuple):
        raise Problem(SOME_OF, options=", ".join(question.codes))
    chosen = {_code(item, question.codes) for item in value}
    for option in question.options:
        if option.alone and option.code in chosen and len(chosen - {""}) > 1:
            raise Problem(STANDS_ALONE, typed=option.code)
    return [code for code in question.codes if code in chosen]


def read_text(question: Question, value: object) -> str:
    return _text(value, question.limit)


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str):
        raise Problem(NOT_TEXT)
    text, _changed = clean_text(value, limit=limit + 1)
    if len(text) > limit:
        raise Problem(TOO_LONG, limit=limit)
    return text


def read_datetime(question: Question, value: object) -> str:
    return _time(value)


def _time(value: object) -> str:
    """A date, or a time that knows its offset, as ISO 8601."""
    if not isinstance(value, str):
        raise Problem(NO_TIME)
    typed = value.strip()
    if not typed:
        return ""
    try:
        moment = parse_date(typed) or parse_datetime(typed)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise Problem(NO_TIME)
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise Problem(NO_TIME)
    return moment.isoformat()


def _sort_key(text: str) -> tuple[str, float]:
    """Of what _time returned: by day first, a day without a time before its times."""
    moment = parse_date(text) or parse_datetime(text)
    if isinstance(moment, datetime):
        return moment.date().isoformat(), moment.timestamp()
    return (moment or date.min).isoformat(), float("-inf")


def _entries(value: object, keys: tuple[str, ...]) -> list[Mapping[str, Any]]:
    if not isinstance(value, list | tuple) or len(value) > LONGEST_LIST:
        raise Problem(NOT_A_LIST, limit=LONGEST_LIST)
    for entry in value:
        if not isinstance(entry, Mapping):
            raise Problem(NOT_AN_ENTRY)
        _only(entry, keys)
    return list(value)


def _only(entry: Mapping[Any, Any], keys: tuple[str, ...]) -> None:
    for key in entry:
        if key not in keys:
            raise Problem(unknown(UNKNOWN_OPTION, key, keys))


def read_links(question: Question, value: object) -> list[dict[str, str]]:
    links = []
    for entry in _entries(value, ("url", "source", "taken_on")):
        link = {"url": _url(entry.get("url"))}
        if source := _code(entry.get("source") or "", question.codes):
            link["source"] = source
        if taken_on := _time(entry.get("taken_on") or ""):
            link["taken_on"] = taken_on
        links.append(link)
    return links


def _url(value: object) -> str:
    if not isinstance(value, str):
        raise Problem(NO_URL)
    url = _text(value, LONGEST_URL)
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("https", "http") and parts.hostname and parts.username is None
        _port = parts.port  # raises ValueError when it is none
    except ValueError:
        plain = None
    if not plain or any(character.isspace() or character in "<>\"'\\`" for character in url):
        raise Problem(NO_URL)
    return url


def read_series(question: Question, value: object) -> list[dict[str, str]]:
    """Every entry is dated and says who knows it; oldest first."""
    series = []
    for entry in _entries(value, ("status", "as_of", "source", "source_words")):
        said = {
            "status": _code(entry.get("status") or "", question.codes),
            "as_of": _time(entry.get("as_of") or ""),
            "source": _code(entry.get("source") or "", list(Source.values)),
        }
        for key, text in said.items():
            if not text:
                raise Problem(MISSING, typed=key)
        if words := _text(entry.get("source_words") or "", LONGEST_WORDS):
            said["source_words"] = words
        series.append(said)
    return sorted(series, key=lambda said: _sort_key(said["as_of"]))


def read_number(question: Question, value: object) -> dict[str, Any] | None:
    clean, problem = validate_number(value)
    if problem:
        raise Problem(problem)
    return clean


def validate_number(value: object) -> tuple[dict[str, Any] | None, str | None]:
    """({"min", "max", "words", "basis"}, None), (None, None) when nothing is said, or a problem.

    Null is "not known", never zero; a bare integer is refused, since nobody counts that surely.
    """
    try:
        return _number(value), None
    except Problem as problem:
        return None, str(problem)


def _number(value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        raise Problem(BARE_NUMBER)
    _only(value, NUMBER_KEYS)
    low, high = (_whole(value.get(end)) for end in ("min", "max"))
    if low is not None and high is not None and low > high:
        raise Problem(WRONG_ORDER)
    words = _text("" if value.get("words") is None else value["words"], LONGEST_WORDS)
    given = value.get("basis")
    basis = _code("" if given is None else given, list(PersonsBasis.values))
    if low is None and high is None and not words:
        return None
    return {
        "min": low,
        "max": high,
        "words": words,
        "basis": basis or PersonsBasis.NONE_GIVEN.value,
    }


def _whole(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise Problem(NOT_COUNTED)
    return value
