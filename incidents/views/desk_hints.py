"""What the desk is told beside the facts: doubts, rumours, what was absorbed, whose source."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import rumours
from incidents.models import Incident, Merge, Report, ReportLink
from incidents.views.entering import SignedIn
from incidents.workflow.doubts import Doubt
from incidents.workflow.doubts import doubts as doubts_of
from incidents.workflow.independence import Standing, standings


def doubts(request: SignedIn, incident: Incident) -> list[str]:
    """Sentences for desk/_doubts.html."""
    return [_doubt(one) for one in doubts_of(incident, by=request.user)]


def _doubt(one: Doubt) -> str:
    if one.kind == "correction":
        return _("Report %(ref)s corrects an earlier one.") % {"ref": one.refs[0]}
    if one.kind == "denial":
        return _("%(issuer)s denies it.") % {"issuer": one.issuer}
    return _("%(one)s and %(two)s answer differently: %(question)s") % {
        "one": one.refs[0],
        "two": one.refs[1],
        "question": one.question.name if one.question else "",
    }


def refuted(request: SignedIn, report: Report) -> list[dict[str, Any]]:
    """For desk/_refuted.html: refuted incidents that the report may repeat."""
    return [
        {
            "ref": one.incident.ref,
            "title": one.incident.title,
            "url": reverse("desk-incident", args=[one.incident.ref]),
            "grounds": one.grounds,
        }
        for one in rumours.refuted_like(report, by=request.user)
    ]


def absorbed(request: SignedIn, incident: Incident) -> list[dict[str, Any]]:
    """For desk/_absorbed.html: what was merged into it and is still part of it."""
    rows = Merge.objects.visible_to(request.user).standing().filter(survivor=incident)
    return [
        {
            "ref": row.loser.ref,
            "title": row.loser.title,
            "url": reverse("desk-incident", args=[row.loser.ref]),
            "reports": sum(1 for link in row.links if link["moved"]),
            "by": row.merged_by.get_username(),
            "at": row.merged_at,
        }
        for row in rows.select_related("loser", "merged_by")
    ]


def independence(request: SignedIn, incident: Incident) -> dict[str, str]:
    """Reference of a report -> in a sentence, whether it is a source of its own, and why."""
    links = list(
        ReportLink.objects.visible_to(request.user)
        .filter(incident=incident)
        .select_related("report")
    )
    found = standings(incident, among=links)
    return {
        link.report.ref: _standing(found[link.pk], link.note) for link in links if link.pk in found
    }


def _standing(one: Standing, note: str) -> str:
    if one.judged and one.independent:
        return _("A source of its own, as a colleague judged: %(reason)s") % {"reason": note}
    if one.judged:
        return _("Not a source of its own, as a colleague judged: %(reason)s") % {"reason": note}
    if one.independent:
        return _("A source of its own")
    return _("One source with %(refs)s: %(why)s") % {
        "refs": ", ".join(one.with_refs),
        "why": ", ".join(one.words),
    }
