"""Alerts on the desk's pages: shown to those who may read what they are about, until accepted."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents import alerts as rules
from incidents.models import Alert
from incidents.views import clocks, desk_safety
from incidents.views.entering import SignedIn, desk_only
from incidents.vocabulary import AlertRule

# In the banner: a few, of dangers some more; on their own page.
FEW, DANGERS, MOST = 3, 6, 200
# The most pressing first; then the oldest.
ORDER = (AlertRule.DANGER, AlertRule.CRITICAL, AlertRule.RESTS_ON)


def waiting(request: HttpRequest, few: int = FEW, most: int = DANGERS) -> dict[str, Any]:
    """For desk/_alerts.html: who is in danger, the first few alerts, and whether there are more.

    A call for help is said once: as a case to those who may take it, as an alert to the others.
    """
    cases = desk_safety.banner(request)
    rows = (
        Alert.objects.visible_to(request.user)
        .waiting()
        .select_related("report__device", "incident")
    )
    if told := [case["report"] for case in cases if case["report"]]:
        rows = rows.exclude(report__in=told)
    found = list(rows.order_by(pressing_first(), "raised_at", "id")[: most + 1])
    shown = [
        row
        for place, row in enumerate(found[:most])
        if place < few or row.rule == AlertRule.DANGER
    ]
    return {
        "cases": cases,
        "alerts": [_said(row) for row in shown],
        "more": len(found) > len(shown),
        "back": _back(request),
    }


def pressing_first() -> Case:
    whens = [When(rule=rule, then=Value(place)) for place, rule in enumerate(ORDER)]
    return Case(*whens, default=Value(len(ORDER)), output_field=IntegerField())


def _back(request: HttpRequest) -> str:
    """The page the banner stands on, also when only the banner was asked for."""
    if request.headers.get("HX-Request"):
        return str(request.htmx.current_url_abs_path or "")  # type: ignore[attr-defined]
    return request.get_full_path()


def _said(alert: Alert) -> dict[str, Any]:
    if alert.report:
        ref, url = alert.report.ref, reverse("desk-report", args=[alert.report.pk])
    else:
        ref = alert.incident.ref if alert.incident else ""
        url = reverse("desk-incident", args=[ref])
    return {
        "id": alert.pk,
        "ref": ref,
        "url": url,
        "rule": alert.get_rule_display(),
        "danger": alert.rule == AlertRule.DANGER,
        "locked": bool(alert.report and alert.report.from_locked_phone),
        "since": clocks.since(alert.raised_at),
        "accept_url": reverse("desk-alert-accept", args=[alert.pk]),
    }


@require_safe
@desk_only
def listing(request: SignedIn) -> HttpResponse:
    """A page of its own; asked for by a page that is open already, only the banner."""
    if request.headers.get("HX-Request"):
        return render(request, "incidents/desk/_alerts.html", waiting(request))
    context = {"section": "alerts", **waiting(request, MOST, MOST)}
    return render(request, "incidents/desk/alerts.html", context)


@require_POST
@desk_only
def accept(request: SignedIn, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Alert.objects.visible_to(request.user), pk=pk)
    accepted = rules.accept(found, by=request.user)
    if accepted.accepted_by_id not in (None, request.user.pk):
        messages.info(request, _("A colleague has accepted it already."))
    back = request.POST.get("back", "")
    own = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    response = redirect(back if own else _said(accepted)["url"])
    response.status_code = 303
    return response
