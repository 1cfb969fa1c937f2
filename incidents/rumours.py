"""What was told before and shown to be false: a later report that repeats it says which, and why.

A hint, never a verdict: the next report may be true.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Left

from incidents import nearness
from incidents.duplicates import MOST_TEXTS, TEXT_READ, similar
from incidents.models import Event, Incident, Report, ReportLink
from incidents.querysets import Visitor
from incidents.vocabulary import IncidentStatus, Verification

MOST_COMPARED = 80  # the refuted ones that changed last


@dataclass(frozen=True)
class Refuted:
    """A rumour that was shown to be false, and on what grounds."""

    incident: Incident
    grounds: str


def refuted_like(report: Report, *, by: Visitor, limit: int = 3) -> list[Refuted]:
    """Refuted incidents that the report may repeat: by place, time and kind, or by its words."""
    seen = Incident.objects.visible_to(by).filter(
        election=report.election_id, verification=Verification.REFUTED
    )
    readable = Report.objects.on_desk(by, by_key=True)
    alike = similar(report, seen, limit)
    alike += _of_similar_words(report, seen, readable, {one.pk for one in alike})
    lines = Event.objects.filter(incident__in=alike[:limit], verb="refute").order_by("seq")
    # Of incidents this person sees, and of no report; asked of the database, SQLite would begin
    # with all lines about no report.
    told = lines.values_list("incident_id", "report_id", "reason")
    said = {incident: reason for incident, report_id, reason in told if report_id is None}
    return [Refuted(one, said.get(one.pk, "")) for one in alike[:limit]]


def _of_similar_words(
    report: Report,
    seen: QuerySet[Incident, Incident],
    readable: QuerySet[Report, Report],
    without: set[UUID],
) -> list[Incident]:
    """A rumour travels: the same words are told of other places and hours."""
    mine = nearness.stems(report.search[: 4 * TEXT_READ])
    if len(mine) < nearness.FEWEST_SHARED:
        return []
    others = seen.exclude(pk__in=without).exclude(reports=report)
    rows = list(
        others.exclude(status=IncidentStatus.MERGED).order_by("-changed_at", "pk")[:MOST_COMPARED]
    )
    texts = {row.pk: [row.search] for row in rows}
    may_read = Exists(readable.filter(pk=OuterRef("report")))
    links = ReportLink.objects.filter(may_read, incident__in=list(texts))
    told = links.values_list("incident_id", Left("report__search", TEXT_READ))
    for pk, text in told[: MOST_COMPARED * MOST_TEXTS]:
        texts[pk].append(text)
    likeness = {
        row.pk: max(
            nearness.likeness(mine, words) if nearness.similar(mine, words) else 0
            for words in map(nearness.stems, texts[row.pk])
        )
        for row in rows
    }
    found = [row for row in rows if likeness[row.pk]]
    return sorted(found, key=lambda row: -likeness[row.pk])
