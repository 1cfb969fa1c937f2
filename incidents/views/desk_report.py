"""One report: what was sent, what could not be understood, what may be done with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from elections.keyset import order
from elections.templatetags.say import local
from incidents import duplicates, steps, wording, workflow
from incidents.duplicates import Why
from incidents.filters.desk import DUE
from incidents.models import Event, Incident, RawReport, Report
from incidents.querysets import acting_roles
from incidents.transitions import REPORT
from incidents.views import (
    clocks,
    desk_comparing,
    desk_conversation,
    desk_evidence,
    desk_hints,
    desk_history,
    desk_presence,
    desk_steps,
    telling,
)
from incidents.views.desk import beside, incident_rows
from incidents.views.desk_offers import (
    AT_ITS_PLACE,
    NEXT_ON_REPORT,
    next_of,
    on_report,
    reads_sealed,
)
from incidents.views.desk_steps import Scene
from incidents.views.entering import SignedIn, desk_only
from incidents.vocabulary import Audience, ReportState

TEMPLATE = "incidents/desk/report_step.html"


def _report(request: SignedIn, pk: UUID) -> Report:
    rows = Report.objects.on_desk(request.user)
    return get_object_or_404(
        rows.select_related("election", "region", "station", "author", "team", "device"), pk=pk
    )


@require_safe
@desk_only
def report(request: SignedIn, pk: UUID) -> HttpResponse:
    found = _report(request, pk)
    workflow.mark_seen(found, by=request.user)
    asked = desk_conversation.questions([found], request.user, take_back=_may_ask(request, found))
    workflow.mark_answers_read(found, by=request.user)
    allowed = steps.allowed_on_report(found, by=request.user)
    first = next_of(allowed, NEXT_ON_REPORT)
    everything = [on_report(step, found) for step in allowed if step.name != "withdraw_question"]
    offers = [offer for offer in everything if offer.name not in AT_ITS_PLACE]
    context = {
        "section": "queue",
        "report": found,
        "said": told(found, request),
        "first": next((o for o in offers if first and o.name == first.name), None),
        "others": [o for o in offers if not (first and o.name == first.name)],
        "link": _offered(offers, "link"),
        "suggested": _suggested(request, found) if _offered(offers, "link") else [],
        "sent_twice": _sent_twice(request, found),
        "refuted": desk_hints.refuted(request, found),
        "dismiss": _offered(offers, "dismiss"),
        "ask": _offered(everything, "ask"),
        "questions": asked,
        "evidence": desk_evidence.evidence(request, [found]),
        "incidents": incident_rows(request, list(_linked(request, found))),
        "follow_ups": _follow_ups(request, found),
        "events": _history(request, found),
        "conflicts": _conflicts(request, found),
        "refs": refs(request, found.election_id),
        "waiting_next": _waiting_next(request, found),
        "beside": beside(request, found.ref),
        "presence": desk_presence.arrive(request, found),
    }
    return render(request, "incidents/desk/report.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_only
def report_step(request: SignedIn, pk: UUID, step: str) -> HttpResponse:
    if step not in REPORT:
        raise Http404
    found = _report(request, pk)
    chosen = REPORT[step]
    desk_steps.require_right(request, chosen, found)
    posted = request.POST if request.method == "POST" else None
    offer = on_report(chosen, found, posted)
    scene = Scene(
        heading=found.ref,
        back_url=reverse("desk-report", args=[found.pk]),
        template=TEMPLATE,
        beside=lambda: {
            "section": "queue",
            "report": found,
            "said": told(found, request),
            "refs": refs(request, found.election_id),
        },
    )
    readable = posted is not None and offer.form.is_valid()
    if not readable and found.state not in chosen.sources:
        sentence = _("This step is not possible now. Go back to see what is.")
        return desk_steps.forbidden_now(request, offer, scene, sentence)
    if posted is None:
        return desk_steps.show(request, offer, scene)

    def act(**data: Any) -> None:
        steps.take_on_report(found, step, by=request.user, channel="page", **data)

    answer = desk_steps.take(request, offer, scene, act)
    if step == "open_incident" and answer.status_code == 303:
        opened = Incident.objects.visible_to(request.user).filter(reports=found)
        newest = opened.order_by("-opened_at").first()
        if newest:
            answer["Location"] = reverse("desk-incident", args=[newest.ref])
    return answer


def told(report: Report, request: SignedIn) -> dict[str, Any]:
    """The report in words, for its own page and beside a form."""
    zone = telling.report_zone(report)
    card = telling.report_card(report, sealed=reads_sealed(report, request.user))
    desk_comparing.fold_texts([card])
    return {
        "card": card,
        "facts": telling.report_facts(report, sealed=reads_sealed(report, request.user)),
        "unresolved": telling.unresolved(report),
        "danger": telling.danger_words(report),
        "sealed": report.audience == Audience.SECURITY_ONLY,
        "locked": report.from_locked_phone,
        "clock": clocks.of_report(report),
        "received": local(report.received_at, zone),
        "written": wording.written(report, zone),
    }


def refs(request: SignedIn, election_id: int) -> list[tuple[str, str]]:
    """References to choose from while typing one; the newest, since the list is long."""
    seen = Incident.objects.visible_to(request.user)
    newest: list[tuple[datetime, str, str]] = []
    for status in duplicates.AT_WORK:
        # Each alone follows an index, all together would be sorted.
        rows = seen.filter(election=election_id, status=status).order_by("-changed_at")
        newest += rows.values_list("changed_at", "ref", "title")[:100]
    return [(ref, title) for _at, ref, title in sorted(newest, reverse=True)[:100]]


def _may_ask(request: SignedIn, report: Report) -> bool:
    return bool(REPORT["withdraw_question"].roles & acting_roles(request.user, report))


def _offered(offers: list[Any], name: str) -> Any:
    return next((offer for offer in offers if offer.name == name), None)


def _suggested(request: SignedIn, report: Report) -> list[dict[str, Any]]:
    """Incidents it may tell of, each with why; a person decides."""
    found = duplicates.candidates(report, by=request.user)
    rows = incident_rows(request, [one.incident for one in found])
    return [row | {"why": _why(one)} for row, one in zip(rows, found, strict=True)]


def _why(one: duplicates.Candidate) -> list[str]:
    words = {
        Why.SAME_STATION: _("the same station"),
        Why.DIFFERENT_STATION: _("another station: relate it, do not merge"),
        Why.NEAR_M: _("%(metres)s m away") % {"metres": one.metres},
        Why.SAME_REGION: _("the same region"),
        Why.SAME_GROUP: _("the same kind"),
        Why.SAME_CATEGORY: _("the same category"),
        Why.MINUTES_APART: _("%(minutes)s min apart") % {"minutes": one.minutes}
        if one.minutes
        else _("at the same time"),
        Why.TIME_UNKNOWN: _("the time of one is not known"),
        Why.SIMILAR_TEXT: _("similar words"),
    }
    closer = {Why.SAME_GROUP} if Why.SAME_CATEGORY in one.why else set()
    return [str(words[why]) for why in one.why if why not in closer]


def _sent_twice(request: SignedIn, report: Report) -> list[dict[str, Any]]:
    """The same words from the same account or phone within minutes."""
    return [
        {
            "url": reverse("desk-report", args=[row.pk]),
            "ref": row.ref,
            "state": row.state,
            "received": local(row.received_at, telling.report_zone(row)),
        }
        for row in duplicates.double_sends(report, by=request.user)
    ]


def _linked(request: SignedIn, report: Report) -> Any:
    rows = Incident.objects.visible_to(request.user, by_key=True).filter(reports=report)
    return rows.select_related("election", "station", "assignee", "draft").prefetch_related(
        "regions"
    )


def _follow_ups(request: SignedIn, report: Report) -> list[dict[str, Any]]:
    """What it follows up, and what followed it up; only what this person may read."""
    seen = Report.objects.on_desk(request.user, by_key=True).select_related(
        "election", "region", "station", "author", "team"
    )
    earlier = seen.filter(pk=report.follow_up_of) if report.follow_up_of else seen.none()
    later = seen.filter(follow_up_of=report.pk).order_by("received_at")
    sealed = reads_sealed(report, request.user)
    found: list[dict[str, Any]] = [
        {
            "relation": report.get_follow_up_kind_display()
            if row.pk == report.follow_up_of
            else row.get_follow_up_kind_display(),
            "earlier": row.pk == report.follow_up_of,
            "card": telling.report_card(row, sealed=sealed),
        }
        for row in [*earlier, *later]
    ]
    desk_comparing.fold_texts([one["card"] for one in found])
    return found


def _history(request: SignedIn, report: Report) -> list[dict[str, Any]]:
    events = (
        Event.objects.visible_to(request.user)
        .filter(report=report)
        .select_related("actor", "incident")
        .order_by("-seq")[: desk_history.MOST]
    )
    return desk_history.of_report(events, report.election, request.user)


def _waiting_next(request: SignedIn, report: Report) -> dict[str, Any] | None:
    """The report to read after this one, in the order of the queue."""
    rows = Report.objects.on_desk(request.user).filter(state=ReportState.RECEIVED)
    found = order(rows.exclude(pk=report.pk), DUE).first()
    if found is None:
        return None
    return {
        "url": reverse("desk-report", args=[found.pk]),
        "ref": found.ref,
        "danger": telling.danger_words(found),
    }


def _conflicts(request: SignedIn, report: Report) -> int:
    """Other content that arrived under the same id."""
    raw = RawReport.objects.visible_to(request.user).unread()
    return raw.filter(report_id=report.pk).count()
