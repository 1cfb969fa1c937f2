"""The door for envelopes: what a known phone signed is kept and receipted, whatever is inside."""

import hashlib
import json
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from incidents import envelopes
from incidents.models import Event, RawReport, Report
from observers import keys
from observers.models import Device
from tests.contracts.stage import build_stage

SAID = {"category": "ACC01", "text": "We were not let in.", "region": "KZ-ALA"}
PHONE = ec.generate_private_key(keys.CURVE)


class Phone:
    """A device of an observer, and what it sends."""

    def __init__(self, stage, user=None, private=PHONE):
        keys.make(stage.election)
        self.election, self.private, self.seq = stage.election, private, 0
        self.user = user or stage.people["observer"]
        point = keys.to_text(keys.point_of(private.public_key()))
        self.device = Device.objects.create(
            user=self.user, election=stage.election, public_key=point
        )

    def seal(self, inside=SAID, *, kind="report", item=None, **more):
        self.seq += 1
        given = {"device": self.device.pk, "seq": self.seq, "by": self.private}
        given |= {"to": keys.sealing_key(self.election), "item": item or uuid.uuid4()} | more
        return envelopes.make(kind, inside, **given)


@pytest.fixture
def stage(db):
    return build_stage("arriving")


@pytest.fixture
def phone(stage):
    return Phone(stage)


def put(client, raw, *, item=None, **headers):
    item = item or json.loads(raw)["id"]
    path = f"/api/v1/envelopes/{item}/"
    return client.put(path, raw, content_type="application/json", headers=headers)


def receipt_of(response, raw):
    """Verified as a phone does."""
    assert response.status_code in (200, 201), response.content
    said = response.json()
    assert said["id"] == json.loads(raw)["id"]
    assert said["sha256"] == hashlib.sha256(raw).hexdigest()
    parts = ["dauys-receipt-1", said["id"], said["sha256"], said["received_at"], said["ref"] or ""]
    key = keys.receipt_key().private.public_key()
    assert keys.verifies(key, said["signature"], "\n".join(parts).encode())
    return said


def test_a_report_is_kept_receipted_and_filed(client, phone):
    raw = phone.seal()
    millis = int(timezone.now().timestamp() * 1000)
    first = put(client, raw, **{"Dauys-Clock": str(millis)})
    assert first.status_code == 201
    report = Report.objects.get()
    assert receipt_of(first, raw)["ref"] == report.ref
    assert (report.text, report.device, report.device_seq) == (SAID["text"], phone.device, 1)
    assert abs(report.sent_clock.timestamp() * 1000 - millis) < 1
    assert (report.channel, report.state, report.author) == ("app", "received", phone.user)
    kept = RawReport.objects.get()
    assert bytes(kept.body) == raw
    assert (kept.outcome, kept.envelope, kept.sealed) == ("filed", "report", False)
    again = put(client, raw, **{"Dauys-Clock": "garbage"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert Report.objects.count() == Event.objects.count() == 1
