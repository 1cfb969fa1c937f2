"""“I am here, all is well”, and the call for help, without script.

A call for help is not lost to an expired page or an ended session: the form comes back as it was.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from elections.models import Election, Station
from incidents import checking_in, wording
from incidents.cleaning import clean_text, digest
from incidents.forms.field import nearby_stations
from incidents.views.entering import SignedIn, observers_only
from incidents.views.field import Check, elections_of, regions_of
from observers.models import CheckIn
from observers.roles import teams


@csrf_exempt  # checked below, in a way that gives back what was typed
@require_http_methods(["GET", "HEAD", "POST"])
def here(request: HttpRequest) -> HttpResponseBase:
    if request.method == "POST":
        if Check.refusal(request):
            return _page(request, [], why="expired", status=403)
        if not request.user.is_authenticated:
            return _page(request, [], why="signed_out", status=401)
    return _here(request)


@observers_only
def _here(request: SignedIn) -> HttpResponse:
    elections = elections_of(request)
    if request.method != "POST":
        return _page(request, elections)
    slug = request.POST.get("election", "")
    election = next((one for one in elections if one.slug == slug), None)
    if election is None and len(elections) == 1:
        election = elections[0]
    kind = request.POST.get("kind", "")
    typed = clean_text(request.POST.get("station", ""), limit=200)[0]
    if election is None or kind not in CheckIn.Kind.values:
        problem = _("Choose the election, then press the button once more.")
        return _page(request, elections, problem=problem, status=400)
    if kind == CheckIn.Kind.ARRIVED and not typed:
        problem = _("Write where you are: the number of the station, or any words.")
        return _page(request, elections, problem=problem, status=400)
    said = _check_in(request, election, kind, typed)
    when = wording.clock(said.received_at, election.time_zone)
    messages.success(request, SAID[CheckIn.Kind(said.kind)](when))
    answer = redirect(reverse("field-here"))
    answer.status_code = 303
    return answer


SAID = {
    CheckIn.Kind.ARRIVED: lambda when: _("Noted: you have arrived. %(when)s") % {"when": when},
    CheckIn.Kind.WELL: lambda when: _("Noted: all is well. %(when)s") % {"when": when},
    CheckIn.Kind.LEFT: lambda when: _("Noted: you have left. %(when)s") % {"when": when},
    CheckIn.Kind.SOS: lambda when: (
        _("Your call for help has reached the desk. %(when)s") % {"when": when}
    ),
}


def _check_in(request: SignedIn, election: Election, kind: str, typed: str) -> CheckIn:
    stations = Station.objects.visible_to(request.user)
    station = stations.resolve(election, typed) if typed else None
    said = {"kind": kind, "station": typed, "election": election.slug}
    return checking_in.check_in(
        id=_id(request, said),
        by=request.user,
        election=election,
        kind=kind,
        at=timezone.now(),
        sha256=digest(said),
        channel="page",
        team=teams(request.user, election).first(),
        device=getattr(request, "field_device", None),
        station=station,
        station_as_typed=typed,
    )


def _id(request: SignedIn, said: dict[str, str]) -> uuid.UUID:
    """One page may say several things; each of them is said once, however often it is pressed."""
    try:
        page = uuid.UUID(request.POST.get("id", ""))
    except ValueError:
        page = uuid.uuid4()
    return uuid.uuid5(page, f"{request.user.pk} {digest(said)}")


def _page(
    request: HttpRequest,
    elections: list[Election],
    *,
    status: int = 200,
    why: str = "",
    problem: str = "",
) -> HttpResponse:
    typed = request.POST
    try:
        item = uuid.UUID(typed.get("id", ""))
    except ValueError:
        item = uuid.uuid4()
    chosen = typed.get("election", "")
    context: dict[str, Any] = {
        "item": item,
        "elections": elections,
        "chosen": chosen,
        "station": clean_text(typed.get("station", ""), limit=200)[0],
        "stations": _stations(request, elections),
        "why": why,
        "problem": problem,
    }
    return render(request, "incidents/field/here.html", context, status=status)


def _stations(request: HttpRequest, elections: list[Election]) -> list[Station]:
    if len(elections) != 1:
        return []
    mine = regions_of(request, elections[0])  # type: ignore[arg-type]
    return nearby_stations(request.user, elections[0], mine)
