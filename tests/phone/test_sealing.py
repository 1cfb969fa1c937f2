"""What the phone seals, signs and counts, against the RFC, WebCrypto and the server."""

import base64
import hashlib
import io
import uuid
from datetime import UTC, datetime

import pytest

from incidents import envelopes
from observers import keys

pytestmark = [
    pytest.mark.once,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
# RFC 9180, appendix A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode.
A3 = {
    "info": "4f6465206f6e2061204772656369616e2055726e",
    "ephemeral": "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
    "enc": "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4"
    "b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
    "to": "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8"
    "a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
    "plain": "4265617574792069732074727574682c20747275746820626561757479",
    "aad": "436f756e742d30",
    "sealed": "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab252"
    "3f39513434",
}
SEAL = """
const raw = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const enc = raw(given.enc);
const jwk = { kty: "EC", crv: "P-256", d: bytes.toText(raw(given.ephemeral)),
  x: bytes.toText(enc.slice(1, 33)), y: bytes.toText(enc.slice(33)) };
const curve = { name: "ECDH", namedCurve: "P-256" };
const ephemeral = {
  privateKey: await crypto.subtle.importKey("jwk", jwk, curve, false, ["deriveBits"]),
  publicKey: await crypto.subtle.importKey("raw", enc, curve, true, []),
};
return bytes.hex(await hpke.seal({ to: raw(given.to), info: raw(given.info),
  plain: raw(given.plain), aad: raw(given.aad), keyLength: 16, ephemeral }));
"""
DIGESTS = """
const found = [];
for (const size of given) {
  const body = crypto.getRandomValues(new Uint8Array(size));
  const whole = bytes.hex(new Uint8Array(await crypto.subtle.digest("SHA-256", body)));
  const pieces = new sha256.Sha256();
  for (let at = 0, step = 1; at < size; at += step, step = (step * 7) % 1009) {
    pieces.update(body.subarray(at, at + step));
  }
  if (sha256.sha256(body) !== whole || pieces.digest() !== whole) found.push(size);
}
return found;
"""
SEAL_FILE = """
const body = new Uint8Array(given).map((_, at) => at * 31 + (at >> 8));
const inside = await sealing.sealFile(new File([body], "a.jpg", { type: "image/jpeg" }), "x");
const all = await sealing.sealedBytes("x", 0, sealing.sealedSize(given));
const from = Math.min(70000, all.length >> 1);
const some = await sealing.sealedBytes("x", from, all.length - from - 1);
const same = bytes.hex(all.slice(from, -1)) === bytes.hex(some);
await vault.remove("parts", sealing.partsOf("x"));
return { inside, all: bytes.base64(all), same, body: bytes.base64(body) };
"""


def test_sealing_is_that_of_the_rfc_and_hashing_that_of_the_browser(phone):
    assert phone.run(SEAL, A3) == A3["enc"] + A3["sealed"]
    assert phone.run(DIGESTS, [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 60000]) == []


def test_the_server_opens_what_the_phone_sealed_and_only_its_receipt_holds(phone):
    device = phone.become()
    said = {"text": "Шымкент №12: бақылаушы\ud800 \u0000 “🗳”", "category": "ACC01"}
    for count in (1, 2):
        phone.send("report", said)
        assert [line["seq"] for line in phone.waiting()] == list(range(1, count + 1))
    items = phone.run("return outbox.queue()")
    for seq, item in enumerate(items, start=1):
        raw = item["text"].encode()
        found = envelopes.read(raw)
        assert found.signed_by(keys.public_key(device.public_key))
        inside = found.open()
        assert inside["text"] == said["text"].replace("\ud800", "�")
        assert (found.device, found.seq) == (device.pk, seq)
        assert found.sha256 == item["sha256"] == hashlib.sha256(raw).hexdigest()
        assert inside["election"] == "kz-2021-mazhilis"
        assert datetime.fromisoformat(inside["captured_clock"]).tzinfo is not None
    lengths = {len(item["text"]) for item in items}
    assert len(lengths) == 1, "what was written shows in its length"

    item = items[0]
    good = envelopes.receipt(uuid.UUID(item["id"]), item["sha256"], datetime.now(UTC), "KZ-1")
    others = [
        {"id": items[1]["id"]},
        {"sha256": items[1]["sha256"]},
        {"ref": None},
        {"ref": 5},
        {"received_at": "2021-01-10T09:00:00+00:00"},
        {"received_at": 7},
        {"signature": keys.to_text(bytes(64))},
        {"signature": "=" * 86},
        {"signature": None},
    ]
    given = [[item, receipt] for receipt in (good, *(good | other for other in others), None, 5)]
    holds = "return Promise.all(given.map(([item, said]) => keys.receiptHolds(said, item)))"
    assert phone.run(holds, given) == [True] + [False] * (len(given) - 1)


def test_the_phone_counts_on_when_two_tabs_send_at_once_and_keeps_its_key(phone):
    phone.become()
    other = phone.tab()
    ten = "for (let n = 0; n < 10; n += 1) outbox.send('report', { text: `${n}` });"
    for page in (phone.page, other):
        phone.run(ten, page=page)
    for page in (phone.page, other):
        phone.run("await outbox.send('report', { text: 'the last' })", page=page)
    assert sorted(line["seq"] for line in phone.waiting()) == list(range(1, 23))
    refused = phone.run(
        "const { pair } = await keys.self();"
        "return crypto.subtle.exportKey('jwk', pair.privateKey).catch((error) => error.name)"
    )
    assert refused == "InvalidAccessError"


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 3 * 1024 * 1024 + 5])
def test_the_server_opens_a_file_chunk_by_chunk(phone, size):
    sealed = phone.run(SEAL_FILE, size)
    inside, body = sealed["inside"], base64.b64decode(sealed["body"])
    key = keys.from_text(inside["content_key"])
    stored = base64.b64decode(sealed["all"])
    assert len(stored) == envelopes.sealed_size(size)
    assert b"".join(envelopes.open_chunks(io.BytesIO(stored), key)) == body
    assert inside["sha256"] == hashlib.sha256(body).hexdigest()
    assert inside["chunk_size"] == envelopes.CHUNK
    assert sealed["same"]


QR = """
document.documentElement.replaceChildren(document.createElement("body"));
document.body.append(...given.map((text) => qr.svg(text)));
for (const code of document.querySelectorAll("svg")) code.setAttribute("width", 420);
"""


def test_codes_are_read_by_another_reader(phone):
    zxing = pytest.importorskip("zxingcpp")
    image = pytest.importorskip("PIL.Image")
    sizes = (3, 17, 40, 90, 134, 200, 330, 440, 560, 666)  # versions 1 to 20
    texts = [("Дауыс " + "x7" * 400).encode()[:size].decode(errors="ignore") for size in sizes]
    phone.run(QR, texts)
    picture = image.open(io.BytesIO(phone.page.screenshot(full_page=True)))
    found = zxing.read_barcodes(picture)
    assert sorted(code.text for code in found) == sorted(texts)
    with pytest.raises(Exception, match="RangeError"):
        phone.run("return qr.matrix(given)", "x" * 667)
    assert len(phone.run("return qr.matrix(given, 'L')", "x" * 858)) == 97
