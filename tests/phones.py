"""A phone of the tests: a device of an observer, what it seals and how it signs."""

import hashlib
import json
import uuid

from cryptography.hazmat.primitives.asymmetric import ec

from incidents import envelopes
from observers import keys, proving
from observers.models import Device

SAID = {"category": "ACC01", "text": "We were not let in.", "region": "KZ-ALA"}


def point_of(private: ec.EllipticCurvePrivateKey) -> str:
    return keys.to_text(keys.point_of(private.public_key()))


class Phone:
    """Enrolled without further ado; enrolment has tests of its own."""

    def __init__(self, stage, user=None):
        keys.make(stage.election)
        self.election, self.seq = stage.election, 0
        self.user = user or stage.people["observer"]
        self.private = ec.generate_private_key(keys.CURVE)
        self.device = Device.objects.create(
            user=self.user, election=self.election, public_key=point_of(self.private)
        )

    def seal(self, inside=SAID, *, kind="report", item=None, **more):
        self.seq += 1
        given = {"device": self.device.pk, "seq": self.seq, "by": self.private}
        given |= {"to": keys.sealing_key(self.election), "item": item or uuid.uuid4()} | more
        return envelopes.make(kind, inside, **given)

    def signs(self, method, path, challenge=None):
        """The header of a request."""
        challenge = challenge or proving.challenge()
        signature = keys.sign(self.private, proving.message(method, path, challenge))
        return f"Dauys-Device {self.device.pk}.{challenge}.{signature}"

    def gets(self, client, path, **headers):
        return client.get(path, headers=headers | {"Authorization": self.signs("GET", path)})


def put(client, raw, *, item=None, **headers):
    item = item or json.loads(raw)["id"]
    path = f"/api/v1/envelopes/{item}/"
    return client.put(path, raw, content_type="application/json", headers=headers)


def receipt_of(response, raw):
    """Verified as a phone does before it lets go."""
    assert response.status_code in (200, 201), response.content
    said = response.json()
    assert said["id"] == json.loads(raw)["id"]
    assert said["sha256"] == hashlib.sha256(raw).hexdigest()
    parts = ["dauys-receipt-1", said["id"], said["sha256"], said["received_at"], said["ref"] or ""]
    key = keys.receipt_key().private.public_key()
    assert keys.verifies(key, said["signature"], "\n".join(parts).encode())
    return said
