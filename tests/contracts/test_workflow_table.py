"""Who may take which step from which state: docs, code and behaviour say the same."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from incidents import steps, transitions
from incidents.errors import NotAllowed, WrongState
from incidents.models import Draft, Incident, Note, Question, Referral, Report
from incidents.views.desk_bulk import INCIDENT_FORMS, REPORT_FORMS
from tests.contracts.stage import TEXT, answers, build_stage

DOCS = Path(__file__).resolve().parents[2] / "docs/workflow.md"
HEADINGS = {
    "Report": transitions.REPORT,
    "Incident: status": transitions.STATUS,
    "Incident: verification": transitions.VERIFICATION,
    "Incident: facts": transitions.FACTS,
    "Publication": transitions.PUBLICATION,
}
ROLES = ("observer", "coordinator", "editor", "security", "partner", "admin")
STATES = {
    "Report": ("received", "quarantined", "linked", "dismissed"),
    "Incident: status": ("open", "in_review", "parked", "closed", "merged"),
    "Incident: verification": ("reported", "corroborated", "verified", "disputed", "refuted"),
    "Incident: facts": ("open", "in_review", "parked", "closed", "merged"),
    "Publication": ("none", "draft", "submitted", "approved", "published", "withdrawn"),
}


def words(cell: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[,\s]+", cell.strip()) if word)


def documented() -> dict[str, dict[str, tuple]]:
    """heading -> step -> (sources, target, roles, needs), as people read it."""
    tables: dict[str, dict[str, tuple]] = {}
    heading = ""
    for line in DOCS.read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and cells[0] not in ("step", "---"):
            name, sources, target, roles, needs = cells
            tables.setdefault(heading, {})[name] = (
                frozenset(words(sources)),
                target or None,
                frozenset(words(roles)),
                words(needs),
            )
    return tables


TABLES = documented()
CELLS = [
    (heading, step, state, role)
    for heading, table in TABLES.items()
    for step in table
    for state in STATES[heading]
    for role in ROLES
]


def test_the_documented_tables_are_the_tables_of_the_code():
    in_code = {
        heading: {
            step.name: (step.sources, step.target, frozenset(map(str, step.roles)), step.needs)
            for step in table.values()
        }
        for heading, table in HEADINGS.items()
    }
    assert in_code == TABLES


def needed(stage, step: str, other: Incident, incident: Incident, person) -> dict:
    if step in ("strike_note", "complete_referral", "withdraw_question"):
        return {name: str(row.pk) for name, row in written(stage, step, incident, person).items()}
    return {
        "open_incident": {"title": "Again"},
        "link": {"incident": other.ref},
        "unlink": {"incident": incident.ref},
        "close": {"outcome": "confirmed"},
        "merge": {"into": other.ref},
        "corroborate": {"grounds": "call", "fitting_evidence": True},
        "verify": {"grounds": "call"},
        "dispute": {"grounds": "call"},
        "refute": {"grounds": "call"},
        "edit": {"changes": {"title": "Other"}},
        "grade": {"severity": 3},
        "judge_source": {"report": stage.report.ref, "independent": False},
        "relate": {"to": other.ref, "kind": "follows"},
        "respond": {"response": {"issuer": "Police", "position": "denies"}},
        "ask": {"question": "Who was there?"},
        "note": {"text": "Called back."},
        "refer": {"body": "police", "due_at": tomorrow()},
        "draft": {"content": TEXT},
        "write": {"content": TEXT | {"both_sides": True}},
        "correct": {"what_changed": "A date."},
        "withdraw": {"kind": "error"},
    }.get(step, {})


def tomorrow() -> str:
    return (timezone.now() + timedelta(days=1)).isoformat()


def written(stage, step: str, incident: Incident, person) -> dict:
    """What the step is about, there before it."""
    if step == "strike_note":
        return {"note": Note.objects.create(incident=incident, author=person, text="Wrong.")}
    if step == "withdraw_question":
        asked = Question.objects.create(report=stage.report, asked_by=person, text="Who?")
        return {"question": asked}
    due = timezone.now()
    referral = Referral.objects.create(
        incident=incident, body="police", due_at=due, referred_by=person
    )
    return {"referral": referral}


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    """Built once; every cell is played in a transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = build_stage("table")
        made.report = made.file()
        made.incident = made.open(made.report)
        made.other = made.open(made.file(by=made.people["other_observer"]))
        made.texts = {state: text_in(made, state) for state in STATES["Publication"]}
        browsers = {person: signed_in(person) for person in made.people.values()}
        made.desk = browsers.__getitem__
        yield made
        transaction.set_rollback(True)


def text_in(stage, state: str) -> Incident:
    """In each state something is public, as during a correction; `none` never was."""
    if state == "none":
        return stage.incident
    incident = stage.publish().incident
    if state == "withdrawn":
        stage.take(incident, "withdraw", "editor", kind="error")
    if state in ("draft", "submitted", "approved"):
        stage.take(incident, "correct", "editor", what_changed="A date.")
    if state in ("submitted", "approved"):
        stage.take(incident, "submit", "editor")
    if state == "approved":
        stage.take(incident, "approve", "second_editor")
    assert Draft.objects.get(incident=incident).state == state
    return incident


def put_report(stage, state: str) -> Report:
    Report.objects.filter(pk=stage.report.pk).update(state=state)
    return Report.objects.get(pk=stage.report.pk)


def put_incident(stage, heading: str, state: str) -> Incident:
    if heading == "Publication":
        return Incident.objects.get(pk=stage.texts[state].pk)
    incident = Incident.objects.filter(pk=stage.incident.pk)
    if heading == "Incident: verification":
        incident.update(verification=state)
    elif state == "merged":
        incident.update(status=state, merged_into=stage.other)
    else:
        incident.update(status=state)
    return incident.get()


def shake(stage, incident: Incident) -> None:
    """A report of the same pair comes and goes: what is public rests on one less."""
    more = stage.file(by=stage.people["pair_observer"])
    coordinator = {"by": stage.people["coordinator"], "channel": "page"}
    steps.take_on_report(more, "link", incident=incident.ref, **coordinator)
    steps.take_on_report(more, "unlink", incident=incident.ref, reason="No.", **coordinator)


def now(heading: str, subject) -> str:
    subject = type(subject).objects.get(pk=subject.pk)
    if heading == "Report":
        return subject.state
    if heading == "Publication":
        return Draft.objects.get(incident=subject).state
    return subject.verification if "verification" in heading else subject.status


@pytest.mark.parametrize(("heading", "step", "state", "role"), CELLS)
def test_a_step_is_taken_exactly_where_the_table_says(
    stage, heading, step, state, role, django_db_blocker
):
    sources, target, roles, _needs = TABLES[heading][step]
    expected = "refused: role" if role not in roles else "taken"
    if expected == "taken" and state not in sources:
        expected = "refused: state"
    with django_db_blocker.unblock(), transaction.atomic():
        try:
            got = play(stage, heading, step, state, role, target)
        finally:
            transaction.set_rollback(True)
    assert got == dict.fromkeys(got, expected)


def play(stage, heading, step, state, role, target) -> dict[str, str]:
    """What becomes of it alone, among many by a program, and among many on the page."""
    person = stage.people["second_editor" if (role, step) == ("editor", "approve") else role]
    report = heading == "Report"
    subject = put_report(stage, state) if report else put_incident(stage, heading, state)
    if step == "confirm_publication" and state != "none":
        shake(stage, subject)
    offers = steps.allowed_on_report if report else steps.allowed
    offered = step in {offer.name for offer in offers(subject, by=person)}
    data = {"reason": "because"} | needed(stage, step, stage.other, stage.incident, person)
    if step == "complete_referral":
        data["outcome"] = "Answered."
    if step in ("submit", "restore"):
        data["checklist"] = answers(subject)
    ways = {"alone": take_alone, "by a program": take_by_program}
    if step in (REPORT_FORMS if report else INCIDENT_FORMS):
        ways["on the page"] = take_on_the_page
    got = {}
    for way, take in ways.items():
        with transaction.atomic():
            got[way] = take(stage, subject, step, person, data)
            if got[way] == "taken" and target and step != "unlink":
                assert now(heading, subject) == target
            transaction.set_rollback(True)
    assert offered == (got["alone"] == "taken")
    return got


def take_alone(stage, subject, step, person, data) -> str:
    try:
        with transaction.atomic():
            if isinstance(subject, Report):
                steps.take_on_report(subject, step, by=person, channel="page", **data)
            else:
                stage.take(subject, step, person, **data)
    except NotAllowed:
        return "refused: role"
    except WrongState:
        return "refused: state"
    return "taken"


SAID = {200: "taken", 403: "refused: role", 409: "refused: state"}


def take_by_program(stage, subject, step, person, data) -> str:
    asked = {"step": step} | data
    if isinstance(subject, Report):
        asked["on_report"] = subject.ref
    else:
        version = Incident.objects.values_list("version", flat=True).get(pk=subject.pk)
        asked |= {"on_incident": subject.ref, "version": version}
    answer = stage.desk(person).post(
        "/api/v1/desk/steps/", {"steps": [asked]}, content_type="application/json"
    )
    if answer.status_code != 200:
        return SAID.get(answer.status_code, f"{answer.status_code} {answer.content.decode()}")
    (result,) = answer.json()["results"]
    return SAID.get(result["status"], str(result))


def take_on_the_page(stage, subject, step, person, data) -> str:
    if isinstance(subject, Report):
        name, row = f"reports:{step}", f"report:{subject.pk}:{subject.state}"
    else:
        version = Incident.objects.values_list("version", flat=True).get(pk=subject.pk)
        name, row = f"incidents:{step}", f"incident:{subject.ref}:{version}"
    answer = stage.desk(person).post(
        "/desk/bulk/", {"step": name, "row": row, "given": "1"} | data
    )
    if answer.status_code != 200:
        return SAID.get(answer.status_code, f"{answer.status_code} {answer.content.decode()}")
    lines = answer.context["refused"] + answer.context["done"]
    return SAID.get(lines[0].status, lines[0].sentence)
