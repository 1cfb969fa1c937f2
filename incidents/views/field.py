"""What an observer uses: send a report, and see what became of it. Works without script.

Nothing typed is lost by what the page does: a second press, an expired page, a session that
ended and a mistake all give back the form as it was.
"""

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from elections import keyset
from elections.models import Election, Region
from elections.templatetags.say import day
from incidents import categories, intake, wording
from incidents.errors import Conflict, Invalid, TooLarge
from incidents.forms.field import ReportForm, nearby_stations
from incidents.models import Report
from incidents.refs import normalise_ref
from incidents.views import field_files, field_questions
from incidents.views.entering import SignedIn, observers_only
from observers.roles import memberships

ROWS = 30
NEWEST = (keyset.Key("received_at", descending=True), keyset.Key("id"))
TYPED = ("text", "station", "place", "category", "persons_words", "told_by")


@csrf_exempt  # checked below, in a way that gives back what was typed
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponseBase:
    field_files.bound(request)
    if request.method == "POST" and any(request.POST.get(name) for name in TYPED):
        if Check.refusal(request):
            return _given_back(request, why="expired", status=403)
        if not request.user.is_authenticated:
            return _given_back(request, why="signed_out", status=401)
    elif request.method == "POST" and Check.refusal(request):
        return redirect("field-report")
    return _report(request)


class Check(CsrfViewMiddleware):
    """Django's own check; its answer is a reason instead of a page without the typed text."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason

    @classmethod
    def refusal(cls, request: HttpRequest) -> str:
        check = cls(lambda _request: HttpResponse())
        check.process_request(request)
        return check.process_view(request, report_unchecked, (), {}) or ""  # type: ignore[return-value]


def report_unchecked(request: HttpRequest) -> HttpResponse:
    """Stands for the view in the check, which passes over those marked as exempt."""
    return HttpResponse()


def _given_back(request: HttpRequest, *, why: str, status: int) -> HttpResponse:
    """The form as it was typed, a fresh token in it, and nothing sent. Asks nobody's rights."""
    slug = request.POST.get("election", "")
    election = Election.objects.visible_to(request.user).filter(slug=slug).first()
    form = ReportForm(request.POST, election=election, checked=False)
    return _page(request, form, status=status, why=why)


@observers_only
def _report(request: SignedIn) -> HttpResponse:
    elections = elections_of(request)
    slug = request.POST.get("election") or request.GET.get("election")
    election = next((e for e in elections if e.slug == slug), None)
    if election is None and len(elections) == 1 and not slug:
        election = elections[0]
    if election is None:
        context = {"elections": elections}
        status = 400 if request.method == "POST" else 200
        return render(request, "incidents/field/elections.html", context, status=status)
    if request.method == "POST":
        return _posted(request, election)
    initial = {"id": uuid.uuid4(), "election": election.slug}
    if earlier := _own(request, request.GET.get("follow", "")):
        initial["follow_up_of"] = earlier.ref
    form = ReportForm(election=election, mine=regions_of(request, election), initial=initial)
    return _page(request, form, follows=earlier)


def elections_of(request: SignedIn) -> list[Election]:
    filing = memberships(request.user).filter(role__in=intake.MAY_FILE)
    found = {m.election for m in filing.select_related("election__region_set") if m.election}
    return sorted(found, key=lambda election: election.slug)


def regions_of(request: SignedIn, election: Election) -> list[Region]:
    filing = memberships(request.user, election).filter(role__in=intake.MAY_FILE)
    mine = {r.pk: r for m in filing.prefetch_related("regions") for r in m.regions.all()}
    return sorted(mine.values(), key=lambda region: region.name)


def _own(request: SignedIn, named: str) -> Report | None:
    """An own earlier report, by its id or by its reference as somebody wrote it down."""
    own = Report.objects.visible_to(request.user).filter(author=request.user)
    try:
        return own.filter(pk=uuid.UUID(named)).first()
    except ValueError:
        return own.filter(ref=normalise_ref(named)).first() if named else None


def _posted(request: SignedIn, election: Election) -> HttpResponse:
    mine = regions_of(request, election)
    if request.POST.get("step") == "questions":
        chosen = request.POST.get("category", "")
        form = ReportForm(request.POST, election=election, mine=mine, asked=chosen, checked=False)
        return _page(request, form, unfold=True)
    form = ReportForm(request.POST, election=election, mine=mine)
    if not form.is_valid():
        return _page(request, form, status=400)
    report_id = form.report_id
    if report_id is None:
        return _again(request, election, mine, why="no_id", status=400)
    earlier = form.cleaned_data["follow_up_of"].strip()
    known = _own(request, earlier)
    try:
        receipt = intake.file_report(
            by=request.user,
            report_id=report_id,
            raw=form.as_bytes(str(known.pk) if known else earlier),
            channel="page",
        )
    except Conflict:
        return _again(request, election, mine, why="conflict", status=409)
    except Invalid as refused:
        for field, lines in refused.errors.items():
            for line in lines:
                form.add_error(field if field in form.fields else None, str(line))
        return _page(request, form, status=400)
    except TooLarge as refused:
        form.add_error(None, str(refused))
        return _page(request, form, status=413)
    if lost := field_files.keep(request, receipt.report):
        messages.warning(request, lost)
    return redirect("field-sent", pk=receipt.report.pk)


def _again(
    request: SignedIn, election: Election, mine: list[Region], *, why: str, status: int
) -> HttpResponse:
    """Everything typed, under a fresh id. A conflict becomes a correction of the first report."""
    typed = request.POST.copy()
    first = _own(request, typed.get("id", ""))
    typed["id"] = str(uuid.uuid4())
    if why == "conflict" and first:
        typed["follow_up_of"], typed["follow_up_kind"] = first.ref, "correction"
    form = ReportForm(typed, election=election, mine=mine, checked=False)
    return _page(request, form, status=status, why=why, follows=first)


def _page(
    request: HttpRequest, form: ReportForm, *, status: int = 200, **said: Any
) -> HttpResponse:
    chosen = form["category"].value() or ""
    context = {
        "form": form,
        "election": form.observed,
        "groups": _tiles(chosen),
        "chosen": chosen,
        "stations": (
            nearby_stations(request.user, form.observed, form.mine) if form.observed else []
        ),
        "unfold": bool(set(form.errors) - UNFOLDED) or bool(form["follow_up_of"].value()),
        "moment": _moment(said.get("follows")),
        "files_again": request.method == "POST" and field_files.were_chosen(request),
        "files_most": field_files.MOST,
        "files_size": field_files.TOGETHER // 1024**2,
        **said,
    }
    return render(request, "incidents/field/report.html", context, status=status)


UNFOLDED = {"text", "category", "station", "region", "place"}


def _tiles(chosen: str) -> list[dict[str, Any]]:
    """Groups, most likely first, each with its kinds; open where something is chosen."""
    return [
        {
            "code": group.code,
            "name": group.short_name,
            "icon": group.icon,
            "kinds": [leaf for leaf in group.categories if not leaf.replaced_by],
            "chosen": categories.CATEGORIES.get(chosen) in group.categories,
        }
        for group in categories.GROUPS.values()
    ]


def _moment(report: Report | None) -> dict[str, Any]:
    """When it came in. `time` is that of the clock of its place, which is not named: a phone in
    other hands must not tell where its owner was. Lists go by the clock of the capital."""
    if report is None:
        return {}
    there = report.received_at.astimezone(ZoneInfo(_zone(report)))
    return {
        "time": f"{there:%H:%M}",
        "date": day(there),
        "received": wording.clock(report.received_at, report.election.time_zone),
        "utc": wording.utc(report.received_at),
        "iso": report.received_at.isoformat(),
    }


def _zone(report: Report) -> str:
    return report.region.time_zone if report.region else report.election.time_zone


@require_safe
@observers_only
def sent(request: SignedIn, pk: uuid.UUID) -> HttpResponse:
    reports = Report.objects.visible_to(request.user).select_related("region", "election")
    report = get_object_or_404(reports, pk=pk)
    context = {
        "report": report,
        "moment": _moment(report),
        "fate": wording.fate(report),
        "own": report.author_id == request.user.pk,
        "station_unknown": "station" in report.unresolved,
    }
    return render(request, "incidents/field/sent.html", context)


@require_safe
@observers_only
def mine(request: SignedIn) -> HttpResponseBase:
    """References and fates, never a text or a place: the phone may be in other hands."""
    own = Report.objects.visible_to(request.user).filter(author=request.user)
    try:
        page = keyset.walk(
            own.select_related("region", "election"),
            keys=NEWEST,
            limit=ROWS,
            cursor=request.GET.get("cursor") or None,
            binding=f"mine {request.user.pk}",
        )
    except keyset.BadCursor:
        return HttpResponseRedirect(reverse("field-reports"))
    here = reverse("field-reports")
    asked = field_questions.questions_of(page.rows, request.user)
    context = {
        "rows": [
            {
                "report": row,
                "fate": wording.fate(row),
                "questions": asked.get(row.pk, []),
                **_moment(row),
            }
            for row in page.rows
        ],
        "next_url": f"{here}?cursor={page.next}" if page.next else "",
        "previous_url": f"{here}?cursor={page.previous}" if page.previous else "",
    }
    return render(request, "incidents/field/mine.html", context)
