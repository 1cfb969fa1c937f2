"""Names that leave the mission are random: nobody counts by them, or learns an order."""

import uuid

import pytest

from incidents.models import Incident, Publication, Report
from incidents.refs import LENGTH, REF, new_ref
from tests import walking


@pytest.mark.django_db
def test_what_has_a_public_name_has_a_random_one(client):
    published = walking.published()
    shown = client.get(f"/api/v1/incidents/{published.incident.ref}/").json()
    assert uuid.UUID(shown["id"]).version == 4
    assert REF.fullmatch(shown["ref"])
    for model in (Incident, Publication):
        assert {row.pk.version for row in model.objects.all()} == {4}
    # An observer's id comes from the client; the reference is given here.
    assert all(REF.fullmatch(report.ref) for report in Report.objects.all())


def test_references_say_nothing_of_their_order():
    given = [new_ref("KZ2021") for _ in range(500)]
    assert given != sorted(given)
    for place in range(1, LENGTH + 1):
        # A letter that hardly changes would be part of a counter.
        assert len({ref[-place] for ref in given}) > 25
