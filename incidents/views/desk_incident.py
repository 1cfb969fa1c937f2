"""Everything about one incident on one page, and every step that may be taken with it."""

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from elections.models import Region
from incidents import steps
from incidents.errors import Stale
from incidents.models import Event, Incident, OfficialResponse, Relation, ReportLink
from incidents.querysets import acting_roles
from incidents.transitions import FACTS, Step
from incidents.views import (
    desk_comparing,
    desk_contradictions,
    desk_conversation,
    desk_evidence,
    desk_hints,
    desk_history,
    desk_map,
    desk_offers,
    desk_presence,
    desk_referrals,
    desk_steps,
    desk_text,
    telling,
)
from incidents.views.desk import beside
from incidents.views.desk_offers import (
    AT_ITS_PLACE,
    AXES,
    NEXT,
    Offer,
    axis_of,
    next_of,
    on_incident,
)
from incidents.views.desk_report import refs
from incidents.views.desk_steps import Scene
from incidents.views.entering import SignedIn, desk_only
from incidents.vocabulary import IncidentStatus, RelationKind, ReportState
from incidents.workflow.independence import source_groups
from observers.roles import Role

STEP_TEMPLATE = "incidents/desk/incident_step.html"
# The relation as it reads from the other end.
INVERSE = {
    RelationKind.PART_OF: lazy("Contains"),
    RelationKind.FOLLOWS: lazy("Followed by"),
    RelationKind.CAUSED_BY: lazy("Caused"),
    RelationKind.CONTRADICTS: lazy("Contradicted by"),
}


def _incident(request: SignedIn, ref: str) -> Incident:
    rows = Incident.objects.visible_to(request.user)
    return get_object_or_404(
        rows.select_related("election", "station", "assignee", "merged_into"), ref=ref
    )


@require_safe
@desk_only
def incident(request: SignedIn, ref: str) -> HttpResponse:
    found = _incident(request, ref)
    known = about(request, found)
    context = {
        "section": "queue",
        **known,
        **_steps(request, found, known),
        "relations": _relations(request, found),
        **_beside_the_facts(request, found, known),
        "doubts": desk_hints.doubts(request, found),
        "absorbed": desk_hints.absorbed(request, found),
        "independence": desk_hints.independence(request, found),
        "events": _history(request, found),
        "refs": refs(request, found.election_id),
        "beside": beside(request, found.ref),
        "presence": desk_presence.arrive(request, found),
    }
    return render(request, "incidents/desk/incident.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_only
def incident_step(request: SignedIn, ref: str, step: str) -> HttpResponse:
    chosen = desk_offers.incident_step(step)
    if chosen is None:
        raise Http404
    found = _incident(request, ref)
    desk_steps.require_right(request, chosen, found)
    posted = request.POST if request.method == "POST" else None
    offer = on_incident(chosen, found, request.user, posted)
    scene = Scene(
        heading=found.title,
        back_url=reverse("desk-incident", args=[found.ref]),
        template=STEP_TEMPLATE,
        beside=lambda: _beside(request, found, offer),
    )
    readable = posted is not None and offer.form.is_valid()
    if not readable and not _possible(request, found, chosen):
        sentence = _("This step is not possible now. Go back to see what is.")
        return desk_steps.forbidden_now(request, offer, scene, sentence)
    if posted is None:
        return desk_steps.show(request, offer, scene)
    if step == "write" and "preview" in posted:
        return _preview(request, offer, scene)
    return _take(request, found, offer, scene)


def _possible(request: SignedIn, incident: Incident, step: Step) -> bool:
    return step.name in {allowed.name for allowed in steps.allowed(incident, by=request.user)}


def _take(request: SignedIn, incident: Incident, offer: Offer, scene: Scene) -> HttpResponse:
    version = _version(request.POST.get("version"))
    if version is not None and hasattr(offer.form, "version"):
        offer.form.version = version

    def act(**data: Any) -> None:
        steps.take(incident, offer.name, by=request.user, version=version, channel="page", **data)

    def renew(offer: Offer, refused: Stale) -> tuple[Offer, list[dict[str, str]]]:
        fresh = _incident(request, incident.ref)
        return desk_steps.renewed(offer, refused, fresh, request)

    answer = desk_steps.take(request, offer, scene, act, renew)
    if offer.name in ("draft", "correct") and answer.status_code == 303:
        answer["Location"] = reverse("desk-incident-step", args=[incident.ref, "write"])
    return answer


def _version(text: str | None) -> int | None:
    """None is refused by the verb with a sentence."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _preview(request: SignedIn, offer: Offer, scene: Scene) -> HttpResponse:
    """What the world would read of what is typed; nothing is saved."""
    if not offer.form.is_valid():
        return desk_steps.show(request, offer, scene, status=400)
    return desk_steps.show(request, offer, scene)


def _beside(request: SignedIn, incident: Incident, offer: Offer) -> dict[str, Any]:
    """What one needs to see while filling in the form."""
    context = {"section": "queue", **about(request, incident)}
    context["refs"] = refs(request, incident.election_id)
    if offer.name == "write":
        context |= desk_text.of_form(request, incident, offer.form)
    if offer.name in ("approve", "publish"):
        context |= desk_text.of_approval(request, incident)
    return context


# --- What is known ----------------------------------------------------------------------------


def about(request: SignedIn, incident: Incident) -> dict[str, Any]:
    regions: list[Region] = list(incident.regions.all())
    country = telling.countries(request.user, [incident.election])
    sealed = desk_offers.reads_sealed(incident, request.user)
    responses = list(OfficialResponse.objects.visible_to(request.user).filter(incidents=incident))
    name = country.get(incident.election.region_set_id, "")
    facts = telling.incident_facts(incident, regions, name)
    contradictions = desk_contradictions.told(incident, responses)
    for fact in facts:
        fact["beside"] = [c["text"] for c in contradictions if c["about"] == fact["key"]]
    return {
        "incident": incident,
        "facts": facts,
        "regions": regions,
        "place": telling.incident_place(incident, regions, name),
        "responses": [telling.response(row) for row in responses],
        "contradictions": contradictions,
        "text": desk_text.panel(request, incident),
        **_reports(request, incident, sealed=sealed),
    }


def _reports(request: SignedIn, incident: Incident, *, sealed: bool) -> dict[str, Any]:
    """Reports this person may read, those that are one source together."""
    links = {
        link.pk: link
        for link in ReportLink.objects.visible_to(request.user)
        .filter(incident=incident)
        .select_related(
            "report__election",
            "report__region",
            "report__station",
            "report__author",
            "report__team",
            "linked_by",
        )
    }

    shown = [link.report for link in links.values()]

    def card(link: ReportLink) -> dict[str, Any]:
        return telling.report_card(link.report, sealed=sealed) | {"note": link.note}

    groups = []
    for members in source_groups(incident, sealed=sealed):
        if mine := [links.pop(link.pk) for link in members if link.pk in links]:
            groups.append([card(link) for link in mine])
    rest = [card(link) for link in links.values() if link.report.state != ReportState.LINKED]
    counted = [one for group in groups for one in group]
    desk_comparing.fold_texts([*counted, *rest])
    return {
        "groups": groups,
        "not_counted": rest,
        "differing": desk_comparing.compare(counted),
        "shown_reports": shown,
    }


def _beside_the_facts(
    request: SignedIn, incident: Incident, known: dict[str, Any]
) -> dict[str, Any]:
    """Place, files, notes, questions, referrals; only on the incident's own page."""
    roles = acting_roles(request.user, incident)
    live = incident.status != IncidentStatus.MERGED
    shown = known["shown_reports"]
    return {
        "map": desk_map.place_of(request, incident, known["regions"], known["place"]),
        "evidence": desk_evidence.evidence(request, shown),
        "notes": desk_conversation.notes(
            request, incident, strike=live, any_note=Role.COORDINATOR in roles
        ),
        "questions": desk_conversation.questions(shown, request.user),
        "referrals": desk_referrals.referrals(request, incident),
        "completes": live and bool(FACTS["complete_referral"].roles & roles),
    }


def _relations(request: SignedIn, incident: Incident) -> list[dict[str, Any]]:
    rows = (
        Relation.objects.visible_to(request.user)
        .filter(Q(source=incident) | Q(target=incident))
        .select_related("source", "target")
    )
    return [
        {
            "words": row.get_kind_display()
            if row.source_id == incident.pk
            else INVERSE[RelationKind(row.kind)],
            "other": row.target if row.source_id == incident.pk else row.source,
            "note": row.note,
        }
        for row in rows
    ]


def _history(request: SignedIn, incident: Incident) -> list[dict[str, Any]]:
    events = (
        Event.objects.visible_to(request.user)
        .filter(incident=incident)
        .select_related("actor", "report")
        .order_by("-seq")[: desk_history.MOST]
    )
    return desk_history.of_incident(
        events,
        incident.election,
        request.user,
        category=incident.category,
    )


# --- What may be done -------------------------------------------------------------------------


def _steps(request: SignedIn, incident: Incident, known: dict[str, Any]) -> dict[str, Any]:
    """`known`: what `about` found."""
    allowed = steps.allowed(incident, by=request.user)
    text = known["text"]
    too_early = {
        "corroborate": len(known["groups"]) < 2,
        "submit": bool(text["problems"]),
        "publish": not text["publishable"],
    }
    first = next_of(allowed, tuple(name for name in NEXT if not too_early.get(name)))
    offers = [
        on_incident(step, incident, request.user)
        for step in allowed
        if step.name not in AT_ITS_PLACE or step.name in ("note", "refer")
    ]
    placed = {offer.name: offer for offer in offers if offer.name in AT_ITS_PLACE}
    offers = [offer for offer in offers if offer.name not in AT_ITS_PLACE]
    by_axis: dict[str, list[Offer]] = {axis: [] for axis, _label in AXES}
    for offer in offers:
        if first is None or offer.name != first.name:
            by_axis[axis_of(offer.step)].append(offer)
    return {
        "first": next((o for o in offers if first and o.name == first.name), None),
        "text_first": bool(first and axis_of(first) == "publication"),
        "axes": [(label, by_axis[axis]) for axis, label in AXES if by_axis[axis]],
        "placed": placed,
        "nothing_allowed": not offers and incident.status != IncidentStatus.MERGED,
        "hint": "" if first else _hint(incident, {offer.name for offer in offers}, text),
    }


def _hint(incident: Incident, offered: set[str], text: dict[str, Any]) -> str:
    """What the incident waits for when no step of this person is the next one."""
    if "corroborate" in offered:
        return _("One source so far. A second, or evidence that fits, makes it corroborated.")
    if text["state"] == "submitted" and not text["your_own"]:
        return _("The public text waits for a second editor.")
    if text["waits"]:
        return _("The public text waits for its hour.")
    if text["state"] == "none" and incident.status in ("open", "in_review"):
        return _("An editor can begin the public text.")
    return ""
