"""One file that can be opened with the election's key alone: whose it is, and its sealed chunks.

    "dauys-file-1" LF, four bytes: length of the envelope (big endian), the envelope, the chunks

The envelope is the one the phone sent. Of what the server itself seals (a clean copy, a file of
the plain form) it is one signed by the receipt key in the name of no device.
"""

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from elections.models import Election
from incidents import envelopes
from incidents.evidence import places
from incidents.vocabulary import EnvelopeKind
from observers import keys

MAGIC = b"dauys-file-1\n"
LENGTH = 4
NO_DEVICE = uuid.UUID(int=0)


def head(envelope: bytes) -> bytes:
    return MAGIC + len(envelope).to_bytes(LENGTH, "big") + envelope


@contextmanager
def opened(file: Path) -> Iterator[tuple[dict[str, Any], Iterator[bytes]]]:
    """What the envelope says of it and its contents, chunk by chunk. Raises Unopened, OSError."""
    with file.open("rb") as body:
        if body.read(len(MAGIC)) != MAGIC:
            raise envelopes.Unopened("no sealed file")
        length = int.from_bytes(body.read(LENGTH), "big")
        if length > envelopes.MAX_BYTES:
            raise envelopes.Unopened("envelope")
        inside = envelopes.read(body.read(length)).open()
        key, chunk = keys.from_text(inside["content_key"]), inside["chunk_size"]
        yield inside, envelopes.open_chunks(body, key, chunk=chunk)


def digest(file: Path) -> tuple[str, int]:
    """SHA-256 and size of the contents. Raises Unopened, OSError."""
    taken, size = hashlib.sha256(), 0
    with opened(file) as (_inside, contents):
        for piece in contents:
            taken.update(piece)
            size += len(piece)
    return taken.hexdigest(), size


def seal(
    election: Election, item: uuid.UUID, pieces: Iterable[bytes], said: dict[str, Any], to: Path
) -> None:
    """Write `pieces` (chunks of the usual size) sealed to the election's key, durably, as `to`."""
    key = secrets.token_bytes(32)
    inside = said | {"content_key": keys.to_text(key), "chunk_size": envelopes.CHUNK}
    envelope = envelopes.make(
        EnvelopeKind.EVIDENCE,
        inside,
        item=item,
        device=NO_DEVICE,
        seq=1,
        to=keys.sealing_key(election),
        by=keys.receipt_key().private,
    )
    part = places.part(item).with_suffix(f".{secrets.token_hex(4)}")
    with places.alone_with(part) as body:
        places.write(body, head(envelope))
        for chunk in envelopes.seal_chunks(pieces, key):
            places.write(body, chunk)
        places.sync(body)
        places.move(part, to)


def chunks_of(source: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(envelopes.CHUNK):
        yield piece
