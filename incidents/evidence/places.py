"""Where files lie, and how a byte is made to stay there."""

import errno
import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from incidents.errors import Refused

FOLDER, PART, KEPT = 0o700, 0o600, 0o440
# Free space under which no new file is begun, and under which none is continued: text goes on.
ROOM_TO_BEGIN, ROOM_TO_GO_ON = 0.10, 0.05
PIECE = 256 * 1024


class NoRoom(Refused):
    status = 507
    code = "no_room"
    default = _("There is no room for files at the moment. Reports are still taken. Try later.")
    retry_after = 600


class Busy(Refused):
    """Somebody is writing to it: another connection of the same phone, which it gave up."""

    status = 423
    code = "busy"
    default = _("Another request is writing this file. Ask for its offset and try again.")
    retry_after = 2


def part(item: uuid.UUID) -> Path:
    return root() / "uploads" / str(item)


def kept(kind: str, item: uuid.UUID) -> str:
    """Under MEDIA_ROOT, as a FileField holds it; no folder grows without end."""
    return f"{kind}/{str(item)[:2]}/{item}"


def of(file: FieldFile) -> Path:
    return root() / str(file)


def root() -> Path:
    return Path(settings.MEDIA_ROOT)


def require_room(least: float, place: Path | None = None) -> None:
    """Raises NoRoom."""
    place = place or root()
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    if usage.free < usage.total * least:
        raise NoRoom


def make_folder(place: Path) -> None:
    if not place.is_dir():
        place.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        sync_folder(place.parent)


def sync_folder(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(file: IO[bytes], piece: bytes) -> None:
    """All of it, to a file without a buffer. Raises NoRoom."""
    rest = memoryview(piece)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoRoom from None
        raise


def sync(file: IO[bytes]) -> None:
    os.fsync(file.fileno())


def move(source: Path, target: Path) -> None:
    """The bytes are on disk before the name is, and the name before anybody is told of it."""
    make_folder(target.parent)
    source.chmod(KEPT)
    source.replace(target)
    sync_folder(target.parent)
    sync_folder(source.parent)


@contextmanager
def alone_with(file: Path) -> Iterator[IO[bytes]]:
    """The part file, made when it is missing, with nobody else writing to it. Raises Busy.

    The lock is the kernel's: it ends with the process, however that ends.
    """
    make_folder(file.parent)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, PART), "r+b", buffering=0) as body:
        try:
            fcntl.flock(body, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        if not _still(file, body):
            raise Busy
        yield body


def _still(file: Path, body: IO[bytes]) -> bool:
    """Between opening and locking it, somebody may have kept, swept or begun it anew."""
    try:
        return os.path.samestat(os.fstat(body.fileno()), file.stat())
    except FileNotFoundError:
        return False
