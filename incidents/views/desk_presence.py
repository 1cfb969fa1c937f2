"""Who is at an incident or a report now, told to the others who have it open."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from incidents.models import Incident, Report
from incidents.views.entering import SignedIn, desk_only
from incidents.workflow import leases

Subject = Incident | Report


def arrive(request: SignedIn, subject: Subject) -> dict[str, Any]:
    """Opening it takes the lease if nobody has it. For the context of its page."""
    if request.method == "GET":
        leases.hold(subject, by=request.user)
    return about(request, subject)


def about(request: SignedIn, subject: Subject) -> dict[str, Any]:
    other = leases.other_holder(subject, by=request.user)
    mark = subject.version if isinstance(subject, Incident) else subject.state
    return {
        "subject": subject.pk,
        "mark": str(mark),
        "words": _("%(name)s is at it now") % {"name": other.get_username()} if other else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@desk_only
def here(request: SignedIn, subject: UUID) -> HttpResponse:
    """GET asks; POST is a sign of life of somebody who works on it."""
    found = _subject(request, subject)
    if request.method == "POST":
        leases.hold(found, by=request.user)
    presence = about(request, found) | {"changed": False}
    if shown := request.GET.get("mark"):
        presence["changed"] = shown != presence["mark"]
    return render(request, "incidents/desk/_presence.html", {"presence": presence})


def _subject(request: SignedIn, pk: UUID) -> Subject:
    incident = Incident.objects.visible_to(request.user).filter(pk=pk).first()
    return incident or get_object_or_404(Report.objects.on_desk(request.user), pk=pk)
