"""A phone that sends files, as the true one does it: seals, signs, sends in pieces by tus."""

import base64
import hashlib
import io
import itertools
import json
import secrets
import uuid
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from incidents import envelopes
from observers import keys
from observers.models import Device

TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}
UPLOADS = "/api/v1/uploads/"
PIECE = "application/offset+octet-stream"


@dataclass
class Sealed:
    """One file as it lies in the outbox."""

    id: uuid.UUID
    envelope: bytes
    body: bytes
    sha256: str

    @property
    def path(self):
        return f"{UPLOADS}{self.id}/"


@dataclass
class Phone:
    device: Device
    private: ec.EllipticCurvePrivateKey
    client: Client = field(default_factory=Client)
    seq: itertools.count = field(default_factory=lambda: itertools.count(1))

    def seal(self, content, *, report, name="IMG_0001.jpg", item=None, chunk=4096, **changes):
        key = secrets.token_bytes(32)
        said = {
            "report": str(report),
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "type": "image/jpeg",
            "name": name,
            "content_key": keys.to_text(key),
            "chunk_size": chunk,
        }
        item = item or uuid.uuid4()
        envelope = envelopes.make(
            "evidence",
            said | changes,
            item=item,
            device=self.device.pk,
            seq=next(self.seq),
            to=keys.sealing_key(self.device.election),
            by=self.private,
        )
        source = io.BytesIO(content)
        parts = iter(lambda: source.read(chunk), b"")
        body = b"".join(envelopes.seal_chunks(parts, key))
        return Sealed(item, envelope, body, said["sha256"])

    def begin(self, sealed, **headers):
        given = {
            "HTTP_UPLOAD_LENGTH": str(len(sealed.body)),
            "HTTP_UPLOAD_METADATA": f"envelope {base64.b64encode(sealed.envelope).decode()}",
        }
        return self.client.post(UPLOADS, **TUS | given | headers)

    def patch(self, sealed, offset, piece, **headers):
        where = {"HTTP_UPLOAD_OFFSET": str(offset), "CONTENT_TYPE": PIECE}
        return self.client.patch(sealed.path, piece, content_type=PIECE, **TUS | where | headers)

    def head(self, sealed):
        return self.client.head(sealed.path, **TUS)

    def send(self, sealed, piece=256 * 1024):
        """All of it, from wherever it stands; the last answer."""
        answer = self.begin(sealed)
        while answer.status_code < 300 and "Dauys-Receipt" not in answer.headers:
            at = int(answer["Upload-Offset"])
            answer = self.patch(sealed, at, sealed.body[at : at + piece])
        return answer


def phone(user, election):
    private = ec.generate_private_key(keys.CURVE)
    keys.make(election)
    point = keys.to_text(keys.point_of(private.public_key()))
    device = Device.objects.create(user=user, election=election, public_key=point)
    return Phone(device, private)


def receipt_of(answer):
    return json.loads(base64.b64decode(answer["Dauys-Receipt"]))
