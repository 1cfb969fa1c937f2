"""A mark on a public text: what it rests on no longer holds, and an editor must look.

Written in the transaction of what shook it. `Draft.shaken_by` keeps one entry a cause:
{"cause", "detail", "report", "at", "seen", "settled"}; `seen` by a second editor at an approval,
`settled` by whoever said that the text is still good. Below intake and workflow, because a
correction that arrives shakes, too.

Reports that only security may read never mark anything: the mark would tell of them.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from incidents.locking import lock_named
from incidents.models import Draft, Report, ReportLink
from incidents.vocabulary import Audience, DraftState, FollowUpKind, ReportState

# What is public, or about to be.
RESTING = Q(incident__publication__live=True) | Q(
    state__in=[DraftState.SUBMITTED, DraftState.APPROVED]
)
Entry = dict[str, Any]


def shake(
    incidents: Iterable[Any], cause: str, *, report: Report | None = None, detail: str = ""
) -> None:
    """Mark the texts of these incidents (primary keys) that are public or about to be."""
    if report is not None and report.audience != Audience.TEAM:
        return
    resting = Draft.objects.filter(RESTING, incident__in=list(incidents)).values("pk")
    entry = {"cause": cause, "detail": detail, "report": report.ref if report else ""}
    for draft in Draft.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=resting):
        if add(draft, entry):
            draft.save(update_fields=["shaken_at", "shaken_by"])


def add(draft: Draft, entry: Entry) -> bool:
    """Whether the entry is new. The same cause is told once, also after it was settled."""
    if any(is_same(known, entry) for known in draft.shaken_by):
        return False
    now = timezone.now()
    new = entry | {"at": now.isoformat(timespec="seconds"), "seen": False, "settled": ""}
    draft.shaken_by = [*draft.shaken_by, new]
    draft.shaken_at = draft.shaken_at or now
    return True


def is_same(known: Entry, entry: Entry) -> bool:
    told = ("cause", "detail", "report")
    return all(known.get(name) == entry[name] for name in told)


def open_entries(draft: Draft) -> list[Entry]:
    return [entry for entry in draft.shaken_by if not entry.get("settled")]


def corrected_by(report: Report) -> None:
    """A report that corrects an earlier one of its author or team shakes what rests on that."""
    if report.follow_up_kind != FollowUpKind.CORRECTION or report.follow_up_of is None:
        return
    if report.state == ReportState.QUARANTINED:
        return
    same = Q(report__author__person=report.author.person)
    if report.team_id:
        same |= Q(report__team=report.team_id)
    links = ReportLink.objects.filter(
        same, report=report.follow_up_of, report__election=report.election_id
    )
    # Incident before draft, as every other door takes them.
    held = lock_named(lambda: set(links.values_list("incident", flat=True)))
    shake(held, "corrected", report=report)
