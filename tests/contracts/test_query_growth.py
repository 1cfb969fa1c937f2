"""Five rows cost what one row costs: no list asks the database once a row."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from elections.models import Election
from incidents import saving, webhooks
from incidents.models import Delivery, Incident
from observers import tokens
from observers.models import Membership
from tests.contracts.stage import build_stage

LISTS = {
    "/": "anonymous",
    "/data/": "anonymous",
    "/feed.atom": "anonymous",
    "/elections/growth/": "anonymous",
    "/report/mine/": "observer",
    "/desk/": "coordinator",
    "/desk/?list=reports&state=received,linked": "coordinator",
    "/desk/?list=incidents&category=ACC&overdue=false": "coordinator",
    "/desk/handover/": "coordinator",
    "/desk/drafts/": "editor",
    "/desk/arrivals/": "security",
    "/api/v1/incidents/": "anonymous",
    "/api/v1/incidents/?format=csv": "anonymous",
    "/api/v1/incidents/?format=ndjson": "anonymous",
    "/api/v1/incidents/?format=geojson": "anonymous",
    "/api/v1/incidents/?format=xlsx": "anonymous",
    "/api/v1/incidents/?format=csv&labels=ru": "anonymous",
    "/api/v1/changes/?since=0": "anonymous",
    "/api/v1/crosswalks/stop/": "anonymous",
    "/api/v1/crosswalks/stop/?format=csv": "anonymous",
    "/api/v1/stats/?by=region,category&grain=hour": "anonymous",
    "/api/v1/stats/?by=election,severity&labels=kk&q=said": "anonymous",
    "/api/v1/stats/?by=region&level=2&format=csv": "anonymous",
    "/api/v1/snapshots/": "anonymous",
    "/api/v1/regions/?election=growth": "anonymous",
    "/api/v1/stations/?election=growth": "anonymous",
    "/api/v1/elections/": "anonymous",
    "/api/v1/partner/incidents/": "token_partner",
    "/api/v1/partner/incidents/?format=csv": "token_partner",
    "/account/tokens/": "partner",
    "/api/v1/reports/": "observer",
    "/account/webhooks/": "partner",
    "/account/webhooks/{s.webhook.pk}/": "partner",
    "/api/v1/webhooks/": "partner",
    "/api/v1/webhooks/{s.webhook.pk}/deliveries/": "partner",
    "/api/v1/desk/reports/": "coordinator",
    "/api/v1/desk/incidents/": "coordinator",
}


def cost(stage, path: str, person: str) -> int:
    client = Client()
    if person == "token_partner":
        _token, text = tokens.create(stage.people["partner"], name="t", scopes=[tokens.READS])
        client = Client(headers={"Authorization": f"Bearer {text}"})
    elif person != "anonymous":
        client.force_login(stage.people[person])
    path = path.format(s=stage)
    client.get(path)  # what is read once and kept is not counted
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(path)
        if response.streaming:
            b"".join(response.streaming_content)
    assert response.status_code == 200, path
    return len(queries)


def grow(stage, incident) -> None:
    """One more of everything a list can show."""
    partner = stage.people["partner"]
    limits = {"elections": [stage.election], "regions": [stage.city, stage.other_region]}
    tokens.create(partner, name="t", scopes=[tokens.READS], **limits)
    saving.make(by=partner, name="e", query="severity=3", format_="csv")
    stage.file()
    stage.open(stage.file(by=stage.people["other_observer"]))
    stage.publish(stage.open(stage.file(text="More.")))
    waiting = stage.open(stage.file())
    stage.take(waiting, "draft", "editor")
    stage.withdraw(stage.publish())
    partner = stage.people["partner"]
    webhooks.subscribe(by=partner, url="https://partner.example/", election="growth")
    webhooks.fill()
    assert stage.snapshot.rows


@pytest.mark.django_db
def test_no_list_asks_once_a_row():
    stage = build_stage("growth")
    incident = stage.open()
    assert stage.webhook
    grow(stage, incident)
    oldest = Delivery.objects.order_by("change").values_list("pk", flat=True)[0]
    Delivery.objects.exclude(pk=oldest).delete()
    few = {path: cost(stage, path, person) for path, person in LISTS.items()}
    assert Delivery.objects.filter(subscription=stage.webhook).count() == 1
    for _ in range(4):
        grow(stage, incident)
    many = {path: cost(stage, path, person) for path, person in LISTS.items()}
    assert Delivery.objects.filter(subscription=stage.webhook).count() > 5
    assert {p: (few[p], n) for p, n in many.items() if n > few[p]} == {}


# And the most queries of each, with everything it can show.
PAGES = {"/desk/incidents/{ref}/": 70, "/api/v1/desk/incidents/{ref}/": 35}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("person", ["coordinator", "editor"])
@pytest.mark.django_db
def test_an_incident_page_does_not_ask_once_for_each_thing_it_shows(page, person):
    stage = build_stage("growth")
    incident = stage.publish().incident
    path = page.format(ref=incident.ref)
    more(stage, incident)
    few = cost(stage, path, person)
    for _ in range(4):
        more(stage, incident)
    assert cost(stage, path, person) <= few
    assert few <= PAGES[page]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.django_db
def test_an_incident_page_asks_once_who_is_reading(page):
    """However many memberships: one question for them, one for their regions."""
    stage = build_stage("growth")
    incident = stage.open()
    path = page.format(ref=incident.ref)
    few = cost(stage, path, "coordinator")
    for _ in range(4):
        again = Membership.objects.create(
            user=stage.people["coordinator"], election=stage.election, role="coordinator"
        )
        again.regions.set([stage.city])
    assert cost(stage, path, "coordinator") <= few
    client = Client()
    client.force_login(stage.people["coordinator"])
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    asked = [q["sql"] for q in queries if "observers_membership" in q["sql"]]
    assert sum('"observers_membership"."id"' in sql.split(" FROM ")[0] for sql in asked) == 1


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.django_db
def test_what_a_request_asked_is_forgotten_with_it(page):
    """A revoked membership opens nothing from the next request on, nor outside of one."""
    stage = build_stage("growth")
    incident, person = stage.open(), stage.people["coordinator"]
    path = page.format(ref=incident.ref)
    client = Client()
    client.force_login(person)
    assert client.get(path).status_code == 200
    assert Incident.objects.visible_to(person).filter(pk=incident.pk).exists()
    elsewhere = Election.objects.create(
        slug="other", ref_prefix="OTHER", region_set=stage.election.region_set, country="KZ",
        kind="parliamentary", name_en="Other", time_zone="Asia/Almaty",
    )  # fmt: skip
    Membership.objects.filter(user=person).update(election=elsewhere)
    assert client.get(path).status_code == 404
    assert not Incident.objects.visible_to(person).filter(pk=incident.pk).exists()
    Membership.objects.filter(user=person).update(election=stage.election)
    assert client.get(path).status_code == 200


def more(stage, incident) -> None:
    """One more of everything an incident page can show."""
    stage_link(stage, incident)
    other = stage.open(stage.file())
    stage.take(incident, "relate", "coordinator", to=other.ref, kind="follows")
    stage.take(
        incident, "respond", "coordinator",
        response={"issuer": "The commission", "position": "denies"},
    )  # fmt: skip
    stage.take(incident, "correct", "editor", what_changed="A response.")
    stage.take(incident, "submit", "editor")
    stage.take(incident, "approve", "second_editor")
    stage.take(incident, "publish", "second_editor")


def stage_link(stage, incident) -> None:
    from incidents import steps

    report = stage.file(by=stage.people["other_observer"], text="The same.")
    steps.take_on_report(
        report, "link", by=stage.people["coordinator"], channel="page", incident=incident.ref
    )
