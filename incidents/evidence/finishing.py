"""The moment all bytes are there: opened, compared with what the phone announced, kept."""

from pathlib import Path
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents import envelopes
from incidents.errors import Refused
from incidents.evidence import attaching, places, sealing
from incidents.models import Upload
from observers import keys


class NotTheFile(Refused):
    """It starts over; its report stands."""

    status = 422
    code = "file_differs"
    default = _("What arrived is not the file that was announced. Send it again from the start.")


class NoReceipt(Refused):
    """The file is kept; the installation cannot sign for it until its key is back."""

    status = 503
    code = "unavailable"
    default = _("The service is not available at the moment. Send the same again later.")
    retry_after = 60


def receipt(upload: Upload) -> dict[str, Any] | None:
    """What the phone may let go for, once the whole file is kept. Raises NoReceipt."""
    if upload.finished_at is None:
        return None
    try:
        return envelopes.receipt(upload.pk, upload.envelope_sha256, upload.finished_at, None)
    except keys.NoKey:
        raise NoReceipt from None


def finish(upload: Upload) -> Upload:
    """When everything has arrived, and once. Raises NotTheFile, Busy.

    A server that dies anywhere in between finishes it at the next request or tick.
    """
    if upload.finished_at is not None or upload.offset != upload.length:
        return upload
    original = places.root() / attaching.original(upload.pk)
    part = places.part(upload.pk)
    if not original.exists():
        with places.alone_with(part):
            upload.refresh_from_db(fields=["offset", "finished_at"])
            if upload.finished_at is not None or upload.offset != upload.length:
                return upload
            if not original.exists():
                if not _is_the_file(part):
                    _start_over(upload, part)
                    raise NotTheFile
                places.move(part, original)
    part.unlink(missing_ok=True)
    now = timezone.now()
    Upload.objects.filter(pk=upload.pk, finished_at=None).update(finished_at=now, touched_at=now)
    upload.refresh_from_db(fields=["finished_at"])
    attaching.attach(upload)
    return upload


def finish_waiting() -> int:
    """Those whose last answer the phone never heard, and which it did not ask for again."""
    whole = Upload.objects.filter(finished_at=None, offset=F("length"))
    done = 0
    for upload in whole.select_related("device", "author", "election").iterator(
        chunk_size=attaching.AT_ONCE
    ):
        try:
            done += finish(upload).finished_at is not None
        except (NotTheFile, places.Busy):
            continue
    return done


def _is_the_file(part: Path) -> bool:
    """Reads back from the disk's own file what is to be kept, a chunk at a time."""
    try:
        with sealing.opened(part) as (inside, _contents):
            pass
        return sealing.digest(part) == (inside["sha256"], inside["size"])
    except (envelopes.Unopened, OSError):
        return False


def _start_over(upload: Upload, part: Path) -> None:
    part.unlink(missing_ok=True)
    Upload.objects.filter(pk=upload.pk).update(offset=0)
    upload.offset = 0
