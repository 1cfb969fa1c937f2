"""Five rows cost what one row costs: no list asks the database once a row."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.contracts.stage import build_stage

LISTS = {
    "/": "anonymous",
    "/data/": "anonymous",
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
    "/api/v1/changes/?since=0": "anonymous",
    "/api/v1/regions/?election=growth": "anonymous",
    "/api/v1/stations/?election=growth": "anonymous",
    "/api/v1/elections/": "anonymous",
    "/api/v1/reports/": "observer",
    "/api/v1/desk/reports/": "coordinator",
    "/api/v1/desk/incidents/": "coordinator",
}


def cost(stage, path: str, person: str) -> int:
    client = Client()
    if person != "anonymous":
        client.force_login(stage.people[person])
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
    stage.file()
    stage.open(stage.file(by=stage.people["other_observer"]))
    stage.publish(stage.open(stage.file(text="More.")))
    waiting = stage.open(stage.file())
    stage.take(waiting, "draft", "editor")
    stage.withdraw(stage.publish())


@pytest.mark.django_db
def test_no_list_asks_once_a_row():
    stage = build_stage("growth")
    incident = stage.open()
    grow(stage, incident)
    few = {path: cost(stage, path, person) for path, person in LISTS.items()}
    for _ in range(4):
        grow(stage, incident)
    many = {path: cost(stage, path, person) for path, person in LISTS.items()}
    assert {p: (few[p], n) for p, n in many.items() if n > few[p]} == {}


@pytest.mark.django_db
def test_an_incident_page_does_not_ask_once_a_report():
    stage = build_stage("growth")
    incident = stage.open()
    path = f"/desk/incidents/{incident.ref}/"
    stage_link(stage, incident)
    few = cost(stage, path, "coordinator")
    for _ in range(4):
        stage_link(stage, incident)
    assert cost(stage, path, "coordinator") <= few


def stage_link(stage, incident) -> None:
    from incidents import steps

    report = stage.file(by=stage.people["other_observer"], text="The same.")
    steps.take_on_report(
        report, "link", by=stage.people["coordinator"], channel="page", incident=incident.ref
    )
