"""A public document as one line of each file: rendered once, when it is published.

CSV and GeoJSON are stored beside the document, NDJSON is the document itself, so a whole export
only passes on what is stored. Whoever changes the columns of the codebook renders the lines of
all live publications anew in a migration, with `render_again`.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from incidents.codebook import BY_NAME, COLUMNS, Column, cell, dumps, one_text

# A spreadsheet takes these for the beginning of a formula, the full-width forms too.
FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
POINT = (BY_NAME["longitude"].name, BY_NAME["latitude"].name)
AT_ONCE = 200
Document = Mapping[str, Any]


def harmless(text: str) -> str:
    """The same text for a reader; for a spreadsheet never a formula."""
    return f"'{text}" if text[:1] in FORMULA else text


def by_language(column: Column) -> bool:
    return column.csv == "text"


def csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def csv_cell(column: Column, value: Any) -> str:
    text = cell(column, value)
    number = isinstance(value, int | float) and column.numeric
    return text if number else harmless(text)


def csv_row(document: Document) -> str:
    """All public columns, the text in English or what there is; its line end included."""
    return csv_line([csv_cell(column, document.get(column.name)) for column in COLUMNS])


def feature(document: Document, properties: Mapping[str, Any]) -> str:
    """A GeoJSON feature. Without a place its geometry is null."""
    longitude, latitude = (document.get(name) for name in POINT)
    known = longitude is not None and latitude is not None
    return dumps(
        {
            "type": "Feature",
            "id": document["ref"],
            "geometry": {"type": "Point", "coordinates": [longitude, latitude]} if known else None,
            "properties": properties,
        }
    )


def geojson_feature(document: Document) -> str:
    """All public columns, with one text where the document has one in each language."""
    properties = {
        column.name: one_text(document.get(column.name))
        if by_language(column)
        else document.get(column.name)
        for column in COLUMNS
    }
    return feature(document, properties)


def lines_of(document: Document) -> dict[str, str]:
    """By the columns of Publication that hold them."""
    return {"csv_row": csv_row(document), "geojson_feature": geojson_feature(document)}


def render_again(publications: Any) -> None:
    """The lines of all live rows, from their documents. For migrations."""
    live, last = publications.filter(live=True).only("document").order_by("pk"), None
    while rows := list((live.filter(pk__gt=last) if last else live)[:AT_ONCE]):
        for row in rows:
            for name, text in lines_of(json.loads(row.document)).items():
                setattr(row, name, text)
        publications.bulk_update(rows, ["csv_row", "geojson_feature"])
        last = rows[-1].pk
