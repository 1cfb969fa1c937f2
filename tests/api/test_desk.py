"""The operations room through the API: what is seen, what may be done, what a step answers."""

import re
import uuid
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.details import fields_for
from incidents.models import Incident, Report
from observers import tokens
from tests.api.rows import get, refs, refused
from tests.contracts.stage import build_stage
from tests.factories import member
from tests.phones import Phone, put
from tests.walking import filed_report, opened, person, published, region, take, the_election

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    client.force_login(person("coordinator"))
    return client


def step(client, path: str, status: int = 200, **body):
    answer = client.post(f"/api/v1/desk/{path}", body, content_type="application/json")
    assert answer.status_code == status, answer.content[:2000]
    return answer.json()


def test_the_queue_of_reports_is_filtered_like_the_page(desk):
    calm = filed_report(category="NET00", region="KZ-SHY", text="Нет связи")
    grave = filed_report(danger="ongoing", station="no such station")
    assert set(refs(get(desk, "/desk/reports/"))) == {calm.ref, grave.ref}
    for query, expected in {
        "danger=ongoing": grave,
        "category=NET": calm,
        "region=KZ-SHY": calm,
        "unresolved=true": grave,
        "unresolved=false": calm,
        "q=связи": calm,
        "state=received&danger=none": calm,
    }.items():
        assert refs(get(desk, f"/desk/reports/?{query}")) == [expected.ref], query
    assert refs(get(desk, "/desk/reports/?received_to=2021-01-10")) == []
    assert refs(get(desk, "/desk/reports/?seen=true")) == []


def test_the_queue_of_incidents_is_filtered_like_the_page(desk):
    first, second = opened(), opened(filed_report(category="DET03", region="KZ-YUZ"))
    take(second, "claim")
    take(first, "grade", severity=4)
    for query, expected in {
        "status=in_review": second,
        "assignee=me": second,
        f"assignee={person('coordinator').username}": second,
        "assignee=none": first,
        "region=KZ-YUZ": second,
        "category=DET": second,
        "category=ACC": first,
        "severity_min=4": first,
        "publication=none&category=ACC01": first,
        "opened_from=2021-01-01&region=KZ-ALA": first,
    }.items():
        assert refs(get(desk, f"/desk/incidents/?{query}")) == [expected.ref], query
    take(first, "edit", changes={"categories_secondary": ["DET06"]})
    assert set(refs(get(desk, "/desk/incidents/?category=DET06"))) == {first.ref}


@pytest.mark.parametrize(
    ("query", "parameter", "nearest"),
    [
        ("statuss=open", "statuss", "status"),
        ("status=opn", "status", "open"),
        ("publication=drafty", "publication", "draft"),
        ("assignee=mee", "assignee", "me"),
        ("ordering=severity", "ordering", "-severity"),
        ("opened_from=2021-02-01&opened_to=2021-01-01", "opened_from", "opened_to"),
    ],
)
def test_the_desk_refuses_typos_too(desk, query, parameter, nearest):
    opened()
    assert refused(desk, f"/desk/incidents/?{query}", parameter)["nearest"] == nearest


def test_a_sealed_report_shows_to_no_coordinator_not_even_through_a_filter(desk):
    sealed = filed_report(audience="security_only", danger="ongoing")
    incident = opened(sealed, by="security")
    assert refs(get(desk, "/desk/reports/")) == []
    assert refs(get(desk, "/desk/incidents/?danger=ongoing")) == []
    told = get(desk, f"/desk/incidents/{incident.ref}/")
    assert told["reports"] == []
    assert sealed.ref not in str(told)
    desk.force_login(person("security"))
    assert refs(get(desk, "/desk/incidents/?danger=ongoing")) == [incident.ref]


def test_a_coordinator_of_one_region_sees_only_that(client):
    user = member("coordinator", the_election(), regions=[region("KZ-ALA")])
    here, there = opened(), opened(filed_report(region="KZ-YUZ"))
    client.force_login(user)
    assert refs(get(client, "/desk/incidents/")) == [here.ref]
    get(client, f"/desk/incidents/{there.ref}/", 404)
    step(client, f"incidents/{there.ref}/steps/", 404, step="claim", version=1)
    [report] = there.reports.all()
    step(client, f"reports/{report.pk}/steps/", 404, step="dismiss", reason="x")


def test_one_incident_with_all_that_hangs_on_it(desk):
    incident = opened(filed_report(text="Нас не пустили"))
    told = get(desk, f"/desk/incidents/{incident.ref}/")
    assert told["reports"][0]["text"] == "Нас не пустили"
    assert told["events"][-1]["verb"] == "open_incident"
    assert told["version"] == incident.version
    names = [one["step"] for one in told["allowed"]]
    assert "claim" in names
    assert "approve" not in names


def test_a_step_answers_with_the_incident_as_it_is_now(desk):
    incident = opened()
    told = step(desk, f"incidents/{incident.ref}/steps/", step="claim", version=incident.version)
    assert told["status"] == "in_review"
    assert told["version"] == incident.version + 1
    assert told["assignee"] == person("coordinator").username


def test_a_late_step_is_told_what_changed(desk):
    incident = opened()
    take(incident, "grade", severity=3)
    problem = step(
        desk,
        f"incidents/{incident.ref}/steps/",
        412,
        step="edit",
        version=incident.version,
        changes={"title": "Mine"},
    )
    assert problem["type"] == "/api/v1/problems/stale/"
    assert [field["field"] for field in problem["fields"]] == ["severity"]
    assert Incident.objects.get(pk=incident.pk).title != "Mine"


def test_steps_that_cannot_be_taken(desk):
    incident = opened()
    path, version = f"incidents/{incident.ref}/steps/", incident.version
    assert step(desk, path, 409, step="verify", version=version, grounds="x")["status"] == 409
    step(desk, path, 403, step="draft", version=version)
    step(desk, path, 400, step="clam", version=version)
    problem = step(desk, path, 400, step="claim", version=version, reasn="x", by="me")
    assert {(e["field"], e.get("nearest")) for e in problem["errors"]} >= {("reasn", "reason")}
    problem = step(desk, path, 400, step="park", version=version)
    assert problem["errors"][0]["field"] == "reason"
    for wrong in ("x", None, -1, 2**70, [], 1.5):
        step(desk, path, 400, step="claim", version=wrong)
    step(desk, path, 400, step="claim")
    incident.refresh_from_db()
    assert incident.version == version


@pytest.mark.parametrize("name", ["by", "channel", "incident", "self", "subject"])
def test_nobody_can_say_who_they_are_in_a_body(desk, name):
    incident = opened()
    body = {"step": "claim", "version": incident.version, name: "x"}
    problem = step(desk, f"incidents/{incident.ref}/steps/", 400, **body)
    assert problem["errors"][0]["field"] == name


def test_a_report_is_dismissed_and_opened(desk):
    first, second = filed_report(), filed_report()
    told = step(desk, f"reports/{first.pk}/steps/", step="dismiss", reason="A test.")
    assert told["state"] == "dismissed"
    assert [one["step"] for one in told["allowed"]] == [
        "reinstate",
        "quarantine",
        "withdraw_question",
    ]
    told = step(desk, f"reports/{second.pk}/steps/", step="open_incident", title="Refused")
    assert told["incidents"] == [Incident.objects.get().ref]


def test_every_refusal_among_many_lists_its_errors_alike(desk):
    incident = opened()
    on = {"on_incident": incident.ref, "version": incident.version}
    asked = [
        {},
        {"on_incident": incident.ref},
        on | {"step": "claim", "zz": 1},
        on | {"step": "park"},
        on | {"step": "edit", "changes": {"title": ""}},
        on | {"step": "grade", "severity": 9},
    ]
    answer = desk.post("/api/v1/desk/steps/", {"steps": asked}, content_type="application/json")
    told = answer.json()["results"]
    assert [one["status"] for one in told] == [400] * len(asked)
    for one in told:
        assert one["errors"]
        assert all({"field", "detail"} <= set(error) for error in one["errors"])


def test_many_steps_at_once_each_with_its_own_result(desk):
    incident, report = opened(), filed_report()
    asked = [
        {"on_incident": incident.ref, "step": "claim", "version": incident.version},
        {"on_incident": incident.ref, "step": "claim", "version": incident.version},
        {"on_incident": "KZ2021-00000", "step": "claim", "version": 1},
        {"on_report": report.ref, "step": "dismiss", "reason": "A test."},
        {"on_report": report.ref, "step": "dismiss"},
        {"on_incident": incident.ref, "step": "draft", "version": incident.version + 1},
        {"on_incident": incident.ref, "step": "clam", "version": 1},
        {"step": "claim"},
        "nonsense",
    ]
    results = step(desk, "steps/", steps=asked)["results"]
    assert [one["status"] for one in results] == [200, 412, 404, 200, 409, 403, 400, 400, 400]
    assert results[0]["version"] == incident.version + 1
    assert Report.objects.get(pk=report.pk).state == "dismissed"


def test_five_hundred_steps_are_the_most(desk):
    one = {"on_incident": "KZ2021-00000", "step": "claim", "version": 1, "reason": "x"}
    assert len(step(desk, "steps/", steps=[one] * 500)["results"]) == 500
    step(desk, "steps/", 400, steps=[one] * 501)
    step(desk, "steps/", 400, steps=[])
    step(desk, "steps/", 400, steps=[one], also=1)


def test_a_token_needs_the_desk_scope_and_needs_no_csrf_token():
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    incident, user = opened(), person("coordinator")
    _row, wrong = tokens.create(user, name="read", scopes=["published:read", "reports:write"])
    _row, right = tokens.create(user, name="desk", scopes=["desk"])
    path = f"/api/v1/desk/incidents/{incident.ref}/steps/"
    body = {"step": "claim", "version": incident.version}
    for token, status in ((wrong, 403), (right, 200)):
        answer = client.post(
            path,
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == status


def test_a_desk_token_of_an_observer_opens_no_desk(client):
    _row, text = tokens.create(person("observer"), name="desk", scopes=["desk"])
    get(client, "/desk/reports/", 403, Authorization=f"Bearer {text}")


def test_the_queues_ask_the_database_as_often_for_many_as_for_few(desk):
    counts = {}
    published()
    for _ in range(2):
        for path in ("/desk/reports/", "/desk/incidents/"):
            with CaptureQueriesContext(connection) as queries:
                get(desk, path)
            counts.setdefault(path, []).append(len(queries))
        for _more in range(4):
            published()
    assert all(few == many for few, many in counts.values()), counts


NAME = "Full Name Of A Detained Person"


def test_what_is_sealed_in_the_answers_is_for_security_only(desk):
    sealed = next(f for f in fields_for("DET03") if f.sealed and f.kind == "text")
    incident = opened(filed_report(category="DET03", details={sealed.key: NAME}))
    late = incident.version
    take(incident, "edit", changes={"details": {}, "title": "Detained"})
    [report] = incident.reports.all()
    path = f"incidents/{incident.ref}/steps/"

    def everything(status):
        told = [get(desk, f"/desk/{kind}/") for kind in ("reports", "incidents")]
        told.append(get(desk, f"/desk/incidents/{incident.ref}/"))
        told.append(step(desk, path, status, step="park", version=late, reason="x"))
        return str(told)

    assert NAME not in everything(412)
    told = step(desk, f"reports/{report.pk}/steps/", step="quarantine", reason="x")
    assert NAME not in str(told)
    desk.force_login(person("security"))
    assert NAME in str(get(desk, f"/desk/incidents/{incident.ref}/")["reports"])
    assert NAME in str(get(desk, "/desk/reports/"))


def test_the_checklist_is_read_and_answered_by_programs(client):
    from tests import walking

    incident = walking.drafted(summary={"en": "Aibek Omarov was there."}, title={"en": "Refused"})
    client.force_login(walking.person("editor"))
    url = f"/api/v1/desk/incidents/{incident.ref}/"
    (item,) = client.get(url).json()["public_text"]["checklist"]
    assert (item["kind"], item["language"], item["answer"]) == ("name", "en", "")
    asked = {"step": "submit", "version": client.get(url).json()["version"]}

    def submit(**more):
        return client.post(f"{url}steps/", asked | more, content_type="application/json")

    assert submit().status_code == 400
    for wrong in ([], "x", {item["key"]: "kept"}, {"nothing": {}}, {item["key"]: {"answer": 5}}):
        assert submit(checklist=wrong).status_code == 400
    answer = {"answer": "kept", "reason": "Asked to be named."}
    done = submit(checklist={item["key"]: answer})
    assert done.status_code == 200
    (item,) = done.json()["public_text"]["checklist"]
    assert item["reason"] == "Asked to be named."
    assert item["by"] == walking.person("editor").username


def test_reports_of_one_phone_in_its_own_order(client):
    """Whatever its clock said, and however late they came."""
    stage = build_stage("phones")
    phone, other = Phone(stage), Phone(stage, stage.people["other_observer"])
    sealed = [phone.seal(item=uuid.uuid4()) for _number in range(3)]
    for raw in (sealed[2], sealed[0], other.seal(item=uuid.uuid4()), sealed[1]):
        assert put(client, raw).status_code == 201
    stage.file(by=phone.user)  # on the page: of no phone
    client.force_login(stage.people["coordinator"])
    rows = get(client, f"/desk/reports/?device={phone.device.pk}&ordering=device")["results"]
    assert [row["device_seq"] for row in rows] == [1, 2, 3]
    assert {row["device"] for row in rows} == {str(phone.device.pk)}
    report = Report.objects.get(pk=rows[0]["id"])
    assert rows[0]["clock_quality"] == report.clock_quality
    assert "captured_at" in rows[0]
    pages, path = [], f"/desk/reports/?device={phone.device.pk}&ordering=device&limit=1"
    while path:
        page = get(client, path)
        pages += [row["device_seq"] for row in page["results"]]
        path = (page["next"] or "").partition("/api/v1")[2]
    assert pages == [1, 2, 3]
    everything = get(client, "/desk/reports/?ordering=device")["results"]
    assert [row["device_seq"] for row in everything] == [1, 1, 2, 3, None]
    assert get(client, f"/desk/reports/?device={uuid.uuid4()}")["results"] == []
    for odd in ("7", "x" * 300, "%00"):
        get(client, f"/desk/reports/?device={odd}", 400)
    page = client.get(f"/desk/devices/?q={phone.user}").content.decode()
    address = re.search(r'href="(/desk/\?list=reports[^"]*device=[^"]*)"', page)[1]
    listed = client.get(unescape(address)).content.decode()
    assert "Sent by one phone" in listed
    refs_there = re.findall(r'id="row-([^"]+)"', listed)
    assert refs_there == [row["ref"] for row in rows]
