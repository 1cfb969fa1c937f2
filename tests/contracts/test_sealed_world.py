"""What only security may read, and all that security does with it, changes nothing for others."""

import re
import uuid
from difflib import unified_diff
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client

from incidents import alerts, publishing, steps, workflow
from incidents.models import Alert, Draft, Incident, Report
from observers.roles import Role
from tests.contracts.stage import build_stage

pytestmark = pytest.mark.django_db
MARK = "Tulip7Secret"
# What differs with every answer, whatever happened.
MOVING = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"|nonce-[\w+/=-]+|'
    r'data-token="[^"]*"|data-news="[^"]*"|name="standing" value="[^"]*"|"X-CSRFToken": ?"[^"]*"|'
    r"\b\d{2}:\d{2}(:\d{2}(\.\d+)?)?\b|\b\d+ (second|minute)s?\b|less than a minute|just now"
)
LISTS = (
    "/desk/",
    "/desk/?list=reports",
    "/desk/?list=reports&state=received,linked,dismissed,quarantined",
    "/desk/?list=incidents&status=open,in_review,parked,closed,merged",
    f"/desk/?q={MARK}",
    "/desk/?overdue=true",
    "/desk/handover/",
    "/desk/alerts/",
    "/desk/drafts/",
    "/desk/arrivals/",
    "/api/v1/desk/reports/?count=true",
    "/api/v1/desk/reports/?audience=security_only&count=true",
    "/api/v1/desk/incidents/?count=true",
    f"/api/v1/desk/reports/?q={MARK}&count=true",
    f"/api/v1/desk/incidents/?q={MARK}&count=true",
)


@pytest.fixture
def stage(db):
    made = build_stage("sealed")
    made.one = made.open(made.file(station="7"), title="Refused at seven")
    made.two = made.open(made.file(by=made.people["other_observer"]), title="Refused elsewhere")
    made.take(made.two, "refute", "coordinator", grounds="Nobody was there.")
    made.public = made.publish(made.open(title="Refused in public")).incident
    made.take(made.one, "draft", "editor", content={"title": {"en": "T"}, "summary": {"en": "S"}})
    made.take(made.two, "park", "coordinator", reason="Later.")
    made.waiting = made.file(text="We were not let in at all, at station seven.", station="7")
    return made


def pages(stage) -> list[str]:
    incidents = [stage.one, stage.two, stage.public]
    steps_of = ("merge", "corroborate", "submit")
    return [
        *LISTS,
        f"/desk/reports/{stage.waiting.pk}/",
        f"/desk/reports/{stage.waiting.pk}/steps/link/",
        *(f"/desk/incidents/{row.ref}/" for row in incidents),
        *(f"/desk/incidents/{row.ref}/steps/{step}/" for row in incidents for step in steps_of),
        *(f"/api/v1/desk/incidents/{row.ref}/" for row in incidents),
    ]


def client(person) -> Client:
    made = Client(raise_request_exception=False)
    made.force_login(person)
    return made


def open_each(stage, people) -> None:
    """Opening marks a report as read and takes leases; lists do neither."""
    for role in people:
        browser = client(stage.people[role])
        for url in pages(stage)[len(LISTS) :]:
            browser.get(url)


def read(stage, people) -> dict[tuple[str, str], str]:
    cache.clear()
    told = {}
    for role in people:
        browser = client(stage.people[role])
        for url in pages(stage):
            answer = browser.get(url)
            assert answer.status_code < 500, url
            text = answer.content.decode()
            told[role, url] = f"{answer.status_code} {MOVING.sub('', text)}"
    return told


def sealed(stage, **more) -> Report:
    said = {"text": f"{MARK} said it", "audience": "security_only", "danger": "observer"}
    place = {"station": "7", "told_by": MARK, "place": MARK}
    by = stage.people["other_observer"]
    return stage.file(by=by, **(said | place | more))


def do_everything(stage) -> list[Report]:
    """Every step on a report there is, by security, on reports that nobody else may read."""
    security = stage.people["security"]

    def take(report: Report, step: str, **data) -> None:
        now = Report.objects.get(pk=report.pk)
        data = {"by": security, "channel": "page", "reason": f"{MARK} reason"} | data
        steps.take_on_report(now, step, **data)

    linked, gone, asked, waiting, held = (sealed(stage) for _ in range(5))
    for incident in (stage.one, stage.two, stage.public):
        take(linked, "link", incident=incident.ref)
    take(linked, "unlink", incident=stage.public.ref)
    take(gone, "dismiss")
    take(gone, "reinstate")
    take(gone, "dismiss")
    take(held, "link", incident=stage.public.ref)
    take(held, "quarantine")
    take(held, "clear")
    take(held, "quarantine")
    take(asked, "ask", question=f"{MARK} who?")
    question = asked.questions.get()
    by = stage.people["other_observer"]
    workflow.answer(question, by=by, answer_id=uuid.uuid4(), text=MARK, channel="page")
    take(asked, "ask", question=f"{MARK} again?")
    again = asked.questions.latest("asked_at")
    take(asked, "withdraw_question", question=str(again.pk))
    correction = sealed(stage, follow_up_of=str(linked.pk), follow_up_kind="correction")
    browser = client(security)
    for report in (linked, waiting, asked, correction):
        assert MARK in browser.get(f"/desk/reports/{report.pk}/").content.decode()
    browser.post(f"/desk/here/{waiting.pk}/")
    Report.objects.filter(pk=waiting.pk).update(due_at="2021-01-10T00:00:00Z")
    alerts.overdue()
    publishing.note_lost_access()
    for alert in Alert.objects.filter(report=correction):
        alerts.accept(alert, by=security)
    return [linked, gone, asked, waiting, held, correction]


def test_the_desk_of_others_is_the_same_with_and_without(stage):
    stage.people["limited"] = stage.person(Role.COORDINATOR, "limited", regions=[stage.city])
    others = ("coordinator", "editor", "limited")
    open_each(stage, others)
    before = read(stage, others)
    quiet = {role: open_desk(stage, role) for role in others}
    reports = do_everything(stage)
    after = read(stage, others)
    changed = [line for key in before for line in differences(before[key], after[key])]
    assert changed == []
    traces = (MARK, *(report.ref for report in reports), *(str(report.pk) for report in reports))
    assert [
        (key, t) for key, text in after.items() for t in traces if t in without(key, text)
    ] == []
    for role, (browser, news) in quiet.items():
        answer = browser.get(news)
        assert answer.status_code == 204, role
        for report in reports:
            assert browser.get(f"/desk/reports/{report.pk}/").status_code == 404
            body = {"steps": [{"on_report": report.ref, "step": "dismiss", "reason": "No."}]}
            bulk = browser.post("/api/v1/desk/steps/", body, content_type="application/json")
            assert bulk.json()["results"] == [{"status": 404, "code": "not-found"}]
            row = f"report:{report.pk}:received"
            sent = {"step": "reports:dismiss", "row": row, "given": "1", "reason": "No."}
            text = browser.post("/desk/bulk/", sent).content.decode()
            assert MARK not in text
            assert report.ref not in text


def differences(before: str, after: str) -> list[str]:
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def without(key: tuple[str, str], text: str) -> str:
    """A search shows what was searched for."""
    return text.replace(MARK, "") if "q=" in key[1] else text


def open_desk(stage, role: str) -> tuple[Client, str]:
    """A queue that stands open, and where it asks for news."""
    browser = client(stage.people[role])
    page = browser.get("/desk/").content.decode()
    return browser, unescape(re.search(r'data-news="([^"]+)"', page)[1])


def test_merging_and_parting_name_no_sealed_report_to_others(stage):
    report = sealed(stage)
    security = {"by": stage.people["security"], "channel": "page"}
    steps.take_on_report(report, "link", incident=stage.two.ref, **security)
    version = Incident.objects.get(pk=stage.two.pk).version
    stage.take(stage.two, "merge", "coordinator", into=stage.public.ref, reason="One event.")
    assert report.incidents.get() == stage.public
    stage.take(stage.two, "unmerge", "coordinator", reason="Two events.")
    assert report.incidents.get() == stage.two
    browser = client(stage.people["coordinator"])
    for ref in (stage.two.ref, stage.public.ref):
        for url in (f"/desk/incidents/{ref}/", f"/api/v1/desk/incidents/{ref}/"):
            assert report.ref not in browser.get(url).content.decode(), url
        late = {"step": "grade", "severity": 3, "version": version}
        answer = browser.post(
            f"/api/v1/desk/incidents/{ref}/steps/", late, content_type="application/json"
        )
        assert answer.status_code == 412
        assert report.ref not in answer.content.decode()
    assert Draft.objects.get(incident=stage.public).shaken_at is None
