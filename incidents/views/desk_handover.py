"""What happened since you left, most important first, and the mark of what you have read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from elections.filtering import as_moment
from elections.strict import Unclear, as_text
from elections.templatetags.say import local
from incidents import history
from incidents.models import Alert, DeskMark, Event, Incident, Report
from incidents.views import desk, desk_alerts, desk_history
from incidents.views.desk_standing import Standing, holders, incidents_seen, opened, reports_seen
from incidents.views.desk_standing import standing as standing_now
from incidents.views.entering import SignedIn, desk_only
from incidents.vocabulary import ReportState

FEW, MOST_LINES = 10, 2000
FIRST_TIME = timedelta(hours=12)
# Verbs by heading, in the order in which a person has to know of them.
GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (lazy("Withdrawn from the public"), ("withdraw",)),
    (lazy("Published"), ("publish",)),
    (lazy("Refuted or disputed"), ("refute", "dispute")),
    (lazy("Verified or corroborated"), ("verify", "corroborate")),
    (lazy("Incidents opened"), ("open_incident",)),
    (lazy("Merged"), ("merge", "unmerge")),
    (lazy("Closed or parked"), ("close", "park")),
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Since:
    """Where the person left: a line of history, or a time where they never left a mark."""

    at: datetime
    seq: int | None = None
    problem: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@desk_only
def handover(request: SignedIn) -> HttpResponse:
    if request.method == "POST":
        return _read(request)
    now, zone = standing_now(request), desk.zone_of_desk(request)
    since = _since(request, zone)
    overdue = _overdue(request)
    context = {
        "section": "handover",
        "since": local(since.at, zone),
        "since_typed": request.GET.get("since", ""),
        "problem": since.problem,
        "standing": now.sealed(request.user),
        "as_of": desk.as_of(request),
        "overdue": overdue,
        "reports": _new_reports(request, since),
        "alerts": _alerts(request, since, zone),
        "groups": _groups(request, since, zone),
        "held": _held(request),
    }
    status = 400 if since.problem else 200
    return render(request, "incidents/desk/queue_handover.html", context, status=status)


def _read(request: SignedIn) -> HttpResponse:
    """The mark goes to where the page stood, not to what happened while it was read."""
    stood: Standing | None = opened(request.POST.get("standing", ""), request.user)
    if stood is None:
        messages.error(request, _("This page is too old. Look at it once more."))
    else:
        mark = DeskMark.objects.visible_to(request.user).first()
        if mark is None or mark.seq <= stood.seq:
            DeskMark.objects.visible_to(request.user).update_or_create(
                owner=request.user, defaults={"seq": stood.seq, "left_at": timezone.now()}
            )
        messages.success(request, _("Noted. Next time you read what happened from now on."))
    answer = redirect("desk-handover")
    answer.status_code = 303
    return answer


def _since(request: SignedIn, zone: str) -> Since:
    mark = DeskMark.objects.visible_to(request.user).first()
    left = Since(mark.left_at, mark.seq) if mark else Since(timezone.now() - FIRST_TIME)
    if not (typed := request.GET.get("since", "").strip()):
        return left
    try:
        return Since(as_moment(as_text(typed)).resolved(zone, end=False))
    except Unclear as unclear:
        return Since(left.at, left.seq, unclear.detail)


# --- What there is to know ----------------------------------------------------------------------


def _overdue(request: SignedIn) -> list[Row]:
    now, home = timezone.now(), reverse("desk-queue")
    reports = Report.objects.on_desk(request.user).overdue(now)
    incidents = Incident.objects.visible_to(request.user).overdue(now)
    waiting = [Q(state="received", due_at__lte=now)]
    at_work = [Q(status=status, due_at__lte=now) for status in ("open", "in_review")]
    late_reports = desk.most_urgent(request, desk.reports_of, waiting, FEW)
    late_incidents = desk.most_urgent(request, desk.incidents_of, at_work, FEW)
    return [
        {
            "title": _("Reports overdue"),
            "count": reports.count(),
            "reports": desk.report_rows(late_reports),
            "url": f"{home}?list=reports&overdue=true",
        },
        {
            "title": _("Incidents overdue"),
            "count": incidents.count(),
            "incidents": desk.incident_rows(request, late_incidents),
            "url": f"{home}?list=incidents&overdue=true",
        },
    ]


def _new_reports(request: SignedIn, since: Since) -> Row:
    arrived = Report.objects.on_desk(request.user).filter(
        # Every state there is: the index by time begins with the state.
        state__in=ReportState.values,
        received_at__gte=since.at,
    )
    in_danger = Count("pk", filter=Q(urgent=True))
    counts = arrived.aggregate(count=Count("pk"), danger=in_danger)
    waiting = [Q(state="received", received_at__gte=since.at)]
    return counts | {
        "rows": desk.report_rows(desk.most_urgent(request, desk.reports_of, waiting, FEW)),
        "url": f"{reverse('desk-queue')}?list=reports&state=received,linked,dismissed,quarantined",
    }


def _alerts(request: SignedIn, since: Since, zone: str) -> list[Row]:
    raised = Alert.objects.visible_to(request.user).filter(raised_at__gte=since.at)
    rows = raised.select_related("incident", "report", "accepted_by")
    rows = rows.order_by(desk_alerts.pressing_first(), "-raised_at")
    return [
        {
            "rule": row.get_rule_display(),
            "when": local(row.raised_at, zone),
            "accepted_by": row.accepted_by.get_username() if row.accepted_by else "",
            **_subject(row.incident or row.report),
        }
        for row in rows[: 5 * FEW]
    ]


def _subject(row: Incident | Report | None) -> Row:
    if isinstance(row, Incident):
        url = reverse("desk-incident", args=[row.ref])
        return {"url": url, "ref": row.ref, "text": row.title}
    if isinstance(row, Report):
        return {"url": reverse("desk-report", args=[row.pk]), "ref": row.ref, "text": ""}
    return {}


def _groups(request: SignedIn, since: Since, zone: str) -> list[Row]:
    """Lines of history by heading, newest first; an incident stands once under a heading."""
    verbs = [verb for _title, named in GROUPS for verb in named]
    found = history.lines(
        verbs, most=MOST_LINES, after=since.seq, since=None if since.seq is not None else since.at
    )
    seen = _seen(request, found)
    groups = []
    for title, named in GROUPS:
        mine = {e.incident_id: e for e in reversed(seen) if e.verb in named}
        newest = sorted(mine.values(), key=lambda event: -event.seq)
        if newest:
            rows = [_line(event, zone) for event in newest[:FEW]]
            groups.append({"title": title, "count": len(newest), "rows": rows})
    return groups


def _seen(request: SignedIn, events: Iterable[Event]) -> list[Event]:
    """As `Event.visible_to`, which over a long history would weigh every row of it."""
    events = list(events)
    incidents = {
        row.pk for row in incidents_seen(request, {e.incident_id for e in events if e.incident_id})
    }
    about = {e.report_id for e in events if e.report_id}
    reports = {None, *(row.pk for row in reports_seen(request, about))}
    return [e for e in events if e.incident_id in incidents and e.report_id in reports]


def _line(event: Event, zone: str) -> Row:
    return {
        **_subject(event.incident),
        "did": desk_history.DID.get(event.verb, event.verb),
        "when": local(event.at, zone),
        "who": event.actor.get_username() if event.actor else _("the clock"),
        "reason": event.reason,
    }


def _held(request: SignedIn) -> list[Row]:
    """What colleagues are at now, and what they are reviewing."""
    at_work = holders(request)
    reviewed = Incident.objects.visible_to(request.user).filter(status="in_review")
    mine = reviewed.exclude(assignee=None).select_related("assignee").order_by("due_at", "id")
    return [
        _subject(row)
        | {"who": row.assignee.get_username() if row.assignee else ""}
        | {"now": row.pk in at_work}
        for row in mine[: 3 * FEW]
    ]
