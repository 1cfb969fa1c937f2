"""Keeps words of reports, places and identities out of the log.

A filter on the handler, so it also sees what libraries and the server write. Free text cannot be
told from other text, so the rule for our own code stays: log kinds and counts, never content.
"""

import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LONGEST = 2000
REPLACEMENTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bdauys_[A-Za-z0-9]+_?[A-Za-z0-9]*"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',]+"), r"\1 [token]"),
    # The address of a saved export is its key.
    (re.compile(r"/data/saved/[^\s\"'<>?]*"), "/data/saved/[export]"),
    (re.compile(r"(?i)[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"), "[uuid]"),
    # In an address or escaped inside one.
    (re.compile(r"[^\s<>\"'(),:;=/?&]+(?:@|%40)[^\s<>\"'(),:;=/?&]+"), "[e-mail]"),
    # What follows the question mark of an address. Sentences end with "? " and keep it.
    (re.compile(r"\?[^\s\"'<>]+"), "?[query]"),
    (re.compile(r"\+\d[\d ()-]{7,}\d"), "[phone]"),
    # Degrees with at least three decimals: closer than about 100 m.
    (re.compile(r"[-−+]?\d{1,3}\.\d{3,}\b"), "[number]"),
    (re.compile(r"[\r\n\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]+"), " "),
)


class Redact(logging.Filter):
    """Rewrites the record; a record that cannot be read is reduced to where it came from."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = "\n".join(_places(record.exc_info[1]))
        elif record.exc_text:
            record.exc_text = None
        record.exc_info = record.stack_info = None
        record.msg, record.args = _message(record), ()
        return True


def redact(text: str) -> str:
    text = text[:LONGEST]
    for pattern, replacement in REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text


def _message(record: logging.LogRecord) -> str:
    args: Any = record.args
    if isinstance(args, Mapping):
        args = {key: _without_words(value) for key, value in args.items()}
    elif args:
        args = tuple(_without_words(value) for value in args)
    template = str(_without_words(record.msg))
    try:
        return redact(template % args if args else template)
    except (TypeError, ValueError, KeyError):
        return f"[unreadable record of {record.name}]"


def _without_words(value: Any) -> Any:
    """An exception says what it was, not what it was about."""
    return type(value).__name__ if isinstance(value, BaseException) else value


def _places(error: BaseException) -> Iterator[str]:
    """Type and place of an exception and of what caused it; never its text."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield f"{type(current).__module__}.{type(current).__qualname__}"
        for frame in traceback.extract_tb(current.__traceback__):
            yield f"  {_short(frame.filename)}:{frame.lineno} {frame.name}"
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )


def _short(filename: str) -> str:
    """The last three parts: enough to find the line, silent about the machine."""
    return "/".join(Path(filename).parts[-3:])
