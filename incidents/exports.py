"""Documents in, bytes out: every format is made from the same stored document of a publication.

It knows nothing of users or filters; whoever calls it has chosen the rows.
"""

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from elections.models import Election, Region
from elections.naming import Named
from elections.querysets import THE_WORLD
from incidents import sheets, streaming
from incidents.codebook import BY_NAME, COLUMNS, Column, as_rows, cell, dumps, labels, one_text
from incidents.lines import by_language, csv_cell, csv_line, feature, harmless

MEDIA_TYPES = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "geojson": "application/geo+json",
    "xlsx": sheets.MEDIA_TYPE,
}
BOM = "\ufeff"
CHUNK = 64 * 1024
# Where a format lies ready, line by line, in Publication.
STORED = {"ndjson": "document", "csv": "csv_row", "geojson": "geojson_feature"}
OPENING, CLOSING = '{"type":"FeatureCollection","features":[', "\n]}\n"
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
        if by_language(column):
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
        labelled = self.labels is not None and column.vocabulary and not by_language(column)
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
            shaped[column.name] = self._one_text(value) if by_language(column) else value
            if self.labels is not None and column.vocabulary and not by_language(column):
                shaped[f"{column.name}_label"] = self.labels.of(column, document)
        return shaped

    def _one_text(self, texts: Mapping[str, str] | None) -> str | None:
        return one_text(texts, self.labels.language if self.labels else "en")

    def text(self, document: str) -> str:
        return document if self.whole else dumps(self.of(json.loads(document)))

    def cells(self, document: str) -> list[str]:
        row = []
        for column, value in self._named(document):
            if column is not None:
                row.append(csv_cell(column, value))
            else:
                row.append(harmless(_label(value)))
        return row

    def values(self, document: str) -> list[sheets.Value]:
        """As cells, with numbers as numbers and nothing done to a text."""
        row: list[sheets.Value] = []
        for column, value in self._named(document):
            if column is None:
                row.append(_label(value))
            elif column.numeric and isinstance(value, int | float):
                row.append(value)
            else:
                row.append(cell(column, value))
        return row

    def hashtags(self) -> list[str]:
        """The HXL row: a tag for each column, with `+label` of the names of its codes."""
        return [
            BY_NAME[name].hxl if name in BY_NAME else f"{BY_NAME[name[:-6]].hxl}+label"
            for name in self.header()
        ]

    def _named(self, document: str) -> Iterator[tuple[Column | None, Any]]:
        for name, value in self.flat(json.loads(document)).items():
            yield BY_NAME.get(name), value


def _label(value: Any) -> str:
    return ";".join(value) if isinstance(value, list) else value or ""


class Table(Protocol):
    """What CSV, NDJSON and JSON ask of a shape."""

    def header(self) -> list[str]: ...
    def cells(self, document: str) -> list[str]: ...
    def text(self, document: str) -> str: ...


WHOLE = Shape()


def rows(publications: streaming.Rows) -> Iterator[str]:
    """Their documents, read as they are sent: the memory does not grow with the list."""
    for block in streaming.blocks(publications, STORED["ndjson"]):
        for text in block:
            yield text.decode()


def file(
    format_: str,
    publications: streaming.Rows,
    *,
    shape: Table = WHOLE,
    bom: bool = False,
    hxl: bool = False,
    about: sheets.About = sheets.NOTHING,
) -> Iterator[bytes]:
    """All these rows, in pieces. What lies ready in the database is passed on as it is."""
    if shape == WHOLE and format_ in STORED:
        return _passed_on(format_, publications, shape, bom=bom, hxl=hxl)
    return stream(format_, rows(publications), shape=shape, bom=bom, hxl=hxl, about=about)


def _passed_on(
    format_: str, publications: streaming.Rows, shape: Table, *, bom: bool, hxl: bool
) -> Iterator[bytes]:
    blocks = streaming.blocks(publications, STORED[format_])
    try:
        if format_ == "geojson":
            before = OPENING.encode()
            for block in blocks:
                yield before + b"\n" + b",\n".join(block)
                before = b","
            yield (before if before != b"," else b"") + CLOSING.encode()
        elif format_ == "csv":
            before = "".join(_csv_head(shape, bom=bom, hxl=hxl)).encode()
            for block in blocks:
                yield before + b"".join(block)
                before = b""
            if before:
                yield before
        else:
            for block in blocks:
                block.append(b"")
                yield b"\n".join(block)
    finally:
        if isinstance(blocks, Generator):
            blocks.close()


def stream(
    format_: str,
    documents: Iterable[str],
    *,
    shape: Table = WHOLE,
    bom: bool = False,
    hxl: bool = False,
    about: sheets.About = sheets.NOTHING,
) -> Iterator[bytes]:
    """The file, in pieces. `json` is the bare array; its envelope belongs to a page.

    Of XLSX the first piece comes after the last document: the workbook is made on disk.
    """
    if format_ == "xlsx":
        return sheets.workbook(documents, shape, hxl=hxl, about=about)  # type: ignore[arg-type]
    lines = FORMATS[format_](documents, shape)
    if format_ == "csv":
        lines = chain(_csv_head(shape, bom=bom, hxl=hxl), lines)
    return _encoded(lines)


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


def _csv_head(shape: Any, *, bom: bool, hxl: bool) -> Iterator[str]:
    yield (BOM if bom else "") + csv_line(shape.header())
    if hxl:
        yield csv_line(shape.hashtags())


def _csv(documents: Iterable[str], shape: Table) -> Iterator[str]:
    for document in documents:
        yield csv_line(shape.cells(document))


def dictionary() -> str:
    """The codebook as CSV."""
    table = [[";".join(v) if isinstance(v, list) else v for v in r.values()] for r in as_rows()]
    lines = (csv_line([harmless(cell) for cell in row]) for row in table)
    return csv_line(list(as_rows()[0])) + "".join(lines)


def _geojson(documents: Iterable[str], shape: Any) -> Iterator[str]:
    yield OPENING
    separator = "\n"
    for document in documents:
        loaded = json.loads(document)
        yield separator + feature(loaded, shape.flat(loaded))
        separator = ",\n"
    yield CLOSING


FORMATS: dict[str, Callable[[Iterable[str], Any], Iterator[str]]] = {
    "json": _json,
    "ndjson": _ndjson,
    "csv": _csv,
    "geojson": _geojson,
}


# --- Names of codes that are kept in the database -----------------------------------------------


def labels_in(language: str) -> Labels:
    """Names of elections and of their regions, read once a request."""
    elections = list(Election.objects.visible_to(THE_WORLD))
    regions: dict[int, list[Region]] = {}
    of_sets = {election.region_set_id for election in elections}
    for region in _regions(of_sets):
        regions.setdefault(region.region_set_id, []).append(region)
    return Labels(
        language,
        {election.slug: _name(election, language) for election in elections},
        {
            (election.slug, region.code): _name(region, language)
            for election in elections
            for region in regions.get(election.region_set_id, [])
        },
    )


def _regions(sets: set[int]) -> Iterable[Region]:
    names = ("region_set_id", "code", "name_en", "name_ru", "name_kk")
    return Region.objects.visible_to(THE_WORLD).filter(region_set__in=sets).only(*names)


def _name(row: Named, language: str) -> str:
    return row.names.get(language) or row.names["en"]
