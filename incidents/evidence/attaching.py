"""A file that arrived becomes evidence of its report: at once, or once that is there."""

import logging
import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from incidents import envelopes, history
from incidents.cleaning import clean_text
from incidents.evidence import places, sealing
from incidents.evidence.recognising import HEAD, Found, recognise
from incidents.models import Evidence, Report, Upload
from incidents.vocabulary import Channel
from observers.models import Device

NAME = 255
AT_ONCE = 50  # envelopes in memory: each may be large
log = logging.getLogger(__name__)


def attach(upload: Upload) -> Evidence | None:
    """None while its report is not there, or when that is somebody else's.

    The same file twice in one report is one piece of evidence.
    """
    report = Report.objects.filter(pk=upload.report, author=upload.author_id).first()
    if upload.finished_at is None or report is None:
        return None
    name = original(upload.pk)
    file = places.root() / name
    with sealing.opened(file) as (inside, contents):
        found = recognise(_head(contents))
    with transaction.atomic():
        held = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
        if held.attached_at is not None:
            return Evidence.objects.filter(report=report, sha256=inside["sha256"]).first()
        Upload.objects.filter(pk=upload.pk).update(attached_at=timezone.now())
        evidence, made = enter(
            report,
            item=upload.pk,
            said=inside,
            found=found,
            original=name,
            received_at=upload.finished_at,
            device=upload.device,
            channel=Channel.APP,
        )
        if not made:
            transaction.on_commit(lambda: file.unlink(missing_ok=True))
    return evidence


def attach_waiting() -> int:
    """Those whose report came after them."""
    attached = 0
    theirs = Report.objects.filter(pk=OuterRef("report"), author=OuterRef("author"))
    waiting = Upload.objects.filter(Exists(theirs), attached_at=None).exclude(finished_at=None)
    for upload in waiting.select_related("device").iterator(chunk_size=AT_ONCE):
        try:
            attached += attach(upload) is not None
        except (envelopes.Unopened, OSError) as error:
            log.error("A file could not be attached: %s", type(error).__name__)
    return attached


def original(item: uuid.UUID) -> str:
    """Where it is kept; relative, as a FileField holds it."""
    return places.kept("originals", item)


def enter(
    report: Report,
    *,
    item: uuid.UUID,
    said: dict[str, Any],
    found: Found,
    original: str,
    received_at: datetime,
    device: Device | None,
    channel: str,
) -> tuple[Evidence, bool]:
    """The row and its line of history, in the caller's transaction; the file is kept already."""
    evidence, made = Evidence.objects.get_or_create(
        report=report,
        sha256=said["sha256"],
        defaults={
            "id": item,
            "received_at": received_at,
            "size": said["size"],
            "media_type": found.media_type,
            "name_as_given": _name(said.get("name")),
            "original": original,
            "state": found.state,
            "problem": found.problem,
            "device": device,
        },
    )
    if made:
        history.record(
            "receive_evidence",
            by=report.author,
            channel=channel,
            election=report.election,
            report=report,
            after={
                "evidence": str(item),
                "sha256": evidence.sha256,
                "size": evidence.size,
                "state": evidence.state,
            },
        )
    return evidence, made


def _head(contents: Any) -> bytes:
    head = b""
    for piece in contents:
        head += piece
        if len(head) >= HEAD:
            break
    return head[:HEAD]


def _name(given: object) -> str:
    """As the phone gave it, without a folder: a name is evidence, too, and never a path here."""
    if not isinstance(given, str):
        return ""
    name, _changed = clean_text(given.replace("\\", "/").rpartition("/")[2], limit=NAME)
    return name
