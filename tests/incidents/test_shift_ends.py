"""A membership that ends in the middle of a shift: the very next request is refused."""

import pytest
from django.test import Client
from django.utils import timezone

from incidents.models import Incident
from incidents.workflow import leases
from observers.models import Membership
from tests import walking

pytestmark = pytest.mark.django_db


def test_whose_membership_ended_sees_and_does_nothing_more():
    who, second = walking.person("coordinator"), walking.person("coordinator", number=2)
    incident = walking.opened()
    client = Client()
    client.force_login(who)
    page = f"/desk/incidents/{incident.ref}/"
    api = f"/api/v1/desk/incidents/{incident.ref}/"
    for path in ("/desk/", page, "/desk/handover/", api):
        assert client.get(path).status_code == 200
    assert leases.other_holder(incident, by=second) == who
    Membership.objects.filter(user=who).update(ends=timezone.now())
    for path in ("/desk/", "/desk/news/", "/desk/handover/", "/desk/alerts/", page, api):
        answer = client.get(path)
        assert answer.status_code in (403, 404)
        assert incident.title not in answer.content.decode()
    data = {"version": incident.version, "reason": "No."}
    for path in (f"{page}steps/park/", f"{api}steps/", f"/desk/here/{incident.pk}/"):
        assert client.post(path, data).status_code in (403, 404)
    assert Incident.objects.get().status == "open"
    assert leases.other_holder(incident, by=second) is None
    assert leases.others(by=second) == {}
