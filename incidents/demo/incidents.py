from collections.abc import Iterator
from typing import Any

from incidents import publishing, steps
from incidents.demo import CHANNEL, read
from incidents.demo.reports import report_id
from incidents.models import Event, Incident, Report
from observers.models import User

COORDINATOR, WRITER, APPROVER = "coordinator1", "editor1", "editor2"
Step = tuple[str, str, dict[str, Any]]
# The texts are written from one published source; a kind that is not here is a mistake in them.
ANSWERS = {
    "name": {
        "answer": "kept",
        "reason": "Stands in the published source: an outlet, or who speaks.",
    },
    "quote": {"answer": "kept", "reason": "Quoted from a published article, which is named."},
    "translation": {"answer": "checked"},
}


def work() -> int:
    """Bring every report to its publication. Returns how many were published just now.

    History says how far an earlier run came: a step whose line is there is not taken again, and
    what somebody changed in a published incident since is left alone.
    """
    published = 0
    for row in read("incidents"):
        incident = _opened(row)
        done = set(Event.objects.filter(incident=incident).values_list("verb", flat=True))
        if "publish" in done:
            continue
        for name, username, data in _script(row, incident):
            if name not in done:
                _take(incident, name, username, data)
        published += 1
    return published


def _opened(row: dict[str, Any]) -> Incident:
    """The incident that was opened on this report, also when the report was unlinked since."""
    report = Report.objects.get(pk=report_id(row["key"]))
    opened = Incident.objects.filter(events__report=report, events__verb="open_incident")
    if not opened.exists():
        coordinator = User.objects.get(username=COORDINATOR)
        steps.take_on_report(
            report, "open_incident", by=coordinator, channel=CHANNEL, title=row["title"]
        )
    return opened.earliest("opened_at")


def _script(row: dict[str, Any], incident: Incident) -> Iterator[Step]:
    if "edit" in row:
        yield "edit", COORDINATOR, {"changes": row["edit"]}
    if "grade" in row:
        yield "grade", COORDINATOR, row["grade"]
    if "response" in row:
        yield "respond", COORDINATOR, {"response": row["response"]}
    if "dispute" in row:
        yield "dispute", COORDINATOR, {"grounds": row["dispute"]}
    if "part_of" in row:
        whole = _opened({"key": row["part_of"]})
        yield "relate", COORDINATOR, {"to": whole.ref, "kind": "part_of"}
    yield "draft", WRITER, {"content": row["content"]}
    yield "submit", WRITER, {}
    yield "approve", APPROVER, {}
    yield "publish", APPROVER, {}


def _take(incident: Incident, name: str, username: str, data: dict[str, Any]) -> None:
    now = Incident.objects.get(pk=incident.pk)
    if name == "approve":
        data = {"digest": publishing.public_digest(now, now.draft)}
    if name == "submit":
        items = publishing.checklist_of(now, now.draft.content)
        data = {"checklist": {item.key: ANSWERS[item.kind] for item in items}}
    steps.take(
        now,
        name,
        by=User.objects.get(username=username),
        version=now.version,
        channel=CHANNEL,
        **data,
    )
