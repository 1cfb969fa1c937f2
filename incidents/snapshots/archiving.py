"""From documents to one ZIP: the same documents give the same bytes, wherever and whenever.

The documents are read once and lie in the first file; every other file is made from that, row by
row. No clock, no zone, no language of the process gets in: what looks like a time is of the data.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import translation

from incidents import codebook, exports, workbooks
from incidents.codebook import COLUMNS, Column, cell
from incidents.evidence import places
from incidents.snapshots import describing, telling
from incidents.snapshots.counting import Coverage
from incidents.snapshots.describing import Part

DATA = ("incidents.csv", "incidents.ndjson", "incidents.geojson", "incidents.xlsx")
WORDS = ("codebook.csv", "codebook.json")
FILES = (*telling.READMES.values(), "LICENSE.txt", "datapackage.json", *WORDS, *DATA, "SHA256SUMS")
MODE, UNIX = 0o644, 3


def write(folder: Path, documents: Iterable[str], coverage: Coverage) -> Path:
    """All files into `folder`, which is empty, and the archive of them beside, on the disk.

    `coverage` is complete when the documents have passed.
    """
    lines = folder / "incidents.ndjson"
    _fill(lines, exports.stream("ndjson", documents))
    with translation.override("en"):
        for name in ("csv", "geojson"):
            _fill(folder / f"incidents.{name}", exports.stream(name, _lines_of(lines)))
        _write_words(folder, coverage)
        _write_book(folder, coverage, lines)
    parts = {name: measure(folder / name) for name in (*DATA, *WORDS)}
    _write(folder / "datapackage.json", describing.package(coverage, parts))
    _write(folder / "SHA256SUMS", "".join(_sums(folder)))
    archive = folder / "archive.zip"
    _pack(folder, archive, coverage.moment)
    return archive


def _fill(file: Path, pieces: Iterable[bytes]) -> None:
    with file.open("wb", buffering=0) as out:
        for piece in pieces:
            places.write(out, piece)


def _write(file: Path, text: str) -> None:
    _fill(file, [text.encode("utf-8", "replace")])


def _lines_of(file: Path) -> Iterator[str]:
    """A document may hold any separator of lines but this one, which JSON escapes."""
    with file.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield line[:-1]


def _write_words(folder: Path, coverage: Coverage) -> None:
    _write(folder / "codebook.csv", exports.dictionary())
    _write(folder / "codebook.json", json.dumps(codebook.whole(), ensure_ascii=False, indent=1))
    _write(folder / "LICENSE.txt", telling.licence(coverage))
    for language, name in telling.READMES.items():
        _write(folder / name, telling.readme(coverage, language))


def _write_book(folder: Path, coverage: Coverage, lines: Path) -> None:
    about = [[line] for line in telling.readme(coverage, "en").splitlines()]
    about += [
        [],
        *([column.name, column.type, column.unit, column.about["en"]] for column in COLUMNS),
    ]
    workbooks.write(
        folder / "incidents.xlsx",
        codebook.headers(),
        (_row(json.loads(line)) for line in _lines_of(lines)),
        about=about,
        made=coverage.moment,
        folder=folder,
    )


def _row(document: dict[str, Any]) -> list[workbooks.Value]:
    return [_value(column, document.get(column.name)) for column in COLUMNS]


def _value(column: Column, value: Any) -> workbooks.Value:
    if value is None or column.numeric:
        return value  # type: ignore[no-any-return]
    if column.type == "datetime":
        return datetime.fromisoformat(value)
    return cell(column, value)


def measure(file: Path) -> Part:
    with file.open("rb") as content:
        return Part(file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())


def _sums(folder: Path) -> Iterator[str]:
    for name in FILES[:-1]:
        yield f"{measure(folder / name).sha256}  {name}\n"


def _pack(folder: Path, archive: Path, moment: datetime) -> None:
    """Fixed order, times, rights and compression; what the system says of files is left out."""
    with archive.open("xb") as out:
        with ZipFile(out, "w") as packed:
            for name in FILES:
                info = ZipInfo(name, moment.timetuple()[:6])
                info.compress_type, info.create_system = ZIP_DEFLATED, UNIX
                info.external_attr = MODE << 16
                # Known before, it is written in the form for large files only where it is one.
                info.file_size = (folder / name).stat().st_size
                with (folder / name).open("rb") as content, packed.open(info, "w") as entry:
                    shutil.copyfileobj(content, entry, places.PIECE)
        out.flush()
        places.sync(out)
