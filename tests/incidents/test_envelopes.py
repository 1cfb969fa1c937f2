"""The envelope of decision 0014: what a phone makes, the server opens, and nobody in between."""

import io
import json
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

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
