"""One step on many rows, each for itself: what was done, what was refused and why."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from incidents import steps
from incidents.errors import Invalid, Refused, Stale
from incidents.forms import bulk as forms
from incidents.forms.names import name_of
from incidents.models import Incident, Report
from incidents.transitions import FACTS, REPORT, STATUS, Step
from incidents.views.desk_offers import DANGEROUS
from incidents.views.entering import SignedIn, desk_only

REPORT_FORMS: dict[str, type[forms.BulkForm]] = {
    "link": forms.BulkLinkForm,
    "dismiss": forms.BulkReasonForm,
    "quarantine": forms.BulkReasonForm,
}
INCIDENT_FORMS: dict[str, type[forms.BulkForm]] = {
    "claim": forms.BulkForm,
    "release": forms.BulkForm,
    "park": forms.BulkReasonForm,
    "close": forms.BulkCloseForm,
    "reopen": forms.BulkReasonForm,
    "grade": forms.BulkGradeForm,
}
OFFERED: dict[str, list[Step]] = {
    "reports": [REPORT[name] for name in REPORT_FORMS],
    "incidents": [(STATUS | FACTS)[name] for name in INCIDENT_FORMS],
}
NOT_SEEN = lazy("It is not there, or you do not see it.")


@dataclass
class Line:
    """What became of one row."""

    ref: str
    url: str
    status: int = 200
    sentence: str = ""


@require_POST
@desk_only
def bulk(request: SignedIn) -> HttpResponse:
    chosen = forms.Chosen(request.POST.getlist("row"))
    on, _colon, name = request.POST.get("step", "").partition(":")
    kinds = {"reports": REPORT_FORMS, "incidents": INCIDENT_FORMS}
    kind = kinds.get(on, {}).get(name)
    if kind is None or chosen.problem:
        sentence = chosen.problem or _("Choose what to do with the rows.")
        return _page(request, chosen, problem=sentence, status=400)
    step = next(step for step in OFFERED[on] if step.name == name)
    asked = "given" in request.POST or not kind.base_fields
    form = kind(request.POST if asked else None)
    if not asked or not form.is_valid():
        return _page(request, chosen, on=on, step=step, form=form, status=400 if asked else 200)
    take = _take_on_report if on == "reports" else _take_on_incident
    lines = [take(request, name, row, form.given()) for row in chosen.rows]
    return _page(request, chosen, step=step, lines=lines)


def _page(
    request: SignedIn, chosen: forms.Chosen, *, status: int = 200, **context: Any
) -> HttpResponse:
    lines = context.get("lines") or []
    refused = [line for line in lines if line.status != 200]
    context |= {
        "section": "queue",
        "chosen": chosen,
        "refused": refused,
        "done": [line for line in lines if line.status == 200],
        "dangerous": bool(context.get("step")) and context["step"].name in DANGEROUS,
    }
    return render(request, "incidents/desk/queue_bulk.html", context, status=status)


def _take_on_report(request: SignedIn, name: str, row: str, given: dict[str, Any]) -> Line:
    kind, _colon, shown = row.partition(":")
    key, _colon, state = shown.partition(":")
    found = Report.objects.on_desk(request.user).filter(pk=_key(key)).first()
    if kind != "report" or found is None:
        return Line(_short(key), "", 404, str(NOT_SEEN))
    line = Line(found.ref, reverse("desk-report", args=[found.pk]))

    def take() -> None:
        if found.state != state:
            raise Stale(_("A colleague moved this report after your list was made."))
        steps.take_on_report(found, name, by=request.user, channel="page", **given)

    return _outcome(line, take)


def _take_on_incident(request: SignedIn, name: str, row: str, given: dict[str, Any]) -> Line:
    kind, _colon, shown = row.partition(":")
    ref, _colon, version = shown.partition(":")
    found = Incident.objects.visible_to(request.user).filter(ref=_short(ref)).first()
    if kind != "incident" or found is None:
        return Line(_short(ref), "", 404, str(NOT_SEEN))
    line = Line(found.ref, reverse("desk-incident", args=[found.ref]))
    known = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None

    def take() -> None:
        steps.take(found, name, by=request.user, version=known, channel="page", **given)

    return _outcome(line, take)


def _outcome(line: Line, take: Any) -> Line:
    try:
        take()
    except Refused as refused:
        line.status, line.sentence = refused.status, str(refused.message)
        if isinstance(refused, Invalid):
            line.sentence = " ".join(
                f"{name_of(name)}: {sentence}" if name else str(sentence)
                for name, sentences in refused.errors.items()
                for sentence in sentences
            )
    return line


def _key(text: str) -> UUID:
    """A key that no row has stands for what is no key."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _short(text: str) -> str:
    """What somebody sent in place of a reference, harmless to ask for and to show."""
    return "".join(char for char in text[:40] if char.isprintable())
