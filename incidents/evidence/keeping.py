"""A file that came in by the plain page: sealed here, as a phone would have sealed it."""

import hashlib
import uuid
from typing import IO

from django.db import transaction
from django.utils import timezone

from incidents.evidence import attaching, places, sealing
from incidents.evidence.recognising import HEAD, recognise
from incidents.models import Evidence, Report
from incidents.vocabulary import Channel
from observers.models import Device


def keep(report: Report, file: IO[bytes], *, name: str, device: Device | None = None) -> Evidence:
    """Of an observer's own report; the same file again is the same evidence. Raises NoRoom, NoKey.

    Nothing of it lies in the clear on this side of the request.
    """
    places.require_room(places.ROOM_TO_BEGIN)
    taken, size = hashlib.sha256(), 0
    for piece in sealing.chunks_of(file):
        taken.update(piece)
        size += len(piece)
    digest = taken.hexdigest()
    if found := Evidence.objects.filter(report=report, sha256=digest).first():
        return found
    file.seek(0)
    found_type = recognise(file.read(HEAD))
    file.seek(0)
    item = uuid.uuid4()
    original = attaching.original(item)
    said = {"report": str(report.pk), "sha256": digest, "size": size, "name": name}
    sealing.seal(report.election, item, sealing.chunks_of(file), said, places.root() / original)
    with transaction.atomic():
        evidence, made = attaching.enter(
            report,
            item=item,
            said=said,
            found=found_type,
            original=original,
            received_at=timezone.now(),
            device=device,
            channel=Channel.PAGE,
        )
    if not made:  # the same page was sent twice at once
        (places.root() / original).unlink(missing_ok=True)
    return evidence
