"""The receipt that is put together by hand is the one that the serializer describes."""

import json

import pytest
from rest_framework.renderers import JSONRenderer

from incidents.api.own import ReceiptSerializer, receipt_of
from incidents.models import Report
from tests.contracts.stage import build_stage

pytestmark = pytest.mark.django_db


def rendered(said):
    return json.loads(JSONRenderer().render(said))


@pytest.mark.parametrize("state", ["received", "quarantined", "linked", "dismissed"])
def test_both_say_the_same_of_a_report_in_every_state(state):
    stage = build_stage("receipts")
    report = stage.file(category="XXX99", station="№ 00999", details={"x": "y"})
    Report.objects.filter(pk=report.pk).update(state=state, state_reason="Kept.")
    report.refresh_from_db()
    assert list(receipt_of(report)) == list(ReceiptSerializer(report).data)
    assert rendered(receipt_of(report)) == rendered(ReceiptSerializer(report).data)
    assert report.unresolved
