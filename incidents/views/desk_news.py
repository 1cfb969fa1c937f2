"""What happened since a desk last asked, row by row, and who is at what. Asked every few seconds.

Nothing new for this person is 204 after five small queries. What they may not see wakes nobody.
"""

import hashlib
from typing import Any
from uuid import UUID

from django.core.cache import caches
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
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
MOST, SHARED_FOR = 200, 30
Changed = dict[str, dict[UUID, str]]


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
    moved = all_at_work != before.all_at_work
    at_work = holders(request) if moved or any(changed.values()) else {}
    seen = digest(at_work.items()) if moved else before.seen_at_work
    now = Standing(seq, all_at_work, seen)
    if not any(changed.values()) and seen == before.seen_at_work:
        return _nothing(now, request)
    moved = seen != before.seen_at_work
    key = _shared_by(request, changed, at_work, moved=moved)
    if (text := caches["memory"].get(key)) is None:
        text = _told(request, changed, at_work, moved=moved)
        caches["memory"].set(key, text, SHARED_FOR)
    answer = HttpResponse(text)
    answer[HEADER] = now.sealed(request.user)
    return answer


def _nothing(now: Standing, request: SignedIn) -> HttpResponse:
    return HttpResponse(status=204, headers={HEADER: now.sealed(request.user)})


def _changed(request: SignedIn, after: int, upto: int) -> Changed:
    """By list: references by id of what this person sees and a line that they see is about."""
    lines = history.subjects(after=after, upto=upto)
    reports = {row.pk: row.ref for row in reports_seen(request, {r for _i, r in lines if r})}
    # A line about a sealed report is no news about its incident to those who do not see it.
    told = {incident for incident, report in lines if incident and report in (None, *reports)}
    incidents = {row.pk: row.ref for row in incidents_seen(request, told)}
    return {ReportList.name: reports, IncidentList.name: incidents}


def _shared_by(
    request: SignedIn, changed: Changed, at_work: dict[UUID, str], *, moved: bool
) -> str:
    """Desks that see the same rows, ask the same and missed the same are told the same."""
    asked = sorted((name, values) for name, values in request.GET.lists() if name != SINCE)
    parts = [
        desk.what_is_seen(request),
        history.head(),
        get_language(),
        request.user.pk if "assignee" in request.GET else "",
        asked,
        sorted(map(str, [*changed[ReportList.name], *changed[IncidentList.name]])),
        sorted((str(subject), name) for subject, name in at_work.items()),
        moved,
    ]
    return f"desk-news-{hashlib.sha256(repr(parts).encode()).hexdigest()}"


def _told(request: SignedIn, changed: Changed, at_work: dict[UUID, str], *, moved: bool) -> str:
    """The rows as they are now, and the references of those that left the list."""
    chosen = wanted(request.GET, also={SINCE})
    sections, gone = [], set()
    for kind, rows_of in ((ReportList, desk.reports_of), (IncidentList, desk.incidents_of)):
        pks = {*changed[kind.name], *(at_work if moved else ())}
        if not pks or chosen not in ("", kind.name):
            continue
        found, keys = narrowed(kind, request, rows_of(request, among=pks))
        lines = _lines(request, kind.name, found, keys)
        gone |= {*changed[kind.name].values()} - {line["ref"] for line in lines}
        sections.append({"kind": kind.name, "rows": lines})
    context = {
        "sections": sections,
        "gone": sorted(gone),
        "tabs": desk.tabs_of(request),
        "as_of": desk.as_of(request),
        "at_work": at_work,
    }
    return render_to_string("incidents/desk/queue_news.html", context)


def _lines(
    request: SignedIn, kind: str, found: Any, keys: tuple[Key, ...]
) -> list[dict[str, Any]]:
    rows = list(found)
    if kind == ReportList.name:
        return desk.report_rows(rows, keys=keys)
    return desk.incident_rows(request, rows, keys=keys)
