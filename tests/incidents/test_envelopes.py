"""The envelope of decision 0014: what a phone makes, the server opens, and nobody in between."""

import io
import json
import uuid

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from incidents import envelopes
from incidents.errors import Refused
from observers import keys
from tests.factories import ElectionFactory

pytestmark = pytest.mark.django_db
PHONE = ec.generate_private_key(keys.CURVE)
INSIDE = {"text": "Шымкент, учаске №12: бақылаушыны шығарып жіберді", "danger": "observer"}


@pytest.fixture
def key():
    election = ElectionFactory()
    keys.make(election)
    return keys.sealing_key(election)


def made(to, **changes):
    item, device = uuid.uuid4(), uuid.uuid4()
    raw = envelopes.make("report", INSIDE, item=item, device=device, seq=1, to=to, by=PHONE)
    return json.dumps(json.loads(raw) | changes).encode()


def test_what_was_sealed_is_opened(key):
    found = envelopes.read(made(key))
    assert found.signed_by(PHONE.public_key())
    assert found.open() == INSIDE


def test_nothing_of_it_can_be_read_on_the_way(key):
    raw = made(key)
    assert b"observer" not in raw
    assert "Шымкент".encode() not in raw


@pytest.mark.parametrize("name", ["id", "device", "seq", "kind", "key", "sealed"])
def test_a_changed_member_breaks_the_signature_and_the_seal(key, name):
    other = {
        "id": str(uuid.uuid4()),
        "device": str(uuid.uuid4()),
        "seq": 2,
        "kind": "answer",
        "key": "0" * 16,
        "sealed": keys.to_text(bytes(400)),
    }
    found = envelopes.read(made(key, **{name: other[name]}))
    assert not found.signed_by(PHONE.public_key())
    with pytest.raises(envelopes.Unopened):
        found.open()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"null",
        b"[" * 100_000,
        json.dumps({"v": 1}).encode(),
    ],
)
def test_what_is_no_envelope_is_refused_with_a_sentence(raw):
    with pytest.raises(Refused) as refused:
        envelopes.read(raw)
    assert str(refused.value.message)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"seq": 0},
        {"seq": True},
        {"seq": 2**60},
        {"kind": "letter"},
        {"id": "1"},
        {"x": 1},
    ],
)
def test_odd_members_are_refused(key, changes):
    with pytest.raises(Refused):
        envelopes.read(made(key, **changes))


def test_lengths_tell_little(key):
    lengths = set()
    for words in ("a", "a" * 100, "a" * 200):
        ids = {"item": uuid.uuid4(), "device": uuid.uuid4()}
        raw = envelopes.make("report", {"text": words}, seq=1, to=key, by=PHONE, **ids)
        lengths.add(len(json.loads(raw)["sealed"]))
    assert len(lengths) == 1


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 20, 35])
def test_a_file_comes_out_as_it_went_in(size):
    body, key = bytes(range(size)), bytes(32)
    parts = [body[at : at + 10] for at in range(0, size, 10)]
    sealed = b"".join(envelopes.seal_chunks(parts, key))
    assert len(sealed) == envelopes.sealed_size(size, 10)
    assert b"".join(envelopes.open_chunks(io.BytesIO(sealed), key, chunk=10)) == body


def _cut(sealed):
    return sealed[:26]


def _swapped(sealed):
    return sealed[26:52] + sealed[:26] + sealed[52:]


def _left_out(sealed):
    return sealed[:26] + sealed[52:]


def _flipped(sealed):
    return sealed[:5] + bytes([sealed[5] ^ 1]) + sealed[6:]


def _longer(sealed):
    return sealed + b"x"


@pytest.mark.parametrize("broken", [_cut, _swapped, _left_out, _flipped, _longer])
def test_a_broken_file_does_not_open(broken):
    sealed = b"".join(envelopes.seal_chunks([b"a" * 10, b"b" * 10, b"c" * 3], bytes(32)))
    with pytest.raises(envelopes.Unopened):
        list(envelopes.open_chunks(io.BytesIO(broken(sealed)), bytes(32), chunk=10))


# --- The published vectors: what the library does is what the standard says -------------------

# RFC 9180, A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode.
SK_R = "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2"
PK_R = (
    "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"
    "6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0"
)
ENC = (
    "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
    "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
)
INFO = "4f6465206f6e2061204772656369616e2055726e"
BASE_KEY, BASE_NONCE = "868c066ef58aae6dc589b6cfdd18f97e", "4e0bc5018beba4bf004cca59"
PLAIN = b"Beauty is truth, truth beauty"
SEALED = (
    "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434"
)


@pytest.fixture
def recipient():
    private = ec.derive_private_key(int(SK_R, 16), keys.CURVE)
    assert keys.point_of(private.public_key()).hex() == PK_R
    return private


def test_hpke_opens_the_vector_of_the_rfc(recipient):
    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    info, enc = bytes.fromhex(INFO), bytes.fromhex(ENC)
    # Every vector has associated data, which the public interface does not take.
    given = {"info": info, "aad": b"Count-0"}
    sealed = enc + bytes.fromhex(SEALED)
    assert openssl.hpke._decrypt_with_aad(suite, sealed, recipient, **given) == PLAIN
    # By the public one: its key schedule gives the key and the nonce of the RFC.
    body = AESGCM(bytes.fromhex(BASE_KEY)).encrypt(bytes.fromhex(BASE_NONCE), PLAIN, b"")
    assert suite.decrypt(enc + body, recipient, info=info) == PLAIN


def test_a_signature_is_the_one_of_the_rfc_and_the_same_each_time():
    # RFC 6979, A.2.5: P-256 with SHA-256.
    private = ec.derive_private_key(
        int("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", 16), keys.CURVE
    )
    expected = (
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    )
    assert keys.from_text(keys.sign(private, b"sample")).hex() == expected
    assert keys.sign(private, b"sample") == keys.sign(private, b"sample")
