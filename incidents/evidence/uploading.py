"""A file on its way from a phone: begun with an envelope, sent in pieces, resumed after any cut.

The row's offset is the truth. It moves only after the bytes are on disk; what lies in the part
file beyond it was never acknowledged and is overwritten.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any, Protocol

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.models import Election
from incidents import envelopes
from incidents.errors import Conflict, Invalid, NotAllowed, Refused, TooLarge
from incidents.evidence import places, sealing
from incidents.models import Upload
from incidents.vocabulary import EnvelopeKind
from observers import keys
from observers.models import Device
from observers.roles import Role, has_role

MAY_SEND = (Role.OBSERVER, Role.COORDINATOR, Role.SECURITY)
MOST_UNFINISHED, MOST_UNFINISHED_BYTES = 64, 2 * 1024**3
MOST_AT_ONCE = 8 * 1024 * 1024  # bytes of one PATCH
CHUNKS = range(1024, 1024 * 1024 + 1)
KEPT_FOR = timedelta(days=14)
FACTS = {"report": str, "sha256": str, "size": int, "content_key": str, "chunk_size": int}
KEY = 32


class Source(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class TooMany(Refused):
    status = 429
    code = "throttled"
    default = _("Too many files of this phone are on their way. Finish some of them first.")
    retry_after = 60


class WrongOffset(Refused):
    status = 409
    code = "wrong_offset"
    default = _("Pieces of this file come in order. Ask for its offset and go on from there.")


class Differs(Refused):
    """What arrived is not what was sent. Nothing of it is kept."""

    status = 460
    code = "checksum_mismatch"
    default = _("This piece was changed on its way. Send it again.")


class Cut(Refused):
    """Nobody may be there to read this."""

    code = "bad_request"
    default = _("The connection broke. What had arrived is kept; ask for the offset and go on.")


@dataclass(frozen=True)
class Checksum:
    algorithm: str  # "sha1" or "sha256"
    digest: bytes


@dataclass(frozen=True)
class Begun:
    upload: Upload
    created: bool


def begin(raw: bytes, *, length: int) -> Begun:
    """The same envelope again finds the same upload, as far as it has come.

    Raises Invalid, NotAllowed, Conflict, TooLarge, TooMany, NoRoom.
    """
    envelope = envelopes.read(raw)
    if envelope.kind != EnvelopeKind.EVIDENCE:
        raise Invalid({"envelope": [_("This envelope announces no file.")]})
    device = _sender(envelope)
    if found := Upload.objects.filter(pk=envelope.id).first():
        return _again(found, envelope, length)
    inside = _facts(envelope)
    if length != envelopes.sealed_size(inside["size"], inside["chunk_size"]):
        raise Invalid({"Upload-Length": [_("The length is not that of the announced file.")]})
    places.require_room(places.ROOM_TO_BEGIN)
    _within_budget(device, length)
    try:
        with transaction.atomic():
            upload = Upload.objects.create(
                id=envelope.id,
                report=uuid.UUID(inside["report"]),
                author=device.user,
                device=device,
                election=_election(device),
                envelope=raw,
                envelope_sha256=envelope.sha256,
                length=length,
            )
    except IntegrityError:
        return _again(Upload.objects.get(pk=envelope.id), envelope, length)
    return Begun(upload, created=True)


def find(item: uuid.UUID) -> Upload | None:
    """For whoever names the id, which nobody can guess. Raises NotAllowed: the phone is locked.

    What is written cannot be forged: it must open with the key sealed in the envelope.
    """
    rows = Upload.objects.select_related("device", "author", "election")
    upload = rows.filter(pk=item).first()
    if upload is not None and upload.device is not None:
        _require_open(upload.device)
    return upload


def append(
    upload: Upload, *, offset: int, source: Source, checksum: Checksum | None = None
) -> Upload:
    """Keep what arrives of the next piece, also when the connection breaks in the middle of it.

    Raises WrongOffset, Busy, NoRoom, Differs, TooLarge, Cut.
    """
    with places.alone_with(places.part(upload.pk)) as body:
        upload.refresh_from_db(fields=["offset", "finished_at"])
        if offset != upload.offset:
            raise WrongOffset
        if upload.offset == upload.length:
            return upload
        places.require_room(places.ROOM_TO_GO_ON)
        start = _prepared(body, upload)
        try:
            _copy(source, body, upload, checksum)
        except Cut:
            if checksum is None:
                _moved(upload, body, body.tell() - start)
            raise
        _moved(upload, body, body.tell() - start)
    return upload


def _prepared(body: IO[bytes], upload: Upload) -> int:
    """The file begins with its envelope; whatever lies beyond the offset is not of this upload."""
    head = sealing.head(bytes(upload.envelope))
    start = len(head) + upload.offset
    body.seek(0)
    if upload.offset == 0:
        places.write(body, head)
    body.truncate(start)
    body.seek(start)
    return start


def _copy(source: Source, body: IO[bytes], upload: Upload, checksum: Checksum | None) -> None:
    left = min(upload.length - upload.offset, MOST_AT_ONCE)
    taken = hashlib.new(checksum.algorithm if checksum else "sha256")
    while piece := _read(source):
        left -= len(piece)
        if left < 0:
            raise TooLarge(_("This piece is larger than what is missing, or than 8 MiB."))
        places.write(body, piece)
        if checksum:
            taken.update(piece)
    if checksum and not secrets.compare_digest(taken.digest(), checksum.digest):
        raise Differs


def _read(source: Source) -> bytes:
    try:
        return source.read(places.PIECE)
    except OSError:
        raise Cut from None


def _moved(upload: Upload, body: IO[bytes], arrived: int) -> None:
    if not arrived:
        return
    places.sync(body)
    if upload.offset == 0:
        places.sync_folder(places.part(upload.pk).parent)
    offset, now = upload.offset + arrived, timezone.now()
    Upload.objects.filter(pk=upload.pk, offset=upload.offset).update(offset=offset, touched_at=now)
    upload.offset, upload.touched_at = offset, now


def sweep() -> int:
    """Forget what nobody went on with for two weeks. The phone, if it returns, begins again."""
    swept = 0
    stale = Upload.objects.filter(finished_at=None, touched_at__lt=timezone.now() - KEPT_FOR)
    for upload in stale.iterator():
        try:
            with places.alone_with(places.part(upload.pk)):
                gone, _rows = stale.filter(pk=upload.pk).delete()
                if gone:
                    places.part(upload.pk).unlink(missing_ok=True)
                    swept += 1
        except places.Busy:
            continue
    return swept


# --- who sends it, and what it says of itself ---------------------------------------------------


def _sender(envelope: envelopes.Envelope) -> Device:
    rows = Device.objects.select_related("user", "election")
    device = rows.filter(pk=envelope.device).exclude(public_key="").first()
    if device is None or not envelope.signed_by(keys.public_key(device.public_key)):
        raise NotAllowed(_("No phone of this mission signed this."))
    _require_open(device)
    return device


def _require_open(device: Device) -> None:
    """A locked phone keeps its files, sealed; that of a person whose time has ended, too."""
    election = _election(device)
    held = any(has_role(device.user, role, election) for role in MAY_SEND)
    if device.revoked_at is not None or not held:
        raise NotAllowed(_("This phone may not send files now."))


def _election(device: Device) -> Election:
    """A phone is enrolled for one; nothing else seals envelopes."""
    if device.election is None:
        raise NotAllowed(_("This phone may not send files now."))
    return device.election


def _facts(envelope: envelopes.Envelope) -> dict[str, Any]:
    try:
        inside = envelope.open()
    except envelopes.Unopened:
        raise Invalid({"envelope": [_("The key this was sealed to is not here.")]}) from None
    try:
        sound = all(type(inside[name]) is kind for name, kind in FACTS.items())
        sound = sound and uuid.UUID(inside["report"]) is not None
        sound = sound and len(bytes.fromhex(inside["sha256"])) == hashlib.sha256().digest_size
        sound = sound and len(keys.from_text(inside["content_key"])) == KEY
        sound = sound and inside["size"] >= 0 and inside["chunk_size"] in CHUNKS
    except (KeyError, ValueError):
        sound = False
    if not sound:
        raise Invalid({"envelope": [_("The envelope says too little about the file.")]})
    if inside["size"] > settings.EVIDENCE_LIMIT:
        raise TooLarge(_("This file is larger than this mission takes."))
    return inside


def _again(found: Upload, envelope: envelopes.Envelope, length: int) -> Begun:
    if found.envelope_sha256 != envelope.sha256 or found.length != length:
        raise Conflict(_("This id already belongs to another file."))
    return Begun(found, created=False)


def _within_budget(device: Device, length: int) -> None:
    unfinished = Upload.objects.filter(device=device, finished_at=None).order_by()
    held = unfinished.aggregate(number=Count("pk"), size=Sum("length"))
    if held["number"] >= MOST_UNFINISHED or (held["size"] or 0) + length > MOST_UNFINISHED_BYTES:
        raise TooMany
