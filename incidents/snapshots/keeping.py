"""Archives on the disk and their rows: made, found, withdrawn, swept.

A row is written after its file is durable, and a file is deleted after its row says so: whatever
is killed between leaves a file that nobody is told of, and the next round sweeps it.
"""

import errno
import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Max, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.querysets import THE_WORLD
from incidents import codebook, feed
from incidents.errors import Refused, WrongState
from incidents.evidence import places
from incidents.models import Change, Publication, Snapshot
from incidents.snapshots import archiving
from incidents.snapshots.counting import Coverage
from incidents.vocabulary import WithdrawReason

LOCK, MAKING = ".lock", ".making"
PIECE = 2000


class Unavailable(Refused):
    """The row is there, the file is not: somebody has to bring it back from a backup."""

    status = 503
    code = "unavailable"
    default = _("The file of this snapshot is not at its place at the moment.")
    retry_after = 3600


def root() -> Path:
    return Path(settings.SNAPSHOTS_ROOT)


def opened(snapshot: Snapshot) -> IO[bytes]:
    """Its file. Raises Unavailable when that is lost."""
    if not _whole(snapshot):
        raise Unavailable
    try:
        return _file(snapshot).open("rb")
    except OSError:
        raise Unavailable from None


def retracted_since(snapshot: Snapshot) -> list[dict[str, Any]]:
    """What is in it and was withdrawn or merged after it was made, as the feed tells it."""
    changes = Change.objects.visible_to(THE_WORLD, withdrawn=True)
    of_same = changes.filter(publication=OuterRef("publication"), seq__lte=snapshot.data_version)
    later = changes.filter(op=Change.Op.RETRACT, seq__gt=snapshot.data_version)
    held = later.alias(then=Subquery(of_same.order_by("-seq").values("op")[:1]))
    told = held.filter(then=Change.Op.UPSERT).select_related("publication").order_by("seq")
    return [
        {
            "ref": one.publication.ref,
            "reason": one.reason,
            "at": one.at.isoformat(timespec="seconds"),
        }
        for one in told
    ]


def make() -> Snapshot:
    """A snapshot of what is published now; the one there is, if nothing changed since.

    Raises Busy, NoRoom, and WrongState when this data version was withdrawn by hand.
    """
    with _alone():
        newest = _current()
        return newest if newest is not None and _whole(newest) else _make_anew()


def keep() -> int:
    """The duty of the clock: put away what endangers somebody, and make the snapshot of the day.

    At most one a day, and none while nothing changed. Returns how many came or went.
    """
    try:
        with _alone():
            gone = _withdraw(Q(endangers=True), WithdrawReason.SAFETY)
            if Snapshot.objects.exclude(withdrawn_at=None).filter(superseded_by=None).exists():
                _succeed()
            elif _due():
                _make(_today())
                return len(gone) + 1
            return len(gone)
    except places.Busy:
        return 0


def reissue(
    *, name: str = "", reason: str = WithdrawReason.SAFETY
) -> tuple[list[str], Snapshot | None]:
    """Withdraw what endangers somebody, and `name`, too; their files are deleted at once.

    Returns the names of what was withdrawn and the snapshot to be read instead, made if there
    is none; None when what is published now is what was withdrawn. Raises Busy and NoRoom.
    """
    with _alone():
        gone = _withdraw(Q(endangers=True), WithdrawReason.SAFETY)
        if name:
            gone += _withdraw(Q(name=name), reason)
        return gone, _succeed()


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else makes or sweeps. What others left in the middle is cleared away first."""
    try:
        with places.alone_with(root() / LOCK):
            _sweep()
            yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise places.NoRoom from None
        raise


def _sweep() -> None:
    shutil.rmtree(root() / MAKING, ignore_errors=True)
    files = {file.stem: file for file in root().glob("*.zip")}
    known = Snapshot.objects.visible_to(THE_WORLD).filter(withdrawn_at=None)
    for name in set(files) - set(known.values_list("name", flat=True)):
        files[name].unlink(missing_ok=True)
        places.sync_folder(root())


def _today() -> str:
    """By UTC, as everything that the server names by a day."""
    return timezone.now().astimezone(UTC).date().isoformat()


def _due() -> bool:
    version = feed.data_version()
    if not version or Snapshot.objects.filter(name=_today()).exists() or _gone(version):
        return False
    newest = _readable().first()
    return newest is None or newest.data_version != version


def _gone(version: int) -> bool:
    return Snapshot.objects.filter(data_version=version).exclude(withdrawn_at=None).exists()


def _readable() -> Any:
    return Snapshot.objects.visible_to(THE_WORLD).readable().order_by("-data_version", "-pk")


def _current() -> Snapshot | None:
    """The one of what is published now, in today's columns."""
    of_now = {"data_version": feed.data_version(), "codebook": codebook.VERSION}
    newest: Snapshot | None = _readable().filter(**of_now).first()
    return newest


def _make_anew() -> Snapshot:
    """Of what is published now. Where the file of such a one was lost, it is there again."""
    lost = _current()
    return _make(lost.name if lost else "")


def _make(name: str = "") -> Snapshot:
    """Unless named it is called by the day and the data version. The caller is alone."""
    places.require_room(places.ROOM_TO_BEGIN, root())
    folder = root() / MAKING
    places.make_folder(folder)
    try:
        with _published() as (documents, coverage):
            archive = archiving.write(folder, documents, coverage)
        return _put(archive, name or f"{_today()}-{coverage.data_version}", coverage)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(archive: Path, name: str, coverage: Coverage) -> Snapshot:
    """Raises WrongState rather than give a name to other bytes, or out what was withdrawn."""
    part = archiving.measure(archive)
    made = Snapshot(
        name=name,
        data_version=coverage.data_version,
        data_at=coverage.data_at,
        created_at=timezone.now(),
        sha256=part.sha256,
        size=part.size,
        rows=coverage.rows,
        codebook=codebook.VERSION,
    )
    known = Snapshot.objects.filter(name=name).first()
    if _gone(made.data_version) or (known is not None and known.sha256 != made.sha256):
        raise WrongState(
            _("What is published now was withdrawn as a snapshot. It takes a change to make one.")
        )
    places.move(archive, _file(made))
    if known is None:
        made.save(force_insert=True)
    return Snapshot.objects.visible_to(THE_WORLD).get(name=name)


@contextmanager
def _published() -> Iterator[tuple[Iterable[str], Coverage]]:
    """The documents and, complete when they have passed, what is counted of them."""
    while True:
        before = feed.data_version()
        rows = _rows()
        first = next(rows, None)
        version = (first[2] if first else before) or 0
        # One statement sees one moment. Only an empty answer cannot say of which it is.
        if first or before == feed.data_version():
            break
    newest = Change.objects.visible_to(THE_WORLD, withdrawn=True).filter(seq=version).first()
    coverage = Coverage(version, newest.at if newest else None)
    try:
        yield coverage.counted(_pairs(first, rows)), coverage
    finally:
        rows.close()


def _pairs(first: Any, rows: Iterator[Any]) -> Iterator[tuple[str, str]]:
    if first is not None:
        yield first[0], first[1]
        for document, licence, _version in rows:
            yield document, licence


def _rows() -> Generator[tuple[str, str, int | None], None, None]:
    """(document, licence, newest change), in the order of the API, all of one moment.

    As `exports.rows`: in a transaction where that keeps the cursor open, without one where it
    would keep writers out.
    """
    newest = Change.objects.visible_to(THE_WORLD, withdrawn=True).order_by("-seq").values("seq")
    rows = Publication.objects.visible_to(THE_WORLD).annotate(newest=Subquery(newest[:1]))
    found = rows.order_by("-published_at", "-id").values_list("document", "licence", "newest")
    if connections[found.db].vendor == "postgresql":
        with transaction.atomic(using=found.db):
            yield from found.iterator(chunk_size=PIECE)
    else:
        yield from found.iterator(chunk_size=PIECE)


def _withdraw(which: Q, reason: str) -> list[str]:
    """The rows first: from then on nobody is told of the files, which go next."""
    rows = Snapshot.objects.visible_to(THE_WORLD).filter(which, withdrawn_at=None)
    gone = list(rows)
    known = Snapshot.objects.filter(pk__in=[one.pk for one in gone])
    known.update(withdrawn_at=timezone.now(), reason=reason)
    for one in gone:
        _file(one).unlink(missing_ok=True)
    if gone:
        places.sync_folder(root())
    return [one.name for one in gone]


def _succeed() -> Snapshot | None:
    """To every withdrawn one, the snapshot that is to be read instead: a newer one."""
    gone = Snapshot.objects.exclude(withdrawn_at=None)
    latest = gone.aggregate(latest=Max("data_version"))["latest"] or 0
    newer = _readable().filter(data_version__gt=latest)
    found: Snapshot | None = next(filter(_whole, newer), None)
    if found is None:
        if gone and feed.data_version() <= latest:
            return None
        found = _make_anew()
    gone.update(superseded_by=found)
    return found


def _file(snapshot: Snapshot) -> Path:
    return root() / f"{snapshot.name}.zip"


def _whole(snapshot: Snapshot) -> bool:
    try:
        return _file(snapshot).stat().st_size == snapshot.size
    except OSError:
        return False
