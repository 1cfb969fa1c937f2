"""What strangers send: read without trust, stripped of what breaks databases, files and eyes."""

import hashlib
import json
import math
import re
import sys
import unicodedata
from functools import cache
from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _

from incidents.errors import Refused, Text, TooLarge

# Beyond these a JavaScript client reads another number than was sent (RFC 8259, section 6).
LARGEST_INTEGER = 2**53 - 1
DEEPEST = 100  # for values made by our own code; what arrives is held to parse_json's max_depth
SHRINKS_AT_MOST = 4  # times: NFC joins up to three characters, a line end two
MARKS_IN_A_ROW = 30  # Unicode's Stream-Safe Text; the normaliser takes quadratic time beyond

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNWANTED = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # C0 and C1, but tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls: text that shows as other text
    "\ud800-\udfff"  # lone surrogates: no encoding can hold them
    "\ufeff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]+"
)
# Outside these blocks of Latin, Greek, Cyrillic and Armenian there may be combining marks.
_PERHAPS_MARKS = re.compile("[^\x00-\u02ff\u0370-\u0482\u048a-\u0590]")


class Unreadable(Refused):
    """`reason`: a key of REASONS."""

    status = 400
    code = "unreadable"

    def __init__(self, reason: str, message: Text | None = None) -> None:
        super().__init__(REASONS[reason] if message is None else message)
        self.reason = reason


REASONS: dict[str, Text] = {
    "not_utf8": _("This is not UTF-8 text. Send JSON in UTF-8."),
    "not_json": _("This is not JSON. Check commas, quotes and brackets."),
    "too_deep": _("The JSON is nested too deeply. Send a flatter object."),
    "too_many_values": _("The JSON holds too many values. Send fewer."),
    "duplicate_key": _("A key appears twice in one JSON object. Send each key once."),
    "not_a_number": _("NaN and Infinity are not JSON numbers. Leave out what is not known."),
    "number_too_large": _("A number is too large to be kept exactly. Send it as text."),
}


def clean_text(value: object, *, limit: int) -> tuple[str, bool]:
    """The text in NFC without control characters, and whether anything a reader would miss went.

    Trimming, line ends made "\\n" and canonically equal spelling (NFC) are not changes; removed
    characters and truncation are. Raises TypeError unless `value` is a str.
    """
    if not isinstance(value, str):
        raise TypeError(f"text expected, not {type(value).__name__}")
    whole = value.strip()
    start = whole[: limit * SHRINKS_AT_MOST]  # ten megabytes are not worth a second
    text, changed = _scrub(start)
    if len(text) > limit or len(start) < len(whole):
        return text[:limit].rstrip(), True
    return text, changed


def clean_json(value: object, depth: int = 0) -> tuple[Any, bool]:
    """The same value with every string cleaned, and whether any had to be changed.

    Numbers that JSON cannot hold become None; of two keys that clean to one, the first stays.
    Raises TypeError for what JSON does not know and Unreadable when nested beyond DEEPEST.
    """
    if depth > DEEPEST:
        raise Unreadable("too_deep")
    if value is None or isinstance(value, bool | int):
        return value, False
    if isinstance(value, float):
        return (value, False) if math.isfinite(value) else (None, True)
    if isinstance(value, str):
        return _scrub(value)
    if isinstance(value, list | tuple):
        pairs = [clean_json(item, depth + 1) for item in value]
        return [item for item, _changed in pairs], any(changed for _item, changed in pairs)
    if isinstance(value, dict):
        return _clean_object(value, depth)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _clean_object(value: dict[Any, Any], depth: int) -> tuple[dict[str, Any], bool]:
    clean: dict[str, Any] = {}
    any_changed = False
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"a key must be text, not {type(key).__name__}")
        name, key_changed = _scrub(key)
        cleaned, item_changed = clean_json(item, depth + 1)
        any_changed = any_changed or key_changed or item_changed or name in clean
        clean.setdefault(name, cleaned)
    return clean, any_changed


def _scrub(text: str) -> tuple[str, bool]:
    text = str(text)
    if text.isprintable():  # nearly always, and it holds neither line ends nor what is unwanted
        normal, shortened = _nfc(text)
        return normal.strip(), shortened
    text = _LINE_ENDS.sub("\n", text)
    kept = _UNWANTED.sub("", text)
    normal, shortened = _nfc(kept)
    return normal.strip(), shortened or len(kept) != len(text)


def _nfc(text: str) -> tuple[str, bool]:
    if text.isascii():
        return text, False
    if not _PERHAPS_MARKS.search(text):
        return unicodedata.normalize("NFC", text), False
    shorter, cuts = _mark_towers().subn(r"\1", text)
    return unicodedata.normalize("NFC", shorter), cuts > 0


@cache
def _mark_towers() -> re.Pattern[str]:
    """More combining marks on one letter than any script writes; group 1 is what may stay."""
    marks = "".join(chr(c) for c in range(0x300, sys.maxunicode) if unicodedata.combining(chr(c)))
    return re.compile(f"([{marks}]{{{MARKS_IN_A_ROW}}})[{marks}]+")


_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # ends by itself when unterminated
_BRACKET = re.compile(rb"[][{}]")


def parse_json(
    raw: bytes, *, max_bytes: int, max_depth: int = 20, max_nodes: int = 2000
) -> object:
    """Read JSON from a stranger in linear time. Raises TooLarge or Unreadable, nothing else.

    A node is a value: every object, list, string, number, true, false and null. NUL and lone
    surrogates pass: clean_json reports them, since a report is not refused for its content.
    """
    if len(raw) > max_bytes:
        raise TooLarge(
            _("This is larger than %(kilobytes)s kB. Shorten it, or send it in parts.")
            % {"kilobytes": max_bytes // 1000}
        )
    try:
        text = bytes(raw).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("not_utf8") from None
    form = _STRING.sub(b"", raw)
    if form.count(b",") >= max_nodes:  # cheaper than to build them first
        raise Unreadable("too_many_values")
    _check_depth(form, max_depth)
    try:
        value = json.loads(
            text,
            strict=False,  # a raw NUL or line feed in a string is content, not form
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except ValueError:
        raise Unreadable("not_json") from None
    _check_nodes(value, max_nodes)
    return value


def _check_depth(form: bytes, max_depth: int) -> None:
    """Before any parser recurses: count the brackets of what stands outside strings."""
    depth = 0
    for bracket in _BRACKET.finditer(form):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > max_depth:
            raise Unreadable("too_deep")


def _check_nodes(value: object, max_nodes: int) -> None:
    waiting, count = [value], 0
    while waiting:
        node = waiting.pop()
        count += 1
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
        if count + len(waiting) > max_nodes:
            raise Unreadable("too_many_values")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two spellings of one key are one key: canonical_json would not know which to keep.
    if len({_spelling(key) for key, _value in pairs}) != len(pairs):
        raise Unreadable("duplicate_key")
    return dict(pairs)


def _no_constant(name: str) -> NoReturn:
    raise Unreadable("not_a_number")


def _integer(digits: str) -> int:
    # The length first: int() of a million digits takes seconds.
    if len(digits) > len(str(-LARGEST_INTEGER)) or abs(int(digits)) > LARGEST_INTEGER:
        raise Unreadable("number_too_large")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Unreadable("number_too_large")
    return value


def canonical_json(value: object) -> str:
    """One text for equal values: sorted keys, no spaces, NFC; lone surrogates stay escaped.

    Raises ValueError for NaN and for keys that differ only in spelling, TypeError for keys that
    are not text and for what JSON does not know.
    """
    text = json.dumps(
        _spelled_alike(value),
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return text.encode("utf-8", "backslashreplace").decode()


def _spelled_alike(value: object) -> object:
    if isinstance(value, str):
        return _spelling(value)
    if isinstance(value, list | tuple):
        return [_spelled_alike(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys must be text")
        alike = {_spelling(key): _spelled_alike(item) for key, item in value.items()}
        if len(alike) != len(value):
            raise ValueError("two keys differ only in spelling")
        return alike
    return value


def _spelling(text: str) -> str:
    """NFC, except where that would take quadratic time or lose marks: then as it is."""
    normal, shortened = _nfc(str(text))
    return str(text) if shortened else normal


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
