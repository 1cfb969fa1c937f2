"""How many independent sources stand behind an incident, and why two reports are one.

Two reports are one source if they share team, person, device, the one who told them or a link
they repeat, or if one was told by the other (notes on scales in docs/workflow.md). A person may
override, with a reason. What only security may read counts towards no number that others see.
"""

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from elections.folding import fold
from incidents.models import Incident, Report, ReportLink
from incidents.vocabulary import Audience, ReportState

URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'«»“”]+", re.IGNORECASE)
TRACKING = re.compile(r"utm_|fbclid|gclid|yclid|igsh|si$|ref$", re.IGNORECASE)
TAIL = "/.,;:!?)]}"
WORDS = re.compile(r"[\w.@-]+")
SAME: dict[str, str | Promise] = {
    "person": _("the same person"),
    "team": _("the same team"),
    "device": _("the same device"),
    "told by": _("the same informant"),
    "link": _("the same link"),
    "report": _("one was told by the other"),
}
Marks = set[tuple[str, Hashable]]


def upstream_links(text: str) -> set[str]:
    """Addresses a text repeats, as they compare: host, path, and what names the article."""
    found = set()
    for typed in URL.findall(text):
        try:
            parts = urlsplit((typed if "://" in typed else f"https://{typed}").rstrip(TAIL))
            host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
            query = sorted(parse_qsl(parts.query, max_num_fields=50))
        except ValueError:
            continue
        said = urlencode([pair for pair in query if not TRACKING.match(pair[0])])
        # A bare host is a place to look, not a thing that was read.
        if host and (parts.path.strip("/") or said):
            found.add(f"{host}{parts.path.rstrip('/')}?{said}")
    return found


def _marks(report: Report, named: dict[str, Hashable]) -> Marks:
    """`named`: account and reference of every other report here -> that report."""
    marks: Marks = {("person", report.author.person), ("report", report.pk)}
    if report.team_id:
        marks.add(("team", report.team_id))
    if report.device_id:
        marks.add(("device", report.device_id))
    links = upstream_links(f"{report.text} {report.told_by}")
    marks |= {("link", link) for link in links}
    told_by = report.told_by.strip()
    if told_by and not upstream_links(told_by):
        marks.add(("told by", fold(told_by)))
    words = {told_by.casefold(), *WORDS.findall(told_by.casefold())}
    marks |= {("report", named[word]) for word in words if word in named}
    return marks


def _named(links: Iterable[ReportLink]) -> dict[str, Hashable]:
    names: dict[str, Hashable] = {}
    for link in links:
        names[link.report.ref.casefold()] = link.report_id
        names[link.report.author.get_username().casefold()] = link.report_id
    return names


def _counting(incident: Incident, *, sealed: bool) -> list[ReportLink]:
    # All of them, for SQLite would begin with every report of that state.
    links = ReportLink.objects.filter(incident=incident).select_related("report__author")
    return [
        link
        for link in links.order_by("linked_at", "pk")
        if link.report.state == ReportState.LINKED
        and (sealed or link.report.audience == Audience.TEAM)
    ]


def source_groups(incident: Incident, *, sealed: bool = False) -> list[list[ReportLink]]:
    """Links that count, grouped so that each group is one source."""
    return _grouped(_counting(incident, sealed=sealed))


def source_groups_of(incidents: Iterable[UUID]) -> dict[UUID, list[list[ReportLink]]]:
    """The same of many, by one question; never with what only security may read."""
    links = ReportLink.objects.filter(
        incident__in=list(incidents),
        report__state=ReportState.LINKED,
        report__audience=Audience.TEAM,
    ).select_related("report__author", "report__team")
    of: dict[UUID, list[ReportLink]] = {}
    for link in links.order_by("linked_at", "pk"):
        of.setdefault(link.incident_id, []).append(link)
    return {incident: _grouped(counted) for incident, counted in of.items()}


def _grouped(links: list[ReportLink]) -> list[list[ReportLink]]:
    named = _named(links)
    groups: list[tuple[Marks, list[ReportLink]]] = []
    for link in links:
        marks = {("alone", link.pk)} if link.independent_override else _marks(link.report, named)
        shared = [group for group in groups if group[0] & marks]
        if link.independent_override is False and not shared:
            shared = groups[:1]
        joined_marks: Marks = set(marks)
        joined_links = [link]
        for group in shared:
            joined_marks |= group[0]
            joined_links = group[1] + joined_links
            groups.remove(group)
        groups.append((joined_marks, joined_links))
    return [members for _marks_of, members in groups]


def independent_sources(incident: Incident) -> int:
    return len(source_groups(incident))


@dataclass(frozen=True)
class Standing:
    """Whether a report adds a source of its own. `with_refs`: those it is one source with."""

    independent: bool
    judged: bool
    why: tuple[str, ...]
    with_refs: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return [str(SAME[kind]) for kind in self.why]


def standings(incident: Incident, *, among: Iterable[Any]) -> dict[int, Standing]:
    """Of each link in `among` (what the reader may read): is it a source of its own, and why."""
    readable = {link.pk for link in among}
    links = [link for link in _counting(incident, sealed=True) if link.pk in readable]
    named = _named(links)
    marks = {link.pk: _marks(link.report, named) for link in links}
    found = {}
    for link in links:
        others = [one for one in links if one.pk != link.pk and not one.independent_override]
        shared = {one.report.ref: marks[link.pk] & marks[one.pk] for one in others}
        alike = {ref: marks_ for ref, marks_ in shared.items() if marks_}
        kinds = {kind for marks_ in alike.values() for kind, _value in marks_}
        judged = link.independent_override is not None
        found[link.pk] = Standing(
            independent=bool(link.independent_override) if judged else not alike,
            judged=judged,
            why=() if judged else tuple(kind for kind in SAME if kind in kinds),
            with_refs=() if judged else tuple(sorted(alike)),
        )
    return found
