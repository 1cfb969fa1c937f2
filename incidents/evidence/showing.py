"""Links to files, alive for minutes, for one person and purpose, and what is behind them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.core import signing
from django.db import transaction

from incidents import history
from incidents.errors import NotAllowed, WrongState
from incidents.evidence import places, sealing
from incidents.models import Evidence
from incidents.querysets import desk_memberships
from incidents.vocabulary import EvidenceState
from observers.models import User
from observers.roles import Role

LIVES = 5 * 60
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/avif": "avif",
    "image/gif": "gif",
    "image/tiff": "tif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/webm": "webm",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/amr": "amr",
    "audio/wav": "wav",
    "application/pdf": "pdf",
}


class Purpose(StrEnum):
    PICTURE = "picture"  # the clean copy, to look at
    ORIGINAL = "original"  # as the camera made it, with all that it says of itself


class NoLink(Exception):
    """Of somebody else, for something else, or no link of ours: there is nothing here."""


class Expired(NoLink):
    """It was one, `item` is what it led to."""

    def __init__(self, item: uuid.UUID) -> None:
        self.item = item
        super().__init__()


@dataclass(frozen=True)
class Opened:
    name: str  # neutral: what a phone called it may tell who was where
    media_type: str
    size: int
    contents: Iterator[bytes]


def link(evidence: uuid.UUID, purpose: Purpose, *, to: User) -> str:
    """Its holder is in the salt, not in the link: an address bar tells nobody's id."""
    return signing.dumps([evidence.hex, purpose.value], salt=_salt(to))


def follow(signed: str, purpose: Purpose, *, by: User) -> uuid.UUID:
    """Raises NoLink, Expired."""
    try:
        item, meant = signing.loads(signed, salt=_salt(by))
        found = uuid.UUID(item)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        raise NoLink from None
    if meant != purpose.value:
        raise NoLink
    try:
        signing.loads(signed, salt=_salt(by), max_age=LIVES)
    except signing.SignatureExpired:
        raise Expired(found) from None
    return found


def picture(evidence: Evidence) -> Opened:
    """The clean copy. Raises WrongState; Unopened and OSError when what lies there is broken."""
    if evidence.state != EvidenceState.READY:
        raise WrongState
    return _open(evidence, places.of(evidence.derivative), f"{_name(evidence)}.jpg", "image/jpeg")


def may_open_original(evidence: Evidence, *, by: User) -> bool:
    """Of a report they read on the desk. What is in quarantine may attack who opens it."""
    election = evidence.report.election_id
    held = {m.role for m in desk_memberships(by) if m.election_id == election}
    return bool(held) if evidence.state != EvidenceState.REFUSED else Role.SECURITY in held


def original(evidence: Evidence, *, by: User, channel: str) -> Opened:
    """As it came, with all that a camera writes beside the picture. Written into history first.

    Raises NotAllowed; Unopened and OSError when what lies there is broken.
    """
    if not may_open_original(evidence, by=by):
        raise NotAllowed
    ending = ENDINGS.get(evidence.media_type, "bin")
    if evidence.state == EvidenceState.REFUSED:
        ending = "bin"
    opened = _open(
        evidence,
        places.of(evidence.original),
        f"{_name(evidence)}-original.{ending}",
        "application/octet-stream",
    )
    with transaction.atomic():
        history.record(
            "open_original",
            by=by,
            channel=channel,
            election=evidence.report.election,
            report=evidence.report,
            after={"evidence": str(evidence.pk), "sha256": evidence.sha256},
        )
    return opened


def _open(evidence: Evidence, file: Path, called: str, media_type: str) -> Opened:
    """The first chunk is opened at once: what cannot be is an error, not half an answer."""
    with sealing.opened(file) as (inside, contents):
        size = int(inside["size"])
        next(contents)
    return Opened(called, media_type, size, _pieces(file))


def _pieces(file: Path) -> Iterator[bytes]:
    with sealing.opened(file) as (_inside, contents):
        yield from contents


def _name(evidence: Evidence) -> str:
    return f"{evidence.report.ref}-{evidence.sha256[:8]}"


def _salt(person: User) -> str:
    return f"evidence {person.pk}"
