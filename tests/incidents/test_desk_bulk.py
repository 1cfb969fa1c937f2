"""One step on many rows: each for itself, with what was refused and why."""

import pytest
from django.test import Client

from incidents.models import Event, Incident, Report
from tests import walking

pytestmark = pytest.mark.django_db


def desk(role: str = "coordinator") -> Client:
    client = Client()
    client.force_login(walking.person(role))
    return client


def chosen(row: Report | Incident) -> str:
    if isinstance(row, Report):
        return f"report:{row.pk}:{row.state}"
    return f"incident:{row.ref}:{row.version}"


def send(step: str, rows, client: Client | None = None, **given):
    given = {"given": "1"} | given if given else {}
    data = {"step": step, "row": [r if isinstance(r, str) else chosen(r) for r in rows]} | given
    return (client or desk()).post("/desk/bulk/", data)


def test_a_step_that_needs_a_reason_asks_for_it_once():
    reports = [walking.filed_report(text=f"Report {n}") for n in range(3)]
    asked = send("reports:dismiss", reports).content.decode()
    assert "For 3 rows." in asked
    assert 'name="reason"' in asked
    done = send("reports:dismiss", reports, reason="A drill.").content.decode()
    assert "3 rows done." in done
    assert {r.state for r in Report.objects.all()} == {"dismissed"}
    assert set(Report.objects.values_list("state_reason", flat=True)) == {"A drill."}


def test_a_reason_that_is_missing_keeps_the_rows():
    report = walking.filed_report()
    answer = send("reports:dismiss", [report], reason="")
    assert answer.status_code == 400
    assert chosen(report) in answer.content.decode()
    assert Report.objects.get().state == "received"


def test_a_row_that_changed_meanwhile_is_refused_and_the_rest_is_done():
    incidents = [walking.opened(title=f"Incident {n}") for n in range(3)]
    walking.take(incidents[1], "grade", severity=3)
    text = send("incidents:park", incidents, reason="No contact.").content.decode()
    assert "2 rows done." in text
    assert "1 row refused" in text
    assert "(412)" in text
    states = [Incident.objects.get(pk=row.pk).status for row in incidents]
    assert states == ["parked", "open", "parked"]


def test_a_report_that_a_colleague_moved_is_refused():
    report, other = walking.filed_report(), walking.filed_report(text="Another.")
    shown = [chosen(report), chosen(other)]
    walking.opened(report)
    text = send("reports:quarantine", shown, reason="Doubtful.").content.decode()
    assert "(412)" in text
    assert Report.objects.get(pk=report.pk).state == "linked"
    assert Report.objects.get(pk=other.pk).state == "quarantined"


def test_claiming_needs_nothing_and_goes_at_once():
    incidents = [walking.opened(title=f"Incident {n}") for n in range(2)]
    assert "2 rows done." in send("incidents:claim", incidents).content.decode()
    assert set(Incident.objects.values_list("status", flat=True)) == {"in_review"}


def test_reports_are_linked_to_one_incident():
    incident = walking.opened()
    reports = [walking.filed_report(text=f"Report {n}") for n in range(2)]
    text = send("reports:link", reports, incident=incident.ref.lower()).content.decode()
    assert "2 rows done." in text
    assert incident.reports.count() == 3


def test_what_the_verb_does_not_understand_is_said_in_the_row():
    text = send("reports:link", [walking.filed_report()], incident="NONE-1").content.decode()
    assert "No incident of this election has that reference." in text


def test_who_has_no_role_for_a_step_is_refused_row_by_row():
    incident = walking.opened()
    text = send("incidents:claim", [incident], desk("editor")).content.decode()
    assert "(403)" in text
    assert Incident.objects.get().status == "open"


def test_a_sealed_report_is_not_there_for_others():
    sealed = walking.filed_report(audience="security_only")
    text = send("reports:dismiss", [sealed], reason="x").content.decode()
    assert "(404)" in text
    assert sealed.ref not in text


def test_five_hundred_and_one_rows_are_refused_whole():
    incident = walking.opened()
    rows = [chosen(incident), *(f"incident:NONE-{n}:1" for n in range(500))]
    before = Event.objects.count()
    answer = send("incidents:claim", rows)
    assert answer.status_code == 400
    assert "You chose 501 rows. Nothing was done" in answer.content.decode()
    assert Event.objects.count() == before
    assert send("incidents:claim", rows[:500]).status_code == 200


def test_of_five_hundred_rows_the_one_that_just_changed_is_refused_by_name():
    first = walking.opened()
    made = Incident.objects.bulk_create(
        Incident(
            election=first.election,
            ref=f"KZ2021-B{n:04}",
            title=f"Incident {n}",
            category=first.category,
            severity=first.severity,
            due_at=first.due_at,
        )
        for n in range(500)
    )
    rows = [chosen(row) for row in made]
    walking.take(made[250], "grade", severity=3)
    text = send("incidents:claim", rows).content.decode()
    assert "499 rows done." in text
    assert text.count("(412)") == 1
    assert made[250].ref in text[: text.index("(412)")]
    assert Incident.objects.filter(status="in_review").count() == 499
    assert Incident.objects.get(pk=made[250].pk).status == "open"


@pytest.mark.parametrize(
    ("step", "rows"),
    [
        ("", ["report:x:y"]),
        ("reports:publish", ["report:x:y"]),
        ("incidents:claim", []),
        ("reports:\x00", ["\x00"]),
    ],
)
def test_what_is_no_question_gets_a_sentence(step, rows):
    assert send(step, rows).status_code == 400


@pytest.mark.parametrize(
    "row",
    [
        "incident",
        "incident::",
        "incident:\x00:1",
        "report:1:x",
        "incident:A:99999999999",
        "🙈" * 90,
    ],
)
def test_rows_that_are_none_are_not_found(row):
    answer = send("incidents:claim", [row])
    assert answer.status_code == 200
    assert "(404)" in answer.content.decode()


def test_the_result_is_the_same_for_one_row_chosen_twice():
    incident = walking.opened()
    text = send("incidents:claim", [chosen(incident)] * 2).content.decode()
    assert "1 row done." in text
    assert "refused" not in text
