"""What the documentation says of the operations of a phone."""

from typing import Any

from elections.api.base import Operation

TEXT: dict[str, Any] = {"type": "string"}
ID: dict[str, Any] = {"type": "string", "format": "uuid"}
TIME: dict[str, Any] = {"type": "string", "format": "date-time"}


def _object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members)}


ENVELOPE = _object(
    v={"const": 1},
    kind={"enum": ["report", "answer", "check_in", "evidence"]},
    id=ID,
    device=ID,
    seq={"type": "integer", "minimum": 1},
    key={**TEXT, "description": "Id of the sealing key."},
    sealed={**TEXT, "description": "base64url of HPKE enc and ciphertext."},
    signature={**TEXT, "description": "base64url of ECDSA P-256 r and s, by the device."},
)
RECEIPT = _object(
    id=ID,
    sha256={**TEXT, "description": "Of the bytes of the envelope."},
    received_at=TIME,
    ref={"type": ["string", "null"]},
    signature={**TEXT, "description": "By the server's receipt key."},
)
AN_ID = "5a0b7b2e-8f5e-4a55-a6f3-0d5f1a2b3c4d"
A_DEVICE = "0b6d3c1e-6a4f-4a39-9d4f-8b7f1c9a2e10"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
POINT = {"id": "9f86d081884c7d65", "public": "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKW…"}

ENVELOPES = {
    "put": Operation(
        "Send a sealed envelope; repeat it as often as you like",
        answer=RECEIPT,
        body=ENVELOPE,
        example={
            "id": AN_ID,
            "sha256": SHA256,
            "received_at": "2021-01-10T05:12:00+00:00",
            "ref": "KZ2021-2M8XA",
            "signature": "k5x0…",
        },
        body_example={
            "v": 1,
            "kind": "report",
            "id": AN_ID,
            "device": A_DEVICE,
            "seq": 1,
            "key": POINT["id"],
            "sealed": "BPx1…",
            "signature": "Zm9v…",
        },
        success=(200, 201),
        also={403: "No signature of a phone enrolled here. Nothing was kept."},
    )
}
