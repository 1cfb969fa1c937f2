"""Files that are too long to wait for: asked for, made by the clock, gone within the hour.

The row says how far a file has come and who is at it; whoever finds its lease run out begins
anew. No file outlives a withdrawal: after one, nobody gets what was made before it.
"""

import hashlib
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.keyset import order
from elections.models import Election
from elections.querysets import THE_WORLD
from incidents import codebook, exports, feed, sheets, streaming
from incidents.cleaning import digest
from incidents.errors import Refused
from incidents.evidence import places
from incidents.filters import PublicationFilter, parse
from incidents.models import Change, Export, Publication
from incidents.vocabulary import ExportStage

MOST_AT_ONCE = 20_000  # rows; a workbook of more is made in the background
MOST_FILES = 20  # asked for and not yet expired, of all askers together
KEPT_FOR, LEASE, LINK_LIVES = timedelta(hours=1), timedelta(minutes=2), timedelta(minutes=10)
MOST_ATTEMPTS = 3
SAY_EVERY = 2000  # rows
UNFINISHED = (ExportStage.QUEUED, ExportStage.RUNNING)
# What does not change which rows a file holds, nor their form.
OF_THE_ANSWER = frozenset({"format", "bom", "limit", "cursor", "count"})
SALT = "export"
Query = Mapping[str, list[str]]
log = logging.getLogger(__name__)


class TooMany(Refused):
    status = 429
    code = "throttled"
    default = _("Too many large files are being made. Try again later, or take CSV, at once.")
    retry_after = 60


class Gone(Refused):
    """Expired, or older than a withdrawal."""

    status = 410
    code = "export_gone"
    default = _("This file is no longer kept. Ask for the rows again: you get what is public now.")


class NotReady(Refused):
    status = 409
    code = "wrong_state"
    default = _("This file is not ready. Its status says how far it has come.")
    retry_after = 5


class _Lost(Exception):
    """Somebody else is at it now."""


@dataclass(frozen=True)
class Chosen:
    """What a query asks for."""

    rows: streaming.Rows
    shape: exports.Shape
    hxl: bool
    about: sheets.About
    data_version: int


# --- For who asks -------------------------------------------------------------------------------


def ask(query: Query, total: int) -> Export:
    """The file of these rows: one that is there or on its way, else a new one.

    Raises TooMany, NoRoom.
    """
    query = {name: sorted(v) for name, v in sorted(query.items()) if name not in OF_THE_ANSWER}
    key = digest([query, codebook.VERSION])
    if found := _same(key):
        return found
    places.require_room(places.ROOM_TO_BEGIN)
    now = timezone.now()
    if Export.objects.filter(expires_at__gt=now).count() >= MOST_FILES:
        raise TooMany
    late = Export.objects.filter(key=key, stage__in=UNFINISHED, expires_at__lte=now)
    late.update(stage=ExportStage.FAILED, finished_at=now)
    try:
        with transaction.atomic():
            return Export.objects.create(
                key=key, query=query, rows_total=total, expires_at=now + KEPT_FOR
            )
    except IntegrityError:  # asked twice at once
        return Export.objects.get(key=key, stage__in=UNFINISHED)


def _same(key: str) -> Export | None:
    rows = Export.objects.filter(key=key, expires_at__gt=timezone.now()).order_by("-created_at")
    for export in rows.exclude(stage=ExportStage.FAILED):
        if export.stage in UNFINISHED or export.data_version == _newest(export):
            return export
    return None


def find(item: uuid.UUID) -> Export | None:
    """Raises Gone."""
    export = Export.objects.visible_to(THE_WORLD).filter(pk=item).first()
    if export is not None and (export.expired(timezone.now()) or withdrawn_since(export)):
        raise Gone
    return export


def withdrawn_since(export: Export) -> bool:
    """Perhaps of a row it does not hold: a file too few is better than a text too many."""
    changes = _changes(export).filter(op=Change.Op.RETRACT, seq__gt=export.data_version)
    return export.stage == ExportStage.DONE and changes.exists()


def link(export: Export) -> str:
    """Its name for some minutes."""
    return signing.dumps(export.pk.hex, salt=SALT)


def follow(signed: str) -> Export | None:
    """None: no link of ours. Raises Gone, NotReady."""
    try:
        item = uuid.UUID(signing.loads(signed, salt=SALT, max_age=LINK_LIVES))
    except signing.SignatureExpired:
        raise Gone(
            _("This link has expired. Ask for the export's status to get another.")
        ) from None
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    export = find(item)
    if export is not None and export.stage != ExportStage.DONE:
        raise NotReady
    return export


def contents(export: Export) -> Iterator[bytes]:
    """Raises Gone at once when the file was swept away meanwhile."""
    file = place(export)
    if not file.is_file():
        raise Gone
    return _pieces(file)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as made:  # when it is asked for: an answer nobody reads holds nothing
        while piece := made.read(places.PIECE):
            yield piece


# --- What is asked for --------------------------------------------------------------------------


def chosen(query: Query) -> Chosen:
    """As the API reads it, whose answer promised the file. Raises Gone: it means nothing now."""
    data = QueryDict(mutable=True)
    for name, values in query.items():
        data.setlist(name, values)
    # The number first: what changes while the rows are read belongs to a later one.
    version = feed.data_version(_elections(query))
    filterset = PublicationFilter(data, Publication.objects.visible_to(THE_WORLD))
    parsed = parse(filterset, also=None)
    if parsed.errors:
        raise Gone
    return Chosen(
        order(parsed.queryset, filterset.keys),
        _shape(query),
        query.get("hxl", ["false"])[0].casefold() in {"true", "1"},
        about(parsed.applied, version),
        version,
    )


def _shape(query: Query) -> exports.Shape:
    names = [name for value in query.get("fields", []) for name in value.split(",")]
    columns = codebook.select(name.strip() for name in names) if names else codebook.COLUMNS
    language = query.get("labels", [""])[0].strip()
    return exports.Shape(columns, exports.labels_in(language) if language else None)


def about(applied: Mapping[str, Any], version: int) -> sheets.About:
    """What stands on the second sheet beside the codebook."""
    newest = Change.objects.visible_to(THE_WORLD, withdrawn=True).filter(seq=version).first()
    licences = set(Election.objects.visible_to(THE_WORLD).values_list("licence", flat=True))
    facts = {
        "what": "Published incidents, as observers reported and editors checked them",
        "coverage": "Accurate in what it holds, not complete: nobody reports everything",
        "source": f"{settings.PUBLIC_URL}/data/",
        "licence": ", ".join(sorted(licences)),
        "data_version": str(version),
        "as_of": newest.at.isoformat(timespec="seconds") if newest else "",
        "codebook_version": codebook.VERSION,
        "filters": codebook.dumps(dict(applied)),
    }
    return sheets.About(facts, newest.at) if newest else sheets.About(facts)


def _elections(query: Query) -> list[int] | None:
    slugs = [slug.strip() for value in query.get("election", []) for slug in value.split(",")]
    seen = Election.objects.visible_to(THE_WORLD).filter(slug__in=slugs)
    return list(seen.values_list("pk", flat=True)) if slugs else None


def _newest(export: Export) -> int:
    return feed.data_version(_elections(export.query))


def _changes(export: Export) -> Any:
    changes = Change.objects.visible_to(THE_WORLD, withdrawn=True)
    elections = _elections(export.query)
    return changes if elections is None else changes.filter(publication__election__in=elections)


# --- For the clock ------------------------------------------------------------------------------


def make_waiting() -> int:
    """Make everything that waits, one after the other, and sweep. How many were made."""
    sweep()
    made = 0
    while export := _taken():
        made += _make(export)
        sweep()  # also what another left who died at it
    return made


def _taken() -> Export | None:
    now = timezone.now()
    # A lease farther off than any is given was written by a clock that has gone back since.
    left = Q(leased_until__lte=now) | Q(leased_until__gt=now + LEASE)
    free = Q(stage=ExportStage.QUEUED) | Q(left, stage=ExportStage.RUNNING)
    for export in Export.objects.filter(free, expires_at__gt=now).order_by("created_at"):
        mine = Export.objects.filter(free, pk=export.pk, attempts=export.attempts)
        if export.attempts >= MOST_ATTEMPTS:
            mine.update(stage=ExportStage.FAILED, finished_at=now)
        elif mine.update(
            stage=ExportStage.RUNNING,
            attempts=F("attempts") + 1,
            leased_until=now + LEASE,
            rows_done=0,
        ):
            export.refresh_from_db()
            return export
    return None


def _mine(export: Export) -> Any:
    """The row, as long as nobody else took it over."""
    rows = Export.objects.filter(pk=export.pk, attempts=export.attempts)
    return rows.filter(stage=ExportStage.RUNNING)


def _make(export: Export) -> bool:
    work = place(export).with_suffix("")
    try:
        places.require_room(places.ROOM_TO_GO_ON)
        places.make_folder(root())
        places.make_folder(work)
        _write(export, work)
    except _Lost:
        return False
    except Exception as error:  # noqa: BLE001  whatever it is, others wait for their files
        log.error("An export failed: %s", type(error).__name__)
        again = export.attempts < MOST_ATTEMPTS and not isinstance(error, Gone)
        stage = ExportStage.QUEUED if again else ExportStage.FAILED
        _mine(export).update(stage=stage, finished_at=None if again else timezone.now())
        return False
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def _write(export: Export, work: Path) -> None:
    """The rows first, in one moment and quickly; the workbook, which takes minutes, from there."""
    spool, book = work / "rows", work / "rows.xlsx"
    with streaming.one_moment():
        what = chosen(export.query)
        with spool.open("wb") as file:
            total = 0
            for block in streaming.blocks(what.rows, exports.STORED["ndjson"]):
                file.writelines(text + b"\n" for text in block)
                total += len(block)
    if not _mine(export).update(rows_total=total, data_version=what.data_version):
        raise _Lost
    sheets.write(book, _said(export, spool), what.shape, hxl=what.hxl, about=what.about)
    book.chmod(places.PART)
    with book.open("rb") as made:
        sha256 = hashlib.file_digest(made, "sha256").hexdigest()
        os.fsync(made.fileno())
    book.replace(place(export))
    places.sync_folder(root())
    now = timezone.now()
    export.stage, export.data_version = ExportStage.DONE, what.data_version
    stage = ExportStage.QUEUED if withdrawn_since(export) else ExportStage.DONE
    said = {"size": place(export).stat().st_size, "sha256": sha256, "rows_done": total}
    until = {"finished_at": now, "expires_at": now + KEPT_FOR, "leased_until": None}
    if stage == ExportStage.QUEUED or not _mine(export).update(stage=stage, **said, **until):
        place(export).unlink(missing_ok=True)
        _mine(export).update(stage=ExportStage.QUEUED, leased_until=None)
        raise _Lost


def _said(export: Export, spool: Path) -> Iterator[str]:
    with spool.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines):
            if number % SAY_EVERY == 0:
                until = timezone.now() + LEASE
                if not _mine(export).update(rows_done=number, leased_until=until):
                    raise _Lost
            yield line


def sweep() -> int:
    """Remove every file that nobody may have any more, and what a killed maker left behind."""
    # The files before the rows: what lies there now has a row that says so by then.
    there = list(root().iterdir()) if root().is_dir() else []
    now, kept = timezone.now(), set()
    for export in Export.objects.all():
        if export.expires_at <= now - KEPT_FOR:
            export.delete()  # until then it can say that it is gone
        elif not export.expired(now) and not withdrawn_since(export):
            kept |= {place(export).name, place(export).stem}
    gone = [found for found in there if found.name not in kept]
    for found in gone:
        if found.is_dir():
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink(missing_ok=True)
    return len(gone)


def root() -> Path:
    return places.root() / "exports"


def place(export: Export) -> Path:
    return root() / f"{export.pk}.{export.attempts}.xlsx"
