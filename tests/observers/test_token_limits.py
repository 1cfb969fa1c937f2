"""What a token is limited to narrows every right of its person, wherever rights are asked."""

import json
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from elections.models import Election
from incidents.models import Incident, RawReport, Report
from observers import tokens
from observers.models import ApiToken, Membership
from observers.roles import Role
from tests.contracts.stage import build_stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    return build_stage("limits")


@pytest.fixture
def elsewhere(stage):
    """Another election of the same people."""
    other = Election.objects.create(
        slug="elsewhere", ref_prefix="ELSE", region_set=stage.election.region_set, country="KZ",
        kind="parliamentary", name_en="Elsewhere", time_zone="Asia/Almaty",
    )  # fmt: skip
    for name in ("observer", "coordinator"):
        user = stage.people[name]
        Membership.objects.create(user=user, election=other, role=Role(name))
    return other


def client_with(user, *scopes, **limits) -> Client:
    _token, text = tokens.create(user, name="t", scopes=scopes, **limits)
    return Client(headers={"Authorization": f"Bearer {text}"})


def send(client, **payload):
    body = {"category": "ACC01", "text": "We were not let in."} | payload
    path = f"/api/v1/reports/{uuid.uuid4()}/"
    return client.put(path, json.dumps(body), content_type="application/json")


def test_a_token_keeps_what_it_is_limited_to(stage):
    token, text = tokens.create(
        stage.people["partner"],
        name="t",
        scopes=[tokens.READS],
        elections=[stage.election],
        regions=[stage.city],
    )
    found = tokens.find(text)
    assert found is not None
    assert found.only_elections == {stage.election.pk}
    assert found.only_regions == {stage.city.pk}
    free, _text = tokens.create(stage.people["partner"], name="t", scopes=[tokens.READS])
    assert free.only_elections is None
    assert free.only_regions is None
    assert token.expires_at > token.created_at


def test_a_limit_whose_last_place_is_gone_opens_nothing(stage):
    token, text = tokens.create(
        stage.people["coordinator"], name="t", scopes=["desk"], elections=[stage.election]
    )
    token.elections.clear()
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert client.get("/api/v1/desk/incidents/").status_code == 403


@pytest.mark.parametrize("scopes", [["desk"], ["reports:write"], ["desk", "published:read"]])
def test_only_reading_is_limited_to_regions(stage, scopes):
    with pytest.raises(ValueError, match="regions"):
        tokens.create(stage.people["coordinator"], name="t", scopes=scopes, regions=[stage.city])
    assert not ApiToken.objects.exists()


def test_a_region_on_a_token_that_does_more_closes_it(stage):
    """Nobody can make one; a row that was written by hand opens nothing."""
    token, text = tokens.create(stage.people["coordinator"], name="t", scopes=["desk"])
    ApiToken.objects.filter(pk=token.pk).update(by_region=True)
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert client.get("/api/v1/desk/incidents/").status_code == 403


def test_a_desk_token_reaches_its_elections_and_no_other(stage, elsewhere):
    here = stage.open(stage.file(election="limits"))
    user = stage.people["coordinator"]
    free = client_with(user, "desk")
    assert free.get(f"/api/v1/desk/incidents/{here.ref}/").status_code == 200
    inside = client_with(user, "desk", elections=[stage.election])
    assert inside.get(f"/api/v1/desk/incidents/{here.ref}/").status_code == 200
    outside = client_with(user, "desk", elections=[elsewhere])
    # Not visible: as if it did not exist. And no step.
    assert outside.get(f"/api/v1/desk/incidents/{here.ref}/").status_code == 404
    assert outside.get("/api/v1/desk/incidents/").json()["results"] == []
    step = json.dumps({"step": "claim", "version": here.version})
    path = f"/api/v1/desk/incidents/{here.ref}/steps/"
    assert outside.post(path, step, content_type="application/json").status_code == 404
    assert Incident.objects.get(pk=here.pk).assignee is None
    foreign = build_stage("foreign").election
    nowhere = client_with(user, "desk", elections=[foreign])
    assert nowhere.get("/api/v1/desk/incidents/").status_code == 403
    # The person's own session is not narrowed by a token.
    session = Client()
    session.force_login(user)
    assert session.get(f"/desk/incidents/{here.ref}/").status_code == 200


def test_a_token_and_a_session_in_one_request_are_two_askers(stage, elsewhere):
    here = stage.open(stage.file(election="limits"))
    client = client_with(stage.people["coordinator"], "desk", elections=[elsewhere])
    client.force_login(stage.people["coordinator"])
    assert client.get(f"/api/v1/desk/incidents/{here.ref}/").status_code == 404


def test_a_report_is_filed_inside_the_limit_only(stage, elsewhere):
    client = client_with(stage.people["observer"], "reports:write", elections=[elsewhere])
    assert send(client, election="elsewhere").status_code == 201
    assert send(client).status_code == 201  # the only one of this token
    refused = send(client, election="limits")
    assert refused.status_code == 403
    assert refused.headers["Content-Type"].startswith("application/problem+json")
    assert {report.election for report in Report.objects.all()} == {elsewhere}
    nowhere = build_stage("foreign").election
    shut = client_with(stage.people["observer"], "reports:write", elections=[nowhere])
    before = RawReport.objects.count()
    assert send(shut).status_code == 403
    assert RawReport.objects.count() == before


def test_a_repeat_does_not_lose_the_limit(stage, elsewhere):
    """The row that was kept at first names the person, not the token of the second request."""
    client = client_with(stage.people["observer"], "reports:write", elections=[elsewhere])
    path = f"/api/v1/reports/{uuid.uuid4()}/"
    body = json.dumps({"election": "limits", "category": "ACC01", "text": "No."})
    for _time in range(2):
        answer = client.put(path, body, content_type="application/json")
        assert answer.status_code == 403
    assert not Report.objects.exists()


def test_ones_own_reports_are_listed_inside_the_limit(stage, elsewhere):
    stage.file(election="limits")
    inside = client_with(stage.people["observer"], "reports:write", elections=[stage.election])
    outside = client_with(stage.people["observer"], "reports:write", elections=[elsewhere])
    assert len(inside.get("/api/v1/reports/").json()["results"]) == 1
    assert outside.get("/api/v1/reports/").json()["results"] == []


def test_public_data_stays_public(stage, elsewhere):
    published = stage.publish(stage.open(stage.file(election="limits")))
    client = client_with(stage.people["observer"], tokens.READS, elections=[elsewhere])
    rows = client.get("/api/v1/incidents/").json()["results"]
    assert [row["ref"] for row in rows] == [published.ref]


def test_the_command_limits(stage, capsys):
    name = stage.people["partner"].get_username()
    call_command(
        "create_token", name, "--scope", tokens.READS, "--election", "limits", "--region", "KZ-ALA"
    )
    token = tokens.find(capsys.readouterr().out.strip())
    assert token is not None
    assert token.only_regions == {stage.city.pk}
    for more, said in (
        (["--election", "nowhere"], "no election nowhere"),
        (["--region", "KZ-ALA"], "--election"),
        (["--election", "limits", "--region", "KZ-XXX"], "no region KZ-XXX"),
        (["--scope", "desk", "--election", "limits", "--region", "KZ-ALA"], "regions"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("create_token", name, "--scope", tokens.READS, *more)
