"""The keys of an installation: files beside the database, never in it.

`DATA_DIR/keys/` (or `KEYS_DIR`) holds, as PKCS #8 in PEM, mode 600:
`receipt.pem`, which signs what a phone may let go of, and `sealing-<id>.pem` for each sealing key
that phones were ever given; `sealing-<election slug>` names the one in use. All are P-256, the
curve that WebCrypto has in every browser. See docs/decisions/0014. `webhooks.key`, 32 random bytes
in base64url, is what the secrets of webhooks are made from (docs/decisions/0021).
"""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from django.conf import settings

from elections.models import Election

CURVE = ec.SECP256R1()
# The same signature for the same words each time (RFC 6979): a receipt given twice is one receipt.
HASH = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
POINT = 65  # bytes of an uncompressed point
HALF = 32
WEBHOOKS = "webhooks.key"


class NoKey(Exception):
    """This installation has no such key. Production does not start like that."""


@dataclass(frozen=True)
class Key:
    private: ec.EllipticCurvePrivateKey

    @property
    def point(self) -> bytes:
        return point_of(self.private.public_key())

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of SHA-256 of the public point."""
        return hashlib.sha256(self.point).hexdigest()[:16]


def to_text(raw: bytes) -> str:
    """base64url without padding, as everywhere between phone and server."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """Raises ValueError for anything but base64url without padding."""
    if not text.isascii() or set(text) & set("=+/"):
        raise ValueError("not base64url without padding")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def point_of(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


@lru_cache(maxsize=4096)
def public_key(text: str) -> ec.EllipticCurvePublicKey:
    """Of a point in base64url. Raises ValueError when it is none, or not on the curve."""
    raw = from_text(text)
    if len(raw) != POINT:
        raise ValueError("not an uncompressed P-256 point")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, raw)


def sign(private: ec.EllipticCurvePrivateKey, message: bytes) -> str:
    """ECDSA with SHA-256 as WebCrypto writes it: r ‖ s, 64 bytes, in base64url."""
    r, s = decode_dss_signature(private.sign(message, HASH))
    return to_text(r.to_bytes(HALF, "big") + s.to_bytes(HALF, "big"))


def verifies(public: ec.EllipticCurvePublicKey, signature: str, message: bytes) -> bool:
    try:
        raw = from_text(signature)
        if len(raw) != 2 * HALF:
            return False
        r, s = int.from_bytes(raw[:HALF], "big"), int.from_bytes(raw[HALF:], "big")
        public.verify(encode_dss_signature(r, s), message, HASH)
    except (ValueError, InvalidSignature):
        return False
    return True


def receipt_key() -> Key:
    return _read("receipt.pem")


def sealing_key(election: Election) -> Key:
    """What phones of this election seal to now. Raises NoKey."""
    name = f"sealing-{election.slug}"
    pointer = _place() / name
    if not pointer.is_file():
        raise NoKey(f"{name} is missing; run manage.py make_keys")
    return sealing_key_named(pointer.read_text().strip())


def sealing_key_named(key_id: str) -> Key:
    """Any that phones were ever given. Raises NoKey."""
    if not (len(key_id) == 16 and set(key_id) <= set("0123456789abcdef")):
        raise NoKey("no such sealing key")
    return _read(f"sealing-{key_id}.pem")


def webhook_secret(subscription: object, generation: int) -> str:
    """As Standard Webhooks writes one. Made from the key each time, so no table holds it."""
    try:
        key = from_text((_place() / WEBHOOKS).read_text().strip())
    except (FileNotFoundError, ValueError):
        raise NoKey(f"{WEBHOOKS} is missing; run manage.py make_keys") from None
    said = f"dauys-webhook-1\n{subscription}\n{generation}".encode()
    made = hmac.new(key, said, hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(made).decode()}"


def make(election: Election | None = None, *, anew: bool = False) -> list[str]:
    """The keys that are missing, of the installation or of one election; names of those made.

    `anew` gives the election another sealing key; the old one stays to open what is on its way.
    """
    place = _place()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if election is None:
        # Not made anew beside a file that is there: what it signed would not verify any more.
        random = to_text(secrets.token_bytes(32)).encode()
        files = {"receipt.pem": _pem(_new()), WEBHOOKS: random}
        return [name for name, body in files.items() if _write(place / name, body)]
    pointer = place / f"sealing-{election.slug}"
    if pointer.exists() and not anew:
        return []
    key = _new()
    _write(place / f"sealing-{key.id}.pem", _pem(key))
    return [pointer.name] if _write(pointer, key.id.encode(), over=anew) else []


def _place() -> Path:
    return Path(settings.KEYS_DIR)


def _new() -> Key:
    return Key(ec.generate_private_key(CURVE))


def _pem(key: Key) -> bytes:
    return key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(file: Path, body: bytes, *, over: bool = False) -> bool:
    """Whole or not at all, on disk before it counts; false when somebody else was first."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    try:
        if over:
            part.replace(file)
            return True
        os.link(part, file)
    except FileExistsError:
        return False
    finally:
        part.unlink(missing_ok=True)
        folder = os.open(file.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    return True


@lru_cache(maxsize=64)
def _parse(file: Path, changed: int) -> Key:
    private = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise NoKey(f"{file.name} is no P-256 key")
    return Key(private)


def _read(name: str) -> Key:
    file = _place() / name
    try:
        return _parse(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        raise NoKey(f"{name} is missing; run manage.py make_keys") from None
