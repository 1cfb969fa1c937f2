"""Answers to the questions of a category, as a reader is told them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from elections.templatetags.say import day
from incidents.details import DetailField, fields_for
from incidents.vocabulary import Source
from incidents.wording.texts import number
from incidents.wording.times import clock


class Line(NamedTuple):
    text: str
    url: str = ""


class Answer(NamedTuple):
    label: str
    lines: list[Line]


def answers(category: str, given: Mapping[str, Any], *, zone: str) -> list[Answer]:
    """In the order of the questions; what was not answered is left out."""
    return [
        Answer(field.name, lines)
        for field in fields_for(category)
        if (lines := _lines(field, given.get(field.key), zone))
    ]


def _lines(field: DetailField, value: Any, zone: str) -> list[Line]:
    if value in (None, "", [], {}):
        return []
    names = {option.code: option.name for option in field.options}
    if field.kind == "multi":
        return [Line(", ".join(names.get(code, str(code)) for code in value))]
    if field.kind == "datetime":
        return [Line(_moment(value, zone))]
    if field.kind == "number_rule":
        return [Line(amount(value))]
    if field.kind == "links":
        return [_link(entry, names, zone) for entry in value]
    if field.kind == "series":
        return [_dated(entry, names, zone) for entry in value]
    return [Line(names.get(value, str(value)))]


def _moment(text: str, zone: str) -> str:
    """A date, or a time with its offset; what is neither stays as it was said."""
    if on := parse_date(text):
        return day(on)
    at = parse_datetime(text)
    return clock(at, zone) if at else text


def amount(value: Mapping[str, Any]) -> str:
    """ "15–22", "at least 15", "dozens": of anything but people."""
    low, high, said = value.get("min"), value.get("max"), value.get("words") or ""
    if low is None and high is None:
        return str(said)
    if high is None:
        known = _("at least %(number)s") % {"number": number(low or 0)}
    elif low is None:
        known = _("at most %(number)s") % {"number": number(high)}
    else:
        known = number(low) if low == high else f"{number(low)}–{number(high)}"
    return _("%(number)s (“%(words)s”)") % {"number": known, "words": said} if said else known


def _link(entry: Mapping[str, str], names: Mapping[str, str], zone: str) -> Line:
    source = names.get(entry.get("source", ""), "")
    taken = entry.get("taken_on")
    words = [source or entry["url"]]
    if taken:
        words.append(_("taken on %(day)s") % {"day": _moment(taken, zone)})
    return Line(", ".join(words), entry["url"])


def _dated(entry: Mapping[str, str], names: Mapping[str, str], zone: str) -> Line:
    """A status is worth nothing without its hour and its source."""
    source = entry.get("source", "")
    return Line(
        _("%(status)s, as of %(time)s (%(source)s)")
        % {
            "status": names.get(entry["status"], entry["status"]),
            "time": _moment(entry["as_of"], zone),
            "source": Source(source).label if source in Source.values else source,
        }
    )
