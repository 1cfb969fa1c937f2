"""Taking a step from a page: one way for all of them, and one way to say why not.

Nothing typed is ever lost: whatever the refusal, the form comes back as it was sent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from incidents import steps
from incidents.errors import Conflict, Invalid, Stale, WrongState
from incidents.forms.desk import IncidentStepForm
from incidents.forms.merging import NOTHING_CHANGED, MergingForm
from incidents.forms.names import name_of
from incidents.models import Incident
from incidents.transitions import Step
from incidents.views import desk_history, desk_offers
from incidents.views.desk_offers import DONE, Offer
from incidents.views.entering import SignedIn


@dataclass
class Scene:
    """Where a step is taken: the thing, the way back, and what stands beside the form."""

    heading: str
    back_url: str
    template: str
    beside: Callable[[], dict[str, Any]] = dict
    problem: str = ""
    differences: list[dict[str, str]] = field(default_factory=list)


def show(request: SignedIn, offer: Offer, scene: Scene, status: int = 200) -> HttpResponse:
    context = {
        "offer": offer,
        "form": offer.form,
        "heading": scene.heading,
        "back_url": scene.back_url,
        "problem": scene.problem,
        "differences": scene.differences,
        **scene.beside(),
    }
    return render(request, scene.template, context, status=status)


def require_right(request: SignedIn, step: Step, row: Any) -> None:
    """403 before anything is read of the form: who may not do it learns nothing about it."""
    steps.check_right(step, row, by=request.user)


def take(
    request: SignedIn,
    offer: Offer,
    scene: Scene,
    act: Callable[..., Any],
    renew: Callable[[Offer, Stale], tuple[Offer, list[dict[str, str]]]] | None = None,
) -> HttpResponse:
    """`act` gets what the form gives. `renew`: the form again over a colleague's version."""
    if not offer.form.is_valid():
        return show(request, offer, scene, status=400)
    if isinstance(offer.form, MergingForm) and offer.form.nothing_left:
        messages.success(request, _("What your colleague saved stays as it is."))
        return _back(scene)
    if isinstance(offer.form, MergingForm) and not offer.form.changed():
        messages.info(request, str(NOTHING_CHANGED))
        return _back(scene)
    try:
        act(**offer.form.given())
    except Invalid as refused:
        offer.form.take_refusal(refused)
        return show(request, offer, scene, status=refused.status)
    except Stale as refused:
        if renew is None:
            raise
        offer, differences = renew(offer, refused)
        scene = replace(scene, problem=str(refused.message), differences=differences)
        return show(request, offer, scene, status=refused.status)
    except (WrongState, Conflict) as refused:
        scene = replace(scene, problem=str(refused.message))
        return show(request, offer, scene, status=refused.status)
    messages.success(request, str(DONE[offer.name]))
    return _back(scene)


def _back(scene: Scene) -> HttpResponse:
    response = redirect(scene.back_url)
    response.status_code = 303
    return response


def forbidden_now(request: SignedIn, offer: Offer, scene: Scene, sentence: str) -> HttpResponse:
    """The right step at the wrong moment, whatever was typed."""
    return show(request, offer, replace(scene, problem=sentence), status=409)


def renewed(
    offer: Offer, refused: Stale, incident: Incident, request: SignedIn
) -> tuple[Offer, list[dict[str, str]]]:
    """My typing over their version, and every field that differs, both values in words."""
    form = offer.form
    if not isinstance(form, IncidentStepForm):
        raise PermissionDenied
    typed = form.changed() if isinstance(form, MergingForm) else {}
    differences = _differences(refused, form, typed, incident, request)
    if typed:
        seen = form.cleaned_data["seen"]
        offer = desk_offers.on_incident(offer.step, incident, request.user, mine=typed)
        if isinstance(offer.form, MergingForm):
            offer.form.collide(seen)
        return offer, differences
    if offer.name == "approve":
        # The page shows the text as it is now; only that text may be approved from it.
        offer = desk_offers.on_incident(offer.step, incident, request.user)
        offer.form.initial["embargo_until"] = form.cleaned_data["embargo_until"]
        return offer, differences
    form.version = incident.version
    return offer, differences


def _differences(
    refused: Stale,
    form: IncidentStepForm,
    typed: dict[str, Any],
    incident: Incident,
    request: SignedIn,
) -> list[dict[str, str]]:
    rows = [row for row in refused.fields if row["field"] not in desk_history.UNSAID]
    texts = next((row["theirs"] for row in refused.fields if row["field"] == "content"), None)
    given = form.given().get("changes", {}) if typed else {}
    said = [{row["field"]: row["theirs"]} for row in rows] + [given]
    voice = desk_history.speaker(
        incident.election,
        request.user,
        said,
        category=incident.category,
    )
    differences = [
        {
            "label": name_of(row["field"]),
            "yours": voice.say(row["field"], given[row["field"]]) if row["field"] in given else "",
            "theirs": voice.say(row["field"], row["theirs"]),
        }
        for row in rows
    ]
    return differences + (_texts(form, typed, texts) if isinstance(texts, dict) else [])


def _texts(
    form: IncidentStepForm, typed: dict[str, Any], theirs: dict[str, Any]
) -> list[dict[str, str]]:
    """The public text language by language; those I did not touch are theirs anyway."""
    found = []
    for name, value in typed.items():
        part, _underscore, language = name.partition("_")
        saved = theirs.get(part)
        if language and isinstance(saved, dict) and saved.get(language, "") != value:
            found.append(
                {
                    "label": str(form.fields[name].label),
                    "yours": value,
                    "theirs": saved.get(language, ""),
                }
            )
    return found
