"""Who of ours may be in danger, whom nobody has heard of, and where everybody is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from elections.models import Election
from incidents import history, wording
from incidents.errors import Invalid, WrongState
from incidents.views import clocks
from incidents.views.desk_conversation import moment
from incidents.views.entering import SignedIn, carers_only
from incidents.workflow import safety
from observers import whereabouts
from observers.models import CheckIn, SafetyCase, User, Visit

CASES, CLOSED, MISSED, PRESENT = 200, 10, 50, 500
RECENTLY = timedelta(days=2)
Row = dict[str, Any]


def banner(request: HttpRequest) -> list[Row]:
    """For desk/_alerts.html: the open cases, those nobody has taken up first."""
    rows = SafetyCase.objects.on_desk(request.user).open().select_related("user", "taken_by")
    found = list(rows.order_by("taken_at", "opened_at", "id")[:CASES])
    found.sort(key=lambda case: (case.taken_at is not None, case.opened_at))
    return [
        {
            "id": case.pk,
            "report": case.report,
            "who": case.user.get_username(),
            "why": case.get_trigger_display(),
            "since": clocks.since(case.opened_at),
            "taken_by": case.taken_by.get_username() if case.taken_by else "",
            "url": f"{reverse('desk-safety')}#case-{case.pk}",
        }
        for case in found
    ]


@require_safe
@carers_only
def overview(request: SignedIn) -> HttpResponse:
    """Asked again every few seconds by a page that is open, for what it shows only; nothing new is
    304 after two small queries."""
    if not request.headers.get("HX-Request"):
        return _page(request)
    standing = _standing(request)
    if request.headers.get("If-None-Match") == standing:
        return HttpResponse(status=304, headers={"ETag": standing})
    answer = render(request, "incidents/desk/_safety.html", _shown(request, standing))
    answer["ETag"] = standing
    return answer


def _address(request: SignedIn) -> str:
    """Of this page, also when it is shown in answer to a form."""
    page = request.GET.get("page", "")
    known = page.isascii() and page.isdigit() and len(page) < 6
    return reverse("desk-safety") + (f"?page={page}" if known else "")


def _standing(request: SignedIn) -> str:
    """Another one when anything happened, and every minute: silence grows by itself. (A phone that
    only asked is no line of history; it shows with the minute.)"""
    parts = [
        str(request.user.pk),
        get_language(),
        _address(request),
        history.head(),
        str(int(timezone.now().timestamp()) // 60),
    ]
    return f'"{salted_hmac("safety", repr(parts)).hexdigest()[:32]}"'


@require_POST
@carers_only
def open_case(request: SignedIn) -> HttpResponse:
    elections = whereabouts.caring_for(request.user)
    slug = request.POST.get("election", "")
    election = next((one for one in elections if one.slug == slug), None)
    person = _person(request, request.POST.get("person", ""))
    if election is None or person is None:
        return _page(request, status=400, wrong=_("Choose a person of yours and the election."))
    missed = request.POST.get("trigger") == SafetyCase.Trigger.MISSED
    trigger = SafetyCase.Trigger.MISSED if missed else SafetyCase.Trigger.DESK
    case = safety.open_case(person, election, by=request.user, trigger=trigger)
    return _back_to(case)


def _person(request: SignedIn, given: str) -> User | None:
    try:
        found: User | None = User.objects.on_desk(request.user).filter(pk=UUID(given)).first()
    except ValueError:
        return None
    return found


@require_POST
@carers_only
def take(request: SignedIn, pk: UUID) -> HttpResponse:
    case = get_object_or_404(SafetyCase.objects.on_desk(request.user), pk=pk)
    try:
        holder = UUID(request.POST.get("holder", ""))
    except ValueError:
        holder = None
    return _done(request, case, lambda: safety.take_case(case, by=request.user, holder=holder))


@require_POST
@carers_only
def close(request: SignedIn, pk: UUID) -> HttpResponse:
    case = get_object_or_404(SafetyCase.objects.on_desk(request.user), pk=pk)
    words = request.POST.get("outcome", "")
    try:
        return _done(
            request, case, lambda: safety.close_case(case, by=request.user, outcome=words)
        )
    except Invalid as refused:
        said = {"case": case.pk, "words": words, "problem": refused.errors["outcome"][0]}
        return _page(request, status=400, typed=said)


def _done(request: SignedIn, case: SafetyCase, act: Callable[[], SafetyCase]) -> HttpResponse:
    try:
        done = act()
    except WrongState as refused:
        return _page(request, status=409, wrong=str(refused))
    if done.closed_at:
        name = done.user.get_username()
        messages.success(request, _("Closed: %(name)s. It is in the history.") % {"name": name})
    return _back_to(done)


def _back_to(case: SafetyCase) -> HttpResponse:
    answer = redirect(f"{reverse('desk-safety')}#case-{case.pk}")
    answer.status_code = 303
    return answer


def _page(
    request: SignedIn, *, status: int = 200, wrong: str = "", typed: Row | None = None
) -> HttpResponse:
    context = {
        "section": "safety",
        "wrong": wrong,
        "typed": typed or {},
        **_shown(request, _standing(request)),
    }
    return render(request, "incidents/desk/safety.html", context, status=status)


def _shown(request: SignedIn, standing: str) -> Row:
    """For desk/_safety.html."""
    elections = whereabouts.caring_for(request.user)
    missed, cases = whereabouts.missed(request.user), _cases(request)
    page = Paginator(missed, MISSED).get_page(request.GET.get("page"))
    counts = {"cases": len(cases), "missed": len(missed)}
    own = reverse("desk-safety")
    return {
        "url": _address(request),
        "standing": standing,
        "as_of": wording.clock(timezone.now(), elections[0].time_zone if elections else "UTC"),
        "said": _("Open cases: %(cases)s. Not heard of: %(missed)s.") % counts,
        "cases": cases,
        "missed": [_missed(one) for one in page],
        "missed_count": len(missed),
        "missed_more": len(missed) - page.end_index(),
        "previous_url": f"{own}?page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"{own}?page={page.next_page_number()}" if page.has_next() else "",
        "from_locked": _from_locked_phones(request),
        "closed": _closed(request),
        "elections": [_where(request, one) for one in elections],
        "several": len(elections) > 1,
    }


def _cases(request: SignedIn) -> list[Row]:
    rows = SafetyCase.objects.on_desk(request.user).open()
    rows = rows.select_related("user", "team", "election", "taken_by", "opened_by")
    found = sorted(rows[:CASES], key=lambda case: (case.taken_at is not None, case.opened_at))
    last = _last_places(request, [case.pk for case in found])
    return [_case(case, last.get((case.user_id, case.election_id)), request) for case in found]


def _last_places(request: SignedIn, cases: list[UUID]) -> dict[tuple[Any, Any], CheckIn]:
    """The newest that names a place, of the person of each case in its election."""
    rows = CheckIn.objects.on_desk(request.user).filter(quarantined=False)
    named = rows.exclude(station=None, station_as_typed="", region=None)
    theirs = named.filter(user=OuterRef("user"), election=OuterRef("election")).order_by("-at")
    asked = SafetyCase.objects.on_desk(request.user).filter(pk__in=cases)
    newest = asked.annotate(last=Subquery(theirs.values("pk")[:1])).values("last")
    found = rows.filter(pk__in=newest)
    found = found.select_related("station__region", "region")
    return {(one.user_id, one.election_id): one for one in found}


def _case(case: SafetyCase, last: CheckIn | None, request: SignedIn) -> Row:
    zone = case.election.time_zone
    taken = case.taken_by
    return {
        "id": case.pk,
        "who": case.user.get_username(),
        "team": case.team.name if case.team else "",
        "why": case.get_trigger_display(),
        "opened_by": case.opened_by.get_username() if case.opened_by else "",
        "since": clocks.since(case.opened_at),
        "opened": moment(case.opened_at, zone),
        "place": _place(last),
        "seen": moment(last.at, zone) if last else None,
        "report_url": reverse("desk-report", args=[case.report]) if case.report else "",
        "holder": case.taken_by_id or "",
        "taken_by": taken.get_username() if taken else "",
        "taken": moment(case.taken_at, zone) if case.taken_at else None,
        "mine": case.taken_by_id == request.user.pk,
    }


def _place(said: CheckIn | Visit | None) -> str:
    """ "Polling station 7, Almaty"; "" when nobody knows."""
    if said is None:
        return ""
    if said.station:
        known = {"number": said.station.number, "region": said.station.region.name}
        return _("Polling station %(number)s, %(region)s") % known
    region = said.region.name if isinstance(said, CheckIn) and said.region else ""
    return ", ".join(part for part in (said.station_as_typed, region) if part)


def _missed(one: whereabouts.Missed) -> Row:
    return {
        "id": one.user.pk,
        "who": one.user.get_username(),
        "election": one.election.slug,
        "silent": clocks.spoken(one.silent),
        "heard": moment(one.heard, one.election.time_zone),
        "place": _place(one.where),
        "team": one.team,
        "phones": one.phones,
        "locked": one.locked,
    }


def _from_locked_phones(request: SignedIn) -> list[Row]:
    """Nothing follows from them; a person decides what they mean."""
    rows = CheckIn.objects.on_desk(request.user).filter(
        kind=CheckIn.Kind.SOS, quarantined=True, received_at__gt=timezone.now() - RECENTLY
    )
    rows = rows.select_related("user", "election", "station__region", "region")
    return [
        {
            "id": one.pk,
            "who": one.user.get_username(),
            "place": _place(one),
            "at": moment(one.at, one.election.time_zone),
        }
        for one in rows.order_by("-received_at")[:CLOSED]
    ]


def _closed(request: SignedIn) -> list[Row]:
    rows = SafetyCase.objects.on_desk(request.user).exclude(closed_at=None)
    rows = rows.select_related("user", "closed_by", "election").order_by("-closed_at", "id")
    return [
        {
            "id": case.pk,
            "who": case.user.get_username(),
            "by": case.closed_by.get_username() if case.closed_by else "",
            "at": moment(case.closed_at, case.election.time_zone),
            "outcome": case.outcome,
        }
        for case in rows[:CLOSED]
    ]


def _where(request: SignedIn, election: Election) -> Row:
    seen = whereabouts.observed(request.user, election)
    here = list(whereabouts.present(request.user, election)[: PRESENT + 1])
    return {
        "name": election.name,
        "slug": election.slug,
        "seen": seen,
        "figure": _("%(visited)s of %(stations)s")
        % {"visited": seen.visited, "stations": seen.stations},
        "as_of": wording.clock(seen.at, election.time_zone),
        "present": _by_region(here[:PRESENT], seen.at),
        "present_more": len(here) > PRESENT,
        "present_most": PRESENT,
    }


def _by_region(here: list[Visit], now: datetime) -> list[Row]:
    """Visits come in the order of their regions; those to unknown places last or first."""

    def region_of(visit: Visit) -> tuple[str, str]:
        return (
            (visit.station.region.code, visit.station.region.name) if visit.station else ("", "")
        )

    return [
        {
            "key": code,
            "region": name,
            "rows": [
                {
                    "who": visit.user.get_username(),
                    "team": visit.team.name if visit.team else "",
                    "place": visit.station.number if visit.station else visit.station_as_typed,
                    "known": visit.station is not None,
                    "since": clocks.spoken(now - visit.arrived_at),
                }
                for visit in visits
            ],
        }
        for (code, name), visits in groupby(here, key=region_of)
    ]
