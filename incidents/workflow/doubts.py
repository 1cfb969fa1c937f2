"""What speaks for marking an incident as disputed. A hint: nothing moves by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from incidents import details
from incidents.details import DetailField
from incidents.models import Incident, Report
from incidents.querysets import Visitor
from incidents.vocabulary import FollowUpKind, ReportState, ResponsePosition, Verification

SETTLED = (Verification.DISPUTED, Verification.REFUTED)
# Answers that leave the question open contradict nothing.
OPEN = frozenset({"", "unknown", "not_asked", "other"})
MOST_READ = 30


@dataclass(frozen=True)
class Doubt:
    """`kind`: "correction" (of a report), "denial" (by an authority), "answers" (two reports)."""

    kind: str
    refs: tuple[str, ...] = ()
    issuer: str = ""
    question: DetailField | None = None


def doubts(incident: Incident, *, by: Visitor) -> list[Doubt]:
    """Of what this person may read; none once it is disputed or refuted."""
    if incident.verification in SETTLED:
        return []
    readable = Report.objects.on_desk(by, by_key=True).filter(incidents=incident)
    rows = readable.order_by("received_at", "pk")
    # All of them, for SQLite would begin with every report of that state.
    reports = [row for row in rows if row.state == ReportState.LINKED][:MOST_READ]
    return [*_corrections(reports), *_denials(incident), *_answers(incident, reports)]


def _corrections(reports: list[Report]) -> Iterator[Doubt]:
    for report in reports:
        if report.follow_up_kind == FollowUpKind.CORRECTION:
            yield Doubt("correction", (report.ref,))


def _denials(incident: Incident) -> Iterator[Doubt]:
    for response in incident.responses.filter(position=ResponsePosition.DENIES):
        yield Doubt("denial", issuer=response.issuer)


def _answers(incident: Incident, reports: list[Report]) -> Iterator[Doubt]:
    """The same question, answered so that both cannot be true; each question once."""
    for question in details.fields_for(incident.category):
        if question.kind not in ("tri", "choice") or question.sealed:
            continue
        given = [(report, _firm(report.details.get(question.key))) for report in reports]
        firm = [(report, answer) for report, answer in given if answer]
        for (one, here), (two, there) in combinations(firm, 2):
            # Who corrects themselves does not contradict themselves.
            if here != there and two.follow_up_of != one.pk and one.follow_up_of != two.pk:
                yield Doubt("answers", (one.ref, two.ref), question=question)
                break


def _firm(answer: Any) -> str:
    return answer if isinstance(answer, str) and answer not in OPEN else ""
