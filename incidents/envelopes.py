"""The sealed envelope of a phone, as decision 0014 describes it: read, checked, opened, made.

Nothing here touches the database: bytes in, facts out.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from django.utils.translation import gettext_lazy as _

from incidents.cleaning import parse_json
from incidents.errors import Invalid, Refused
from incidents.vocabulary import EnvelopeKind
from observers import keys

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
VERSION = 1
MEMBERS = {
    "v": int,
    "kind": str,
    "id": str,
    "device": str,
    "seq": int,
    "key": str,
    "sealed": str,
    "signature": str,
}
MAX_BYTES = 256 * 1024
PADDED_TO = 256
MOST = 2**53 - 1  # the largest whole number a phone can count to
CHUNK = 64 * 1024
TAG = 16
ENVELOPE, RECEIPT = "dauys-envelope-1", "dauys-receipt-1"


class Unopened(Exception):
    """It was sealed to another key, or is broken inside. The bytes are kept all the same."""


@dataclass(frozen=True)
class Envelope:
    kind: str
    id: uuid.UUID
    device: uuid.UUID
    seq: int
    key: str
    sealed: str
    signature: str
    sha256: str  # of the bytes as they came

    @property
    def header(self) -> bytes:
        return _joined(ENVELOPE, self.kind, self.id, self.device, self.seq, self.key)

    def signed_by(self, public: ec.EllipticCurvePublicKey) -> bool:
        return keys.verifies(public, self.signature, self.header + b"\n" + self.sealed.encode())

    def open(self) -> dict[str, Any]:
        """What the phone wrote. Raises Unopened."""
        try:
            private = keys.sealing_key_named(self.key).private
            plain = SUITE.decrypt(keys.from_text(self.sealed), private, info=self.header)
            inside = parse_json(plain, max_bytes=MAX_BYTES)
        except (keys.NoKey, ValueError, InvalidTag, Refused) as error:
            raise Unopened(type(error).__name__) from None
        if not isinstance(inside, dict):
            raise Unopened("not an object")
        return inside


def read(raw: bytes) -> Envelope:
    """Raises Invalid (400), TooLarge (413)."""
    given = parse_json(raw, max_bytes=MAX_BYTES)
    if not isinstance(given, dict) or set(given) != set(MEMBERS):
        raise Invalid({"": [_("This is no envelope: it has other members than it should.")]})
    wrong = [
        name
        for name, kind in MEMBERS.items()
        if not isinstance(given[name], kind) or isinstance(given[name], bool)
    ]
    if wrong or given["v"] != VERSION or not 0 < given["seq"] <= MOST:
        raise Invalid({"": [_("This is no envelope of version 1.")]})
    # Half a surrogate pair, as JSON can escape it, has no bytes that could be signed.
    if not all(given[name].isascii() for name, kind in MEMBERS.items() if kind is str):
        raise Invalid({"": [_("This is no envelope of version 1.")]})
    if given["kind"] not in EnvelopeKind.values:
        raise Invalid({"kind": [_("Unknown kind of envelope.")]})
    try:
        ids = {name: _id(given[name]) for name in ("id", "device")}
    except ValueError:
        raise Invalid({"": [_("The ids of an envelope are UUIDs in lower case.")]}) from None
    return Envelope(
        kind=given["kind"],
        id=ids["id"],
        device=ids["device"],
        seq=given["seq"],
        key=given["key"],
        sealed=given["sealed"],
        signature=given["signature"],
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def make(
    kind: str,
    inside: dict[str, Any],
    *,
    item: uuid.UUID,
    device: uuid.UUID,
    seq: int,
    to: keys.Key,
    by: ec.EllipticCurvePrivateKey,
) -> bytes:
    """What a phone does, in Python: for tests, for the demo and for the page that seals itself."""
    header = _joined(ENVELOPE, kind, item, device, seq, to.id)
    # As JSON.stringify writes half a surrogate pair: escaped.
    plain = json.dumps(inside, ensure_ascii=False).encode("utf-8", "backslashreplace")
    plain += b" " * (-len(plain) % PADDED_TO)
    sealed = keys.to_text(SUITE.encrypt(plain, to.private.public_key(), info=header))
    signature = keys.sign(by, header + b"\n" + sealed.encode())
    said = {"v": VERSION, "kind": kind, "id": str(item), "device": str(device), "seq": seq}
    return json.dumps(said | {"key": to.id, "sealed": sealed, "signature": signature}).encode()


def receipt(
    item: uuid.UUID, sha256: str, received_at: datetime, ref: str | None
) -> dict[str, Any]:
    """What a phone may let go for: exactly these bytes, signed. The same each time."""
    moment = received_at.isoformat()
    message = _joined(RECEIPT, item, sha256, moment, ref or "")
    return {
        "id": str(item),
        "sha256": sha256,
        "received_at": moment,
        "ref": ref,
        "signature": keys.sign(keys.receipt_key().private, message),
    }


# --- files: chunks that cannot be left out, swapped or cut off --------------------------------


def sealed_size(size: int, chunk: int = CHUNK) -> int:
    """Of a file of `size` bytes; an empty one is a single empty chunk."""
    return size + TAG * max(1, -(-size // chunk))


def seal_chunks(parts: Iterable[bytes], content_key: bytes) -> Iterator[bytes]:
    """`parts` are chunks of one size, the last one shorter or equal."""
    cipher = AESGCM(content_key)
    number, held = 0, None
    for part in parts:
        if held is not None:
            yield cipher.encrypt(_nonce(number, last=False), held, None)
            number += 1
        held = part
    yield cipher.encrypt(_nonce(number, last=True), held or b"", None)


def open_chunks(body: Any, content_key: bytes, *, chunk: int = CHUNK) -> Iterator[bytes]:
    """From a binary file of sealed chunks. Raises Unopened where it does not hold."""
    cipher = AESGCM(content_key)
    number, part = 0, body.read(chunk + TAG)
    while True:
        following = body.read(chunk + TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), part, None)
        except (InvalidTag, ValueError):
            raise Unopened("chunk") from None
        if not following:
            return
        number, part = number + 1, following


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])


def _joined(*parts: object) -> bytes:
    return "\n".join(str(part) for part in parts).encode()


def _id(text: str) -> uuid.UUID:
    found = uuid.UUID(text)
    if str(found) != text:
        raise ValueError("not written as usual")
    return found
