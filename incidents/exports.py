"""Documents in, bytes out: every format is made from the same stored document of a publication.

It knows nothing of users or filters; whoever calls it has chosen the rows.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connections, transaction
from django.db.models import QuerySet

from incidents.codebook import BY_NAME, COLUMNS, Column, as_rows, cell, dumps, labels, one_text

MEDIA_TYPES = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "geojson": "application/geo+json",
}
BOM = "\ufeff"
CHUNK = 64 * 1024
# A spreadsheet takes these for the beginning of a formula, the full-width forms too.
FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
POINT = (BY_NAME["longitude"].name, BY_NAME["latitude"].name)
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Labels:
    """Names of codes in one language. Regions are named by election: codes change hands."""

    language: str
    elections: Mapping[str, str]
    regions: Mapping[tuple[str, str], str]

    def of(self, column: Column, document: Document) -> Any:
        value = document.get(column.name)
        if value is None:
            return None
        if _by_language(column):
            return one_text(value, self.language)
        if isinstance(value, list):
            return [self._name(column, code, document) for code in value]
        return self._name(column, value, document)

    def _name(self, column: Column, code: Any, document: Document) -> str:
        if column.vocabulary == "election":
            return self.elections.get(code, code)
        if column.vocabulary == "region":
            return self.regions.get((document["election"], code), code)
        return labels(column.vocabulary, self.language).get(str(code), str(code))


@dataclass(frozen=True)
class Shape:
    """Which columns, and whether a `<column>_label` stands beside each coded one."""

    columns: tuple[Column, ...] = COLUMNS
    labels: Labels | None = None

    @property
    def whole(self) -> bool:
        return self.labels is None and self.columns == COLUMNS

    def header(self) -> list[str]:
        return [name for column in self.columns for name in self._flat_names(column)]

    def _flat_names(self, column: Column) -> list[str]:
        labelled = self.labels is not None and column.vocabulary and not _by_language(column)
        return [column.name, f"{column.name}_label"] if labelled else [column.name]

    def of(self, document: Document) -> dict[str, Any]:
        shaped: dict[str, Any] = {}
        for column in self.columns:
            shaped[column.name] = document.get(column.name)
            if self.labels is not None and column.vocabulary:
                shaped[f"{column.name}_label"] = self.labels.of(column, document)
        return shaped

    def flat(self, document: Document) -> dict[str, Any]:
        """The same, with one text where the document has one in each language."""
        shaped: dict[str, Any] = {}
        for column in self.columns:
            value = document.get(column.name)
            shaped[column.name] = self._one_text(value) if _by_language(column) else value
            if self.labels is not None and column.vocabulary and not _by_language(column):
                shaped[f"{column.name}_label"] = self.labels.of(column, document)
        return shaped

    def _one_text(self, texts: Mapping[str, str] | None) -> str | None:
        return one_text(texts, self.labels.language if self.labels else "en")

    def text(self, document: str) -> str:
        return document if self.whole else dumps(self.of(json.loads(document)))

    def cells(self, document: str) -> list[str]:
        row = []
        for name, value in self.flat(json.loads(document)).items():
            if column := BY_NAME.get(name):
                row.append(_cell(column, value))
            else:
                row.append(harmless(";".join(value) if isinstance(value, list) else value or ""))
        return row


class Table(Protocol):
    """What CSV, NDJSON and JSON ask of a shape."""

    def header(self) -> list[str]: ...
    def cells(self, document: str) -> list[str]: ...
    def text(self, document: str) -> str: ...


def _by_language(column: Column) -> bool:
    return column.csv == "text"


WHOLE = Shape()


def _cell(column: Column, value: Any) -> str:
    text = cell(column, value)
    number = isinstance(value, int | float) and column.numeric
    return text if number else harmless(text)


def harmless(text: str) -> str:
    """The same text for a reader; for a spreadsheet never a formula."""
    return f"'{text}" if text[:1] in FORMULA else text


def rows(publications: "QuerySet[Any, Any]") -> Iterator[str]:
    """Their documents, read as they are sent: the memory does not grow with the list.

    On PostgreSQL inside a transaction: outside, the cursor is held and the whole answer is first
    written to a file. On SQLite without one: it would keep every writer out until the last byte.
    """
    documents = publications.values_list("document", flat=True)
    if connections[publications.db].vendor == "postgresql":
        with transaction.atomic(using=publications.db):
            yield from documents.iterator(chunk_size=2000)
    else:
        yield from documents.iterator(chunk_size=2000)


def stream(
    format_: str, documents: Iterable[str], *, shape: Table = WHOLE, bom: bool = False
) -> Iterator[bytes]:
    """The file, in pieces. `json` is the bare array; its envelope belongs to a page."""
    lines = FORMATS[format_](documents, shape)
    return _encoded(_with_bom(lines) if bom and format_ == "csv" else lines)


def _with_bom(lines: Iterator[str]) -> Iterator[str]:
    yield BOM
    yield from lines


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    """Few large pieces: a piece a row costs more than making it."""
    waiting: list[str] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= CHUNK:
            yield "".join(waiting).encode("utf-8", "replace")
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting).encode("utf-8", "replace")


def _json(documents: Iterable[str], shape: Table) -> Iterator[str]:
    separator = "["
    for document in documents:
        yield separator + shape.text(document)
        separator = ","
    yield "[]" if separator == "[" else "]"


def _ndjson(documents: Iterable[str], shape: Table) -> Iterator[str]:
    for document in documents:
        yield shape.text(document) + "\n"


def _csv(documents: Iterable[str], shape: Table) -> Iterator[str]:
    yield csv_line(shape.header())
    for document in documents:
        yield csv_line(shape.cells(document))


def csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def dictionary() -> str:
    """The codebook as CSV."""
    table = [[";".join(v) if isinstance(v, list) else v for v in r.values()] for r in as_rows()]
    lines = (csv_line([harmless(cell) for cell in row]) for row in table)
    return csv_line(list(as_rows()[0])) + "".join(lines)


def _geojson(documents: Iterable[str], shape: Any) -> Iterator[str]:
    yield '{"type":"FeatureCollection","features":['
    separator = "\n"
    for document in documents:
        loaded = json.loads(document)
        longitude, latitude = (loaded.get(name) for name in POINT)
        known = longitude is not None and latitude is not None
        feature = {
            "type": "Feature",
            "id": loaded["ref"],
            "geometry": {"type": "Point", "coordinates": [longitude, latitude]} if known else None,
            "properties": shape.flat(loaded),
        }
        yield separator + dumps(feature)
        separator = ",\n"
    yield "\n]}\n"


FORMATS: dict[str, Callable[[Iterable[str], Any], Iterator[str]]] = {
    "json": _json,
    "ndjson": _ndjson,
    "csv": _csv,
    "geojson": _geojson,
}
