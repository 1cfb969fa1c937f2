"""What happened since a desk last asked, row by row, and who is at what. Asked every few seconds.

Nothing new for this person is 204 after five small queries. What they may not see wakes nobody.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from elections.keyset import Key
from incidents import history
from incidents.views import desk
from incidents.views.desk_lists import IncidentList, ReportList, narrowed, wanted
from incidents.views.desk_standing import (
    Standing,
    digest,
    holders,
    incidents_seen,
    opened,
    reports_seen,
)
from incidents.views.entering import SignedIn, desk_only
from incidents.workflow import leases

SINCE, HEADER = "since", "Desk-Standing"
# With more than this the whole list is asked for again: one answer instead of many rows.
MOST = 200


@require_safe
@never_cache
@desk_only
def news(request: SignedIn) -> HttpResponse:
    before = opened(request.GET.get(SINCE, ""), request.user)
    if before is None:
        return HttpResponse(status=205)
    seq, all_at_work = history.newest(), digest(leases.all_held())
    if (seq, all_at_work) == (before.seq, before.all_at_work):
        return _nothing(before, request)
    if seq - before.seq > MOST:
        return HttpResponse(status=205)
    changed = _changed(request, before.seq, seq)
    at_work = holders(request) if all_at_work != before.all_at_work else None
    seen = before.seen_at_work if at_work is None else digest(at_work.items())
    now = Standing(seq, all_at_work, seen)
    if not changed and seen == before.seen_at_work:
        return _nothing(now, request)
    answer = _told(request, changed, holders(request) if at_work is None else at_work)
    answer[HEADER] = now.sealed(request.user)
    return answer


def _nothing(now: Standing, request: SignedIn) -> HttpResponse:
    return HttpResponse(status=204, headers={HEADER: now.sealed(request.user)})


def _changed(request: SignedIn, after: int, upto: int) -> dict[UUID, str]:
    """References by id of what this person sees and what a line that they see is about."""
    lines = history.subjects(after=after, upto=upto)
    reports = {row.pk: row.ref for row in reports_seen(request, {r for _i, r in lines if r})}
    # A line about a sealed report is no news about its incident to those who do not see it.
    told = {incident for incident, report in lines if incident and report in (None, *reports)}
    return reports | {row.pk: row.ref for row in incidents_seen(request, told)}


def _told(request: SignedIn, changed: dict[UUID, str], at_work: dict[UUID, str]) -> HttpResponse:
    """The rows as they are now, and the references of those that left the list."""
    chosen = wanted(request.GET, also={SINCE})
    sections, here = [], set()
    pks = {*changed, *at_work}
    for kind, rows in ((ReportList, desk.reports_of), (IncidentList, desk.incidents_of)):
        if chosen not in ("", kind.name):
            continue
        found, keys = narrowed(kind, request, rows(request, among=pks))
        lines = _lines(request, kind.name, found, keys)
        here |= {line["ref"] for line in lines}
        sections.append({"kind": kind.name, "rows": lines})
    context = {
        "sections": sections,
        "gone": sorted(set(changed.values()) - here),
        "tabs": desk.tabs_of(request),
        "as_of": desk.as_of(request),
        "at_work": at_work,
    }
    return render(request, "incidents/desk/queue_news.html", context)


def _lines(
    request: SignedIn, kind: str, found: Any, keys: tuple[Key, ...]
) -> list[dict[str, Any]]:
    rows = list(found)
    if kind == ReportList.name:
        return desk.report_rows(rows, keys=keys)
    return desk.incident_rows(request, rows, keys=keys)
