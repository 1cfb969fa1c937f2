"""CSV files that people bring: read whole and strictly, each row known by its number.

A file made by a spreadsheet in a country that writes 1,5 has semicolons; both are read.
"""

import csv
import io
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from elections.strict import nearest, shown

MOST_BYTES = 50 * 1024 * 1024
DELIMITERS = ",;\t"


class UnreadableTable(ValueError):
    """The file as a whole cannot be read. The message says what to do."""


@dataclass(frozen=True)
class Problem:
    """`row` counts as a spreadsheet does: the header is 1. `column` is empty for a whole row."""

    row: int
    column: str
    detail: str

    def __str__(self) -> str:
        place = _("Row %(row)d") % {"row": self.row}
        return (
            f"{place}, {self.column}: {self.detail}" if self.column else f"{place}: {self.detail}"
        )


@dataclass(frozen=True)
class Row:
    place: int
    cells: dict[str, str]


def read_table(
    raw: bytes, *, needed: Collection[str], known: Callable[[str], bool], examples: Collection[str]
) -> tuple[list[Row], list[Problem]]:
    """Rows with all cells stripped, and a problem for each row that could not be read.

    `known` says whether a column may be there; `examples` are the names to suggest. Raises
    UnreadableTable. Empty rows are passed over.
    """
    lines = _lines(_text(raw))
    if not lines:
        raise UnreadableTable(_("The file is empty. It needs a header row."))
    (_first, header), *body = lines
    names = [name.strip() for name in header]
    _check_header(names, needed, known, examples)
    rows: list[Row] = []
    problems: list[Problem] = []
    for place, cells in body:
        if len(cells) != len(names):
            detail = _("it has %(found)d cells, the header has %(wanted)d.")
            counts = {"found": len(cells), "wanted": len(names)}
            problems.append(Problem(place, "", detail % counts))
            continue
        bad = [name for name, cell in zip(names, cells, strict=True) if not _is_clean(cell)]
        problems += [Problem(place, name, _("take out the control characters.")) for name in bad]
        if not bad:
            tidy = [" ".join(cell.split()) for cell in cells]
            rows.append(Row(place, dict(zip(names, tidy, strict=True))))
    return rows, problems


def _text(raw: bytes) -> str:
    if len(raw) > MOST_BYTES:
        raise UnreadableTable(_("The file is larger than 50 MB. Send it in parts."))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UnreadableTable(
            _("The file is not UTF-8 (line %(line)d). Save it again as “CSV UTF-8”.")
            % {"line": line}
        ) from error


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Numbered rows that are not empty. The delimiter is the one the first line uses most."""
    first = text.lstrip("\r\n").splitlines()[:1]
    delimiter = max(DELIMITERS, key=first[0].count) if first else ","
    # newline="": a lone CR ends a row outside quotes and is kept inside them.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found = []
    try:
        for place, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                found.append((place, cells))
    except csv.Error as error:
        raise UnreadableTable(
            _("The file stops being CSV at line %(line)d: look for a quotation mark too many.")
            % {"line": reader.line_num}
        ) from error
    return found


def _check_header(
    names: list[str],
    needed: Collection[str],
    known: Callable[[str], bool],
    examples: Collection[str],
) -> None:
    for name in names:
        if not known(name):
            near = nearest(name, examples)
            text = _("The column “%(name)s” is not known.") % {"name": shown(name)}
            if near:
                text += " " + _("Did you mean “%(nearest)s”?") % {"nearest": near}
            raise UnreadableTable(text)
        if names.count(name) > 1:
            raise UnreadableTable(_("The column “%s” is there twice.") % name)
    if missing := [name for name in needed if name not in names]:
        raise UnreadableTable(_("These columns are missing: %s.") % ", ".join(missing))


def _is_clean(cell: str) -> bool:
    """Line breaks become spaces; other control characters have no business in a table."""
    return not any(unicodedata.category(char) == "Cc" and char not in "\r\n\t" for char in cell)
