"""The queue: what needs a person now."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from elections.models import Election
from elections.templatetags.say import local
from incidents import wording
from incidents.models import Incident, RawReport, Report
from incidents.querysets import desk_memberships
from incidents.views import clocks, telling
from incidents.views.desk_lists import (
    LIST,
    DeskList,
    IncidentList,
    ReportList,
    foreign,
    wanted,
)
from incidents.views.entering import SignedIn, desk_only
from incidents.vocabulary import Danger, DraftState, IncidentStatus, ReportState

FEW = 25
BESIDE = 12
EXCERPT = 160
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
    chosen = wanted(request.GET)
    together = not chosen
    reports = ReportList(request, _reports(request), together=together)
    incidents = IncidentList(request, _incidents(request), together=together)
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
        "sections": sections,
        "form": shown.form,
        "applied": shown.applied(),
        "clear_url": reverse("desk-queue") + own_list,
        "tabs": _tabs(request, shown, together=together),
        "as_of": _as_of(request),
    }
    status = 400 if shown.faulty else 200
    return render(request, "incidents/desk/queue.html", context, status=status)


def _reports(request: SignedIn) -> "QuerySet[Report, Report]":
    rows = Report.objects.on_desk(request.user)
    return rows.select_related("election", "region", "station", "team")


def _incidents(request: SignedIn) -> "QuerySet[Incident, Incident]":
    dangerous = Report.objects.on_desk(request.user).exclude(danger=Danger.NONE)
    rows = Incident.objects.visible_to(request.user)
    return (
        rows.select_related("election", "station", "assignee", "draft")
        .prefetch_related("regions")
        .annotate(in_danger=Exists(dangerous.filter(incidents=OuterRef("pk"))))
    )


def _first_rows(request: SignedIn, reports: ReportList, incidents: IncidentList) -> list[Row]:
    """Danger, then reports nobody has taken up, then incidents at work: a screenful of each."""
    if incidents.faulty:
        return []
    waiting = reports.parsed.queryset.order_by("received_at", "id")
    in_danger = list(waiting.exclude(danger=Danger.NONE)[: FEW + 1])
    calm = list(waiting.filter(danger=Danger.NONE)[: FEW + 1])
    at_work = incidents.page(FEW)
    dangers = [word for word in Danger.values if word != Danger.NONE]
    found = [
        _section(
            _("Reports from people in danger"),
            reports=report_rows(in_danger[:FEW]),
            more=len(in_danger) > FEW and reports.address(danger=",".join(dangers)),
        ),
        _section(
            _("Reports waiting"),
            reports=report_rows(calm[:FEW]),
            more=len(calm) > FEW and reports.address(),
        ),
        _section(
            _("Incidents at work"),
            incidents=incident_rows(request, at_work.rows),
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
    if shown.name == ReportList.name:
        return _section(_("Reports"), reports=report_rows(page.rows)) | urls
    return _section(_("Incidents"), incidents=incident_rows(request, page.rows)) | urls


def _section(
    title: str,
    *,
    reports: list[Row] | None = None,
    incidents: list[Row] | None = None,
    more: Any = "",
) -> Row:
    return {
        "title": title,
        "kind": "reports" if incidents is None else "incidents",
        "rows": reports if incidents is None else incidents,
        "more_url": more or "",
    }


def _tabs(request: SignedIn, shown: DeskList, *, together: bool) -> list[Row]:
    counts = {
        "reports": _counted(Report.objects.on_desk(request.user), "state"),
        "incidents": _counted(Incident.objects.visible_to(request.user), "status"),
    }
    asked = "" if together else ",".join(shown.filterset.data.getlist(shown.state))
    home = reverse("desk-queue")
    tabs = [{"text": _("Everything now"), "url": home, "current": together}]
    for name, field, state, text in TABS:
        tabs.append(
            {
                "text": text,
                "url": f"{home}?{LIST}={name}&{field}={state}",
                "count": counts[name].get(state, 0),
                "current": shown.name == name and asked == state,
            }
        )
    return tabs + _unread(request)


def beside(request: SignedIn, current: str) -> list[Row]:
    """The head of the queue for wide screens; `current`: reference of the page it stands on."""
    waiting = Report.objects.on_desk(request.user).filter(state=ReportState.RECEIVED)
    at_work = Incident.objects.visible_to(request.user).filter(status__in=IncidentList.waiting)
    reports = waiting.order_by("-danger", "received_at", "pk")[:BESIDE]
    incidents = at_work.order_by("-severity", "opened_at", "pk")[:BESIDE]
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


def _unread(request: SignedIn) -> list[Row]:
    count = RawReport.objects.visible_to(request.user).unread().count()
    if not count:
        return []
    url = reverse("desk-arrivals")
    return [{"text": _("Could not be read"), "url": url, "count": count, "current": False}]


def _as_of(request: SignedIn) -> str:
    """A list that stopped renewing itself shows it by its hour."""
    first = (
        Election.objects.visible_to(request.user)
        .filter(memberships__in=[membership.pk for membership in desk_memberships(request.user)])
        .first()
    )
    zone = first.time_zone if first else "UTC"
    return wording.clock(timezone.now(), zone)


def _counted(rows: "QuerySet[Any, Any]", field: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(field).annotate(n=Count("pk")))


def report_rows(reports: Iterable[Report]) -> list[Row]:
    now = timezone.now()
    return [_report_row(report, now) for report in reports]


def _report_row(report: Report, now: datetime) -> Row:
    zone = telling.report_zone(report)
    category = report.category_known
    return {
        "ref": report.ref,
        "url": reverse("desk-report", args=[report.pk]),
        "danger": telling.danger_words(report),
        "excerpt": Truncator(report.text).chars(EXCERPT),
        "language": report.language,
        "category": category.short_name if category else "",
        "icon": category.icon if category else "",
        "where": telling.report_place(report) or report.place_words,
        "unresolved": bool(report.unresolved),
        "when": telling.happened(report, zone),
        "received": local(report.received_at, zone),
        "clock": clocks.of_report(report, now),
        "source": report.get_source_display(),
        "state": report.state,
        "sealed": report.audience == "security_only",
        "follow_up": report.get_follow_up_kind_display(),
        "seen": report.seen_at is not None,
    }


def incident_rows(request: SignedIn, incidents: Sequence[Incident]) -> list[Row]:
    countries = telling.countries(request.user, [row.election for row in incidents])
    now = timezone.now()
    return [_incident_row(row, countries, now) for row in incidents]


def _incident_row(incident: Incident, countries: dict[int, str], now: datetime) -> Row:
    regions = list(incident.regions.all())
    draft = getattr(incident, "draft", None)
    country = countries.get(incident.election.region_set_id, "")
    return {
        "ref": incident.ref,
        "url": reverse("desk-incident", args=[incident.ref]),
        "title": incident.title,
        "danger": getattr(incident, "in_danger", False),
        "category": incident.category_known.short_name,
        "icon": incident.category_known.icon,
        "severity": incident.severity,
        "verification": incident.verification,
        "where": telling.incident_place(incident, regions, country) or incident.place_words,
        "when": telling.happened(incident, telling.zone_of(incident.election, regions)),
        "status": incident.status,
        "assignee": incident.assignee.get_username() if incident.assignee else "",
        "publication": draft.state if draft else "",
        "embargoed": bool(draft and draft.state == DraftState.APPROVED and draft.embargo_until),
        "changed": clocks.spoken(now - incident.changed_at),
    }
