"""The queue: what needs a person now."""

import hashlib
import json
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.cache import caches
from django.core.exceptions import EmptyResultSet
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from elections.keyset import Key, walk
from elections.models import Election
from elections.templatetags.say import local
from incidents import history, wording
from incidents.filters.desk import DUE
from incidents.models import Incident, RawReport, Report
from incidents.querysets import (
    IncidentQuerySet,
    ReportQuerySet,
    desk_memberships,
    telling_of_danger,
)
from incidents.views import clocks, desk_bulk, desk_standing, desk_views, telling
from incidents.views.desk_lists import (
    LIMITS,
    LIST,
    DeskList,
    IncidentList,
    ReportList,
    RowsOf,
    foreign,
    wanted,
)
from incidents.views.desk_standing import Standing
from incidents.views.entering import SignedIn, desk_only
from incidents.vocabulary import DraftState, IncidentStatus, ReportState

FEW = 25
BESIDE = 12
EXCERPT = 160
SLOW_S = 0.1
TABS: tuple[tuple[str, str, str, Any], ...] = (
    ("reports", "state", ReportState.RECEIVED, lazy("Reports waiting")),
    ("reports", "state", ReportState.QUARANTINED, lazy("In quarantine")),
    ("incidents", "status", IncidentStatus.OPEN, lazy("Incidents open")),
    ("incidents", "status", IncidentStatus.IN_REVIEW, lazy("In review")),
    ("incidents", "status", IncidentStatus.PARKED, lazy("Parked")),
    ("incidents", "status", IncidentStatus.CLOSED, lazy("Closed")),
)
Row = dict[str, Any]


@require_safe
@desk_only
def queue(request: SignedIn) -> HttpResponse:
    now = desk_standing.standing(request)
    chosen = wanted(request.GET)
    together = not chosen
    reports = ReportList(request, reports_of, together=together)
    incidents = IncidentList(request, incidents_of, together=together)
    shown: DeskList = reports if chosen == ReportList.name else incidents
    for sentence in foreign(request.GET, chosen):
        shown.form.add_error(None, sentence)
    if together:
        sections = _first_rows(request, reports, incidents)
    else:
        sections = [_whole_page(request, shown)]
    own_list = "" if together else f"?{LIST}={chosen}"
    context = {
        "section": "queue",
        "overview": together and not shown.faulty,
        "sections": sections,
        "at_work": desk_standing.holders(request),
        "form": shown.form,
        "applied": shown.applied(),
        "clear_url": reverse("desk-queue") + own_list,
        "tabs": tabs_of(request, shown, together=together),
        "as_of": as_of(request),
        "news_url": _news_url(request, now),
        "views": desk_views.saved(request, "" if together else shown.saved_as),
        "limits": [] if together else _limits(shown),
    }
    status = 400 if shown.faulty else 200
    return render(request, "incidents/desk/queue.html", context, status=status)


def _news_url(request: SignedIn, now: Standing) -> str:
    asked = request.GET.copy()
    asked["since"] = now.sealed(request.user)
    return f"{reverse('desk-news')}?{asked.urlencode()}"


def _limits(shown: DeskList) -> list[Row]:
    return [
        {
            "text": str(limit),
            "url": shown.address(limit=str(limit)),
            "current": limit == shown.limit,
        }
        for limit in LIMITS
    ]


def reports_of(
    request: SignedIn, among: Collection[Any] | None = None
) -> "ReportQuerySet[Report]":
    rows = Report.objects.on_desk(request.user, by_key=among is not None)
    rows = rows.select_related("election", "region", "station", "team", "device")
    return rows if among is None else rows.filter(pk__in=among)


def incidents_of(
    request: SignedIn, among: Collection[Any] | None = None
) -> "IncidentQuerySet[Incident]":
    rows = Incident.objects.visible_to(request.user, by_key=among is not None)
    rows = rows.select_related("election", "station", "assignee", "draft")
    rows = rows.prefetch_related("regions")
    return rows if among is None else rows.filter(pk__in=among)


def _first_rows(request: SignedIn, reports: ReportList, incidents: IncidentList) -> list[Row]:
    """What nobody has taken up, then what is at work: a screenful of each, most urgent first."""
    if incidents.faulty:
        return []
    waiting, at_work = reports.page(FEW), incidents.page(FEW)
    found = [
        _section(
            _("Reports waiting"),
            reports=report_rows(waiting.rows, keys=reports.keys),
            more=waiting.next and reports.address(),
        ),
        _section(
            _("Incidents at work"),
            incidents=incident_rows(request, at_work.rows, keys=incidents.keys),
            more=at_work.next and incidents.address(),
        ),
    ]
    return [one for one in found if one["rows"]]


def _whole_page(request: SignedIn, shown: DeskList) -> Row:
    page = shown.page()
    urls = {
        "next_url": shown.address(cursor=page.next) if page.next else "",
        "previous_url": shown.address(cursor=page.previous) if page.previous else "",
    }
    if shown.faulty:
        return _section(shown.title, reports=[]) | urls
    if shown.name == ReportList.name:
        return _section(shown.title, reports=report_rows(page.rows, keys=shown.keys)) | urls
    rows = incident_rows(request, page.rows, keys=shown.keys)
    return _section(shown.title, incidents=rows) | urls


def _section(
    title: Any,
    *,
    reports: list[Row] | None = None,
    incidents: list[Row] | None = None,
    more: Any = "",
) -> Row:
    kind = "reports" if incidents is None else "incidents"
    return {
        "title": title,
        "kind": kind,
        "rows": reports if incidents is None else incidents,
        "more_url": more or "",
        "bulk": desk_bulk.OFFERED[kind],
    }


def tabs_of(
    request: SignedIn, shown: DeskList | None = None, *, together: bool = False
) -> list[Row]:
    """Counts by state; with `shown` also which of them is open."""
    user = request.user
    states = {"reports": _states("reports"), "incidents": _states("incidents")}
    counts = {
        "reports": _counted(Report.objects.on_desk(user), "state", states["reports"]),
        "incidents": _counted(
            Incident.objects.all_visible_to(user), "status", states["incidents"]
        ),
    }
    asked = ",".join(shown.filterset.data.getlist(shown.state)) if shown and not together else ""
    home = reverse("desk-queue")
    tabs = [{"text": _("Everything now"), "url": home, "current": together}]
    for name, field, state, text in TABS:
        tabs.append(
            {
                "text": text,
                "url": f"{home}?{LIST}={name}&{field}={state}",
                "count": counts[name].get(state, 0),
                "current": asked == state and shown is not None and shown.name == name,
            }
        )
    return tabs + _unread(request)


def _states(kind: str) -> list[str]:
    return [state for name, _field, state, _text in TABS if name == kind]


def beside(request: SignedIn, current: str) -> list[Row]:
    """The head of the queue for wide screens; `current`: reference of the page it stands on."""
    at_work = [Q(status=status) for status in IncidentList.waiting]
    reports = most_urgent(request, reports_of, [Q(state=ReportState.RECEIVED)])
    incidents = most_urgent(request, incidents_of, at_work)
    return [
        {
            "url": reverse("desk-report", args=[row.pk]),
            "text": Truncator(row.text).chars(60) or row.ref,
            "language": row.language,
            "danger": telling.danger_words(row),
            "current": row.ref == current,
        }
        for row in reports
    ] + [
        {
            "url": reverse("desk-incident", args=[row.ref]),
            "text": row.title,
            "severity": row.severity,
            "state": row.status,
            "current": row.ref == current,
        }
        for row in incidents
    ]


def most_urgent(
    request: SignedIn, rows_of: RowsOf, apart: Sequence[Q], limit: int = BESIDE
) -> list[Any]:
    """Of the rows that meet one of `apart`, each of which names one state."""
    page = walk(
        rows_of(request),
        keys=DUE,
        limit=limit,
        cursor=None,
        binding="most urgent",
        apart=apart,
        whole=lambda pks: rows_of(request, among=pks),
    )
    return page.rows


def _unread(request: SignedIn) -> list[Row]:
    count = RawReport.objects.visible_to(request.user).unread().count()
    if not count:
        return []
    url = reverse("desk-arrivals")
    return [{"text": _("Could not be read"), "url": url, "count": count, "current": False}]


def as_of(request: SignedIn) -> str:
    """A list that stopped renewing itself shows it by its hour."""
    return wording.clock(timezone.now(), zone_of_desk(request))


def zone_of_desk(request: SignedIn) -> str:
    first = (
        Election.objects.visible_to(request.user)
        .filter(memberships__in=[membership.pk for membership in desk_memberships(request.user)])
        .first()
    )
    return first.time_zone if first else "UTC"


def _counted(rows: "QuerySet[Any, Any]", field: str, states: list[str]) -> dict[str, int]:
    """States change only with a line of history: until the next one, desks that see the same rows
    share one count. One that took long is not taken again before a hundred times as long."""
    counted = rows.filter(**{f"{field}__in": states}).order_by()
    counted = counted.values_list(field).annotate(n=Count("*"))
    asked, kept = _sql(counted), caches["memory"]
    exact, costly = _key(f"{history.head()} {asked}"), _key(asked)
    found: dict[str, int] | None = kept.get(exact) or kept.get(costly)
    if found is None:
        began = time.monotonic()
        found = dict(counted)
        took = time.monotonic() - began
        kept.set(exact, found, 60)
        if took > SLOW_S:
            kept.set(costly, found, 100 * took)
    return found


def _key(said: str) -> str:
    return f"desk-count-{hashlib.sha256(said.encode()).hexdigest()}"


def what_is_seen(request: SignedIn) -> str:
    """The same for two people exactly when they see the same rows."""
    seen = (
        Report.objects.on_desk(request.user),
        Incident.objects.visible_to(request.user),
        RawReport.objects.visible_to(request.user),
    )
    return " ".join(_sql(rows) for rows in seen)


def _sql(rows: "QuerySet[Any, Any]") -> str:
    """Empty for a question that no row can answer."""
    try:
        return str(rows.query)
    except EmptyResultSet:
        return ""


def report_rows(reports: Iterable[Report], *, keys: Sequence[Key] = ()) -> list[Row]:
    """`keys`: the order of the list they stand in."""
    now = timezone.now()
    return [_report_row(report, now) | _placed(report, keys) for report in reports]


def _placed(row: Report | Incident, keys: Sequence[Key]) -> Row:
    """Where it belongs in its list, so that a page can put in a row that was not there."""
    key = [_sortable(getattr(row, one.field)) for one in keys]
    return {"key": json.dumps(key), "way": "".join("-" if k.descending else "+" for k in keys)}


def _sortable(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{value:09}" if isinstance(value, int) else str(value)


def _report_row(report: Report, now: datetime) -> Row:
    zone = telling.report_zone(report)
    category = report.category_known
    return {
        "pk": report.pk,
        "ref": report.ref,
        "chosen_by": f"report:{report.pk}:{report.state}",
        "url": reverse("desk-report", args=[report.pk]),
        "danger": telling.danger_words(report),
        "excerpt": Truncator(report.text).chars(EXCERPT),
        "language": report.language,
        "category": category.short_name if category else "",
        "icon": category.icon if category else "",
        "where": telling.report_place(report) or report.place_words,
        "unresolved": bool(report.unresolved),
        "when": telling.happened_in_short(report, zone),
        "when_in_full": telling.happened(report, zone),
        "received": local(report.received_at, zone),
        "clock": clocks.of_report(report, now),
        "source": report.get_source_display(),
        "state": report.state,
        "sealed": report.audience == "security_only",
        "locked": report.from_locked_phone,
        "follow_up": report.get_follow_up_kind_display(),
        "seen": report.seen_at is not None,
    }


def incident_rows(
    request: SignedIn, incidents: Sequence[Incident], *, keys: Sequence[Key] = ()
) -> list[Row]:
    countries = telling.countries(request.user, [row.election for row in incidents])
    now, danger = timezone.now(), telling_of_danger(request.user, incidents)
    return [
        _incident_row(row, countries, now) | {"danger": row.pk in danger} | _placed(row, keys)
        for row in incidents
    ]


def _incident_row(incident: Incident, countries: dict[int, str], now: datetime) -> Row:
    regions = list(incident.regions.all())
    draft = getattr(incident, "draft", None)
    country = countries.get(incident.election.region_set_id, "")
    zone = telling.zone_of(incident.election, regions)
    return {
        "pk": incident.pk,
        "ref": incident.ref,
        "version": incident.version,
        "chosen_by": f"incident:{incident.ref}:{incident.version}",
        "url": reverse("desk-incident", args=[incident.ref]),
        "title": incident.title,
        "category": incident.category_known.short_name,
        "icon": incident.category_known.icon,
        "severity": incident.severity,
        "verification": incident.verification,
        "where": telling.incident_place(incident, regions, country) or incident.place_words,
        "when": telling.happened_in_short(incident, zone),
        "when_in_full": telling.happened(incident, zone),
        "status": incident.status,
        "assignee": incident.assignee.get_username() if incident.assignee else "",
        "publication": draft.state if draft else "",
        "embargoed": bool(draft and draft.state == DraftState.APPROVED and draft.embargo_until),
        "clock": clocks.of_incident(incident, now),
    }
