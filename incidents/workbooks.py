"""A table as a spreadsheet (XLSX): row by row to a file, the same bytes for the same rows.

A text is never a formula and never a link; a number is a number; a time is one in UTC, because a
spreadsheet knows no offset. What a cell cannot hold is cut and says so. It knows nothing of
publications; whoever calls it has chosen the rows.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

Value = str | int | float | bool | date | datetime | None
Table = Iterable[Sequence[Value]]

MOST_ROWS = 1_048_576 - 1  # of one sheet, below its header
MOST_CHARACTERS = 32_767
CUT = " […]"
# A whole number beyond it would be rounded; a code of so many digits is a text anyway.
MOST_EXACT = 2**53
FIRST_DAY = date(1900, 3, 1)  # before it spreadsheets disagree about which day it was
# What a file is said to be made on, whenever it was: the clock is not in the data.
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  spreadsheets know no zones
# Not allowed in XML even when escaped; control characters below are escaped by the writer.
NOT_XML = re.compile("[\ufffe\uffff]")


def write(
    target: str | Path | IO[bytes],
    header: Sequence[str],
    rows: Table,
    *,
    about: Table = (),
    sheet: str = "incidents",
    made: datetime | None = None,
    folder: Path | None = None,
) -> None:
    """`about`: rows of a second sheet that explains the first. `made`: a time out of the data.

    More rows than a sheet holds go on in further sheets, each with the header. `folder`: where
    the rows wait until all are written; the system's place for such files unless said otherwise.
    """
    options = {"constant_memory": True, "tmpdir": str(folder) if folder else None}
    with Workbook(str(target) if isinstance(target, Path) else target, options) as book:
        book.set_properties({"created": _clock(made) if made else EPOCH})
        write_row = _writer(book)
        left = iter(rows)
        for number, part in enumerate(_parts(left), 1):
            page = book.add_worksheet(sheet if number == 1 else f"{sheet} {number}")
            page.freeze_panes(1, 0)
            for at, row in enumerate(chain([header], part)):
                write_row(page, at, row)
        page = book.add_worksheet("about")
        for at, row in enumerate(about):
            write_row(page, at, row)


def _parts(rows: Iterator[Sequence[Value]]) -> Iterator[Iterable[Sequence[Value]]]:
    """One part even of nothing: a table without rows still has its header."""
    yield islice(rows, MOST_ROWS)
    while (first := next(rows, None)) is not None:
        yield chain([first], islice(rows, MOST_ROWS - 1))


def _writer(book: Workbook) -> Callable[[Worksheet, int, Sequence[Value]], None]:
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})

    def write_row(page: Worksheet, at: int, row: Sequence[Value]) -> None:
        for place, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                page.write_boolean(at, place, value)
            elif isinstance(value, int | float) and _is_number(value):
                page.write_number(at, place, value)
            elif isinstance(value, date) and _is_date(value):
                of = moment if isinstance(value, datetime) else day
                page.write_datetime(at, place, _clock(value), of)
            else:
                page.write_string(at, place, _text(value))

    return write_row


def _is_number(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= MOST_EXACT


def _is_date(value: date) -> bool:
    return (value.date() if isinstance(value, datetime) else value) > FIRST_DAY


def _clock(value: Any) -> Any:
    """UTC without saying so: a cell has no place for an offset."""
    aware = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC).replace(tzinfo=None) if aware else value


def _text(value: Any) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value)
    text = NOT_XML.sub("\ufffd", text.encode("utf-8", "replace").decode())
    if _length(text) > MOST_CHARACTERS:
        text = text.encode("utf-16-le")[: 2 * (MOST_CHARACTERS - len(CUT))].decode(
            "utf-16-le", "ignore"
        )
        text += CUT
    return text


def _length(text: str) -> int:
    """As spreadsheets count: what lies beyond the first plane counts twice."""
    return (
        len(text) + sum(1 for one in text if one > "\uffff") if len(text) > 16_000 else len(text)
    )
