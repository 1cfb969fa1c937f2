"""A workbook of published incidents: their rows on one sheet, what they mean on another.

It is made on disk a row at a time, so its memory does not grow with the list, and the same rows
and facts make the same bytes. A text is never a formula or a link, whatever it looks like.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import xlsxwriter

from incidents import codebook
from incidents.lines import FORMULA

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a sheet and a cell of it can hold.
MOST_ROWS, LONGEST = 1_048_576, 32_767
CUT = " […] cut here: the whole text is in CSV and JSON"
PIECE = 256 * 1024
WIDE, NARROW = 40, 14
Value = str | int | float | None


@dataclass(frozen=True)
class About:
    """What the second sheet tells of the rows beside the codebook."""

    facts: Mapping[str, str] = field(default_factory=dict)
    # From the data, not from the clock: two files of one state are equal.
    as_of: datetime = datetime(2000, 1, 1, tzinfo=UTC)


NOTHING = About()


class Table(Protocol):
    @property
    def columns(self) -> Sequence[codebook.Column]: ...
    def header(self) -> list[str]: ...
    def hashtags(self) -> list[str]: ...
    def values(self, document: str) -> list[Value]: ...


def workbook(
    documents: Iterable[str], table: Table, *, hxl: bool = False, about: About = NOTHING
) -> Iterator[bytes]:
    """The file in pieces; the first comes when all rows are written."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.xlsx"
        write(file, documents, table, hxl=hxl, about=about)
        with file.open("rb") as made:
            while piece := made.read(PIECE):
                yield piece


def write(
    file: Path,
    documents: Iterable[str],
    table: Table,
    *,
    hxl: bool = False,
    about: About = NOTHING,
) -> None:
    """Into this file; what it needs while it writes lies beside it."""
    options = {
        "constant_memory": True,
        "tmpdir": str(file.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(str(file), options)
    book.use_zip64()
    book.set_properties({"title": "Dauys", "created": about.as_of.astimezone(UTC)})
    writing = _Writing(book, [table.header(), *([table.hashtags()] if hxl else [])])
    try:
        writing.begin("incidents")
        for document in documents:
            writing.row(table.values(document))
        _tell(writing, table, about)
    except BaseException:
        for sheet in book.worksheets():  # their rows so far; the folder is its owner's to remove
            sheet.row_data_fh.close()
        raise
    book.close()


class _Writing:
    """Rows onto sheets, each beginning with the same head; a full one is followed by another."""

    def __init__(self, book: Any, head: list[list[str]]) -> None:
        self.book, self.head, self.number = book, head, 0
        self.bold = book.add_format({"bold": True})
        self.as_text = book.add_format({"quote_prefix": True})
        self.at = 0

    def begin(self, name: str, head: list[list[str]] | None = None) -> None:
        self.name, self.number = name, 1
        self._sheet(name, self.head if head is None else head)

    def _sheet(self, name: str, head: list[list[str]]) -> None:
        self.sheet = self.book.add_worksheet(name)
        self.sheet.freeze_panes(len(head), 0)
        for column, title in enumerate(head[0] if head else ()):
            self.sheet.set_column(column, column, WIDE if title in WIDE_ONES else NARROW)
        self.at = 0
        for cells in head:
            self.row(cells, self.bold)

    def row(self, cells: Sequence[Value], form: Any = None) -> None:
        if self.at == MOST_ROWS:
            self.number += 1
            self._sheet(f"{self.name} {self.number}", self.head)
        for column, value in enumerate(cells):
            if isinstance(value, int | float):
                self.sheet.write_number(self.at, column, value, form)
            elif value:
                quoted = self.as_text if value[0] in FORMULA else form
                self.sheet.write_string(self.at, column, _fitting(value), quoted)
        self.at += 1


WIDE_ONES = frozenset({"title", "summary", "description_en", "description_ru", "description_kk"})


def _fitting(text: str) -> str:
    if len(text) > LONGEST:
        text = text[: LONGEST - len(CUT)] + CUT
    # XlsxWriter takes what stands in these brackets for XML of its own and copies it as it is.
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def _tell(writing: _Writing, table: Table, about: About) -> None:
    """Facts, then one line for each column of the rows."""
    writing.begin("about", [])
    for name, fact in about.facts.items():
        writing.row([name, fact])
    writing.row([])
    shown = {column.name for column in table.columns}
    told = [row for row in codebook.as_rows() if row["name"] in shown]
    names = [name for name in told[0] if name != "values"] if told else []
    writing.row(names, writing.bold)
    for row in told:
        writing.row([row[name] for name in names])
