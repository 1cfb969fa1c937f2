"""What a partner reads beside the public columns of a published incident, and that they did.

It is made at each reading and kept nowhere, so it is as true as the desk's present knowledge and
ends with the agreement. Sealed reports count nowhere (docs/decisions/0013), and nothing in a row
names a person (0020).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from incidents.agreed import ALL, BY_NAME
from incidents.codebook import Column, cell, dumps
from incidents.exports import Shape
from incidents.lines import harmless
from incidents.models import Evidence, Incident, ReportLink
from incidents.querysets import partner_memberships
from incidents.vocabulary import EvidenceState, Grounds, Source
from incidents.workflow.independence import source_groups_of
from observers.models import ApiToken, Membership, PartnerAccess, User
from observers.pseudonyms import Pseudonym, given_to
from observers.roles import Role

AT_ONCE = 500  # rows whose sources are read together
# Below two, a team's name would be a person's.
LEAST_OF_A_TEAM = 2
NEEDED = ("document", "incident_id", "election_id", "has_response")
Row = Mapping[str, Any]
Sources = list[list[ReportLink]]


@dataclass(frozen=True)
class AgreedShape(Shape):
    """As `Shape`, of the agreed columns, too."""

    columns: tuple[Column, ...] = ALL

    @property
    def whole(self) -> bool:
        return self.labels is None and self.columns == ALL

    def cells(self, document: str) -> list[str]:
        row = []
        for name, value in self.flat(json.loads(document)).items():
            column = BY_NAME.get(name)
            if column is None:  # a label
                row.append(harmless(";".join(value) if isinstance(value, list) else value or ""))
            else:
                text = cell(column, value)
                number = isinstance(value, int | float) and column.numeric
                row.append(text if number else harmless(text))
        return row


def documents(rows: Iterable[Row], *, partner: User) -> Iterator[str]:
    """The stored document of each row (with NEEDED), the agreed columns added at its end."""
    return _documents(rows, _agreements(partner))


def stream(rows: "QuerySet[Any, Any]", *, partner: User) -> Iterator[str]:
    """The same of all of them, read as they are sent.

    What is agreed is asked at once: it is not to end in the middle of a file.
    """
    return _streamed(rows.values(*NEEDED), _agreements(partner))


def _agreements(partner: User) -> dict[int, Membership]:
    """By election; the oldest of several."""
    held = reversed(partner_memberships(partner))
    return {one.election_id: one for one in held if one.election_id is not None}


def _streamed(needed: "QuerySet[Any, Any]", agreed: Mapping[int, Membership]) -> Iterator[str]:
    """As in `exports.rows`: the cursor lies in a transaction on PostgreSQL only."""
    if connections[needed.db].vendor == "postgresql":
        with transaction.atomic(using=needed.db):
            yield from _documents(needed.iterator(chunk_size=AT_ONCE), agreed)
    else:
        yield from _documents(needed.iterator(chunk_size=AT_ONCE), agreed)


def _documents(rows: Iterable[Row], agreed: Mapping[int, Membership]) -> Iterator[str]:
    known: dict[int, Pseudonym] = {}
    waiting: list[Row] = []
    for row in rows:
        election = row["election_id"]
        if election not in known:
            known[election] = given_to(agreed[election])
        waiting.append(row)
        if len(waiting) == AT_ONCE:
            yield from _told(waiting, known)
            waiting = []
    if waiting:
        yield from _told(waiting, known)


def _told(rows: list[Row], known: Mapping[int, Pseudonym]) -> Iterator[str]:
    ids = [row["incident_id"] for row in rows]
    standing = {
        pk: (status, outcome)
        for pk, status, outcome in Incident.objects.filter(pk__in=ids)
        .order_by()
        .values_list("pk", "status", "outcome")
    }
    groups = source_groups_of(ids)
    links = [link for sources in groups.values() for source in sources for link in source]
    with_file = set(
        Evidence.objects.filter(
            report__in=[link.report_id for link in links], state=EvidenceState.READY
        )
        .order_by()
        .values_list("report", flat=True)
    )
    large = _large_teams({link.report.team_id for link in links if link.report.team_id})
    for row in rows:
        sources = groups.get(row["incident_id"], [])
        status, outcome = standing[row["incident_id"]]
        more = {
            **_counted(sources),
            "grounds": _grounds(sources, with_file, answered=row["has_response"]),
            **_who(sources, large, known[row["election_id"]]),
            "first_reported_at": _first(sources),
            "desk_status": status,
            "desk_outcome": outcome or None,
        }
        yield f"{row['document'][:-1]},{dumps(more)[1:]}"


def _large_teams(teams: set[UUID]) -> set[UUID]:
    """Counted over all times: a pseudonym neither comes nor goes with somebody's contract."""
    members = Membership.objects.filter(team__in=teams, role=Role.OBSERVER).order_by()
    counted = members.values("team").annotate(people=Count("user__person", distinct=True))
    large = counted.filter(people__gte=LEAST_OF_A_TEAM)
    return set(large.values_list("team", flat=True))


def _counted(sources: Sources) -> dict[str, Any]:
    nearest = [min(_distance(link) for link in source) for source in sources]
    kinds = [*Source.values, "unknown"]
    return {
        "reports": sum(map(len, sources)),
        "sources_by_kind": {
            kind: n for place, kind in enumerate(kinds) if (n := nearest.count(place))
        },
    }


def _distance(link: ReportLink) -> int:
    """The kinds of sources are listed from the nearest to what happened to the farthest."""
    kinds: list[str] = list(Source.values)
    return kinds.index(link.report.source) if link.report.source in kinds else len(kinds)


def _grounds(sources: Sources, with_file: set[UUID], *, answered: bool) -> list[str]:
    links = [link for source in sources for link in source]
    holds = {
        Grounds.SEVERAL_SOURCES: len(sources) > 1,
        Grounds.SEVERAL_ORGANISATIONS: len(_organisations(links)) > 1,
        Grounds.FILE: any(link.report_id in with_file for link in links),
        Grounds.OFFICIAL_RESPONSE: answered,
        Grounds.JUDGED: any(link.independent_override is not None for link in links),
    }
    return [ground.value for ground, true in holds.items() if true]


def _organisations(links: Iterable[ReportLink]) -> set[UUID]:
    return {link.report.team.organisation_id for link in links if link.report.team}


def _who(sources: Sources, large: set[UUID], pseudonym: Pseudonym) -> dict[str, list[str]]:
    """Sorted by the pseudonym: no order of arrival."""
    links = [link for source in sources for link in source]
    teams = {link.report.team_id for link in links if link.report.team_id in large}
    return {
        "organisations": sorted(pseudonym("org", pk) for pk in _organisations(links)),
        "teams": sorted(pseudonym("team", pk) for pk in teams if pk),
    }


def _first(sources: Sources) -> str | None:
    arrived: list[datetime] = [link.report.received_at for source in sources for link in source]
    if not arrived:
        return None
    hour = min(arrived).replace(minute=0, second=0, microsecond=0)
    return hour.isoformat(timespec="seconds")


def note_access(
    token: ApiToken,
    *,
    resource: str,
    format_: str,
    filters: Mapping[str, Any],
    rows: int,
    data_version: int,
) -> PartnerAccess:
    """Before anything leaves: what could not be written down is not read."""
    return PartnerAccess.objects.create(
        at=timezone.now(),
        user=token.user,
        token=token,
        prefix=token.prefix,
        resource=resource,
        format=format_,
        filters=dict(filters),
        rows=rows,
        data_version=data_version,
    )
