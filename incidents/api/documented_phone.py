"""What the documentation says of the operations of a phone."""

from typing import Any

from elections.api.base import Operation
from incidents.api import own
from incidents.api.documented import OBJECT, QUESTION
from incidents.api.documented import RECEIPT as OF_A_REPORT

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

OWN_REPORTS = {
    "list": Operation(
        "Receipts and fate of your own reports",
        answer=own.OwnReportSerializer,
        rows=True,
        example=OF_A_REPORT
        | {
            "fate": "Nobody has read it yet.",
            "closed_reason": None,
            "seen_at": None,
            "files": {"announced": 1, "arrived": 0},
            "questions": [QUESTION],
        },
    )
}
DEVICES = {
    "enrol": Operation(
        "Enrol a phone: redeem an invitation, once",
        answer=_object(device=ID, election=TEXT, sealing_key=OBJECT, receipt_key=OBJECT),
        body=own.EnrolmentSerializer,
        example={
            "device": A_DEVICE,
            "election": "kz-2021-mazhilis",
            "sealing_key": POINT,
            "receipt_key": POINT,
        },
        body_example={
            "secret": "7ZK3M…",
            "public_key": POINT["public"],
            "label": "Samsung A12",
        },
        success=(200, 201),
        also={
            403: "The invitation is not valid: unknown, used or too old.",
            409: "This person has two phones already; the desk locks one first.",
        },
    ),
    "challenge": Operation(
        "Something to sign, for two minutes",
        answer=_object(challenge=TEXT, server_time=TIME),
        example={"challenge": "dGhpcyBpcw:1kxyz:8f…", "server_time": "2021-01-10T05:12:00Z"},
    ),
}
THIS_DEVICE = {
    "retrieve": Operation(
        "What a phone keeps to work without a network",
        answer=OBJECT,
        example={
            "device": {"id": A_DEVICE, "label": "Samsung A12"},
            "observer": {"team": "Pair 1"},
            "election": {"slug": "kz-2021-mazhilis", "poll_day": "2021-01-10", "rehearsal": False},
            "groups": [{"code": "ACC", "name": "Observers", "categories": ["ACC01"]}],
            "stations": [["KZ-ALA:015", "015", "School 12", "KZ-ALA", 43.238, 76.945, 1]],
            "server_time": "2021-01-10T05:12:00Z",
        },
        also={304: "Nothing changed since the ETag you sent."},
    )
}
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
