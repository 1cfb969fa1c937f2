"""How many independent sources stand behind an incident.

Two reports are one source if they share team, person, device or the one who told them
(notes on scales in docs/workflow.md). A person may override, with a reason.
"""

from collections.abc import Hashable

from elections.folding import fold
from incidents.models import Incident, Report, ReportLink
from incidents.vocabulary import ReportState


def _marks(report: Report) -> set[Hashable]:
    marks: set[Hashable] = {("person", report.author.person)}
    if report.team_id:
        marks.add(("team", report.team_id))
    if report.device_id:
        marks.add(("device", report.device_id))
    if report.told_by.strip():
        marks.add(("told by", fold(report.told_by)))
    return marks


def source_groups(incident: Incident) -> list[list[ReportLink]]:
    """Links that count, grouped so that each group is one source."""
    links = (
        ReportLink.objects.filter(incident=incident, report__state=ReportState.LINKED)
        .select_related("report__author")
        .order_by("linked_at", "pk")
    )
    groups: list[tuple[set[Hashable], list[ReportLink]]] = []
    for link in links:
        marks = {("alone", link.pk)} if link.independent_override else _marks(link.report)
        shared = [group for group in groups if group[0] & marks]
        if link.independent_override is False and not shared:
            shared = groups[:1]
        joined_marks: set[Hashable] = set(marks)
        joined_links = [link]
        for group in shared:
            joined_marks |= group[0]
            joined_links = group[1] + joined_links
            groups.remove(group)
        groups.append((joined_marks, joined_links))
    return [members for _marks_of, members in groups]


def independent_sources(incident: Incident) -> int:
    return len(source_groups(incident))
