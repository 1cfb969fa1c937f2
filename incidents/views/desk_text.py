"""The public text as the desk sees it: where it stands, what the world would read."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from incidents import composing, presenting, publishing, wording
from incidents.errors import Invalid
from incidents.forms.desk import StepForm
from incidents.models import Draft, Incident, Publication
from incidents.views.entering import SignedIn
from incidents.vocabulary import DraftState
from observers.models import User


def panel(request: SignedIn, incident: Incident) -> dict[str, Any]:
    """For a template: state, people, embargo, preview, what still stands in the way."""
    draft = (
        Draft.objects.visible_to(request.user)
        .filter(incident=incident)
        .select_related("last_editor", "submitted_by", "approved_by")
        .first()
    )
    public = (
        Publication.objects.visible_to(request.user, withdrawn=True)
        .filter(incident=incident)
        .first()
    )
    nothing: dict[str, Any] = {
        "draft": None,
        "state": "none",
        "problems": [],
        "publishable": False,
        "waits": False,
        "your_own": "",
    }
    if draft is None:
        return nothing | {"public": public, "live_url": ""}
    digest = publishing.public_digest(incident, draft)
    submitted = draft.state == DraftState.SUBMITTED
    voided = draft.state == DraftState.APPROVED and draft.approved_digest != digest
    waits = bool(draft.embargo_until and draft.embargo_until > timezone.now())
    return {
        "draft": draft,
        "state": draft.state,
        "public": public,
        "live_url": public.get_absolute_url() if public and public.live else "",
        "digest": digest,
        "what_changed": what_changed(draft, public),
        "voided": voided,
        "waits": waits,
        "embargo": wording.clock(draft.embargo_until, incident.election.time_zone)
        if draft.embargo_until
        else "",
        "problems": _problems(incident, draft),
        "publishable": not voided and not waits,
        "your_own": publishing.own_work(draft, request.user) if submitted else "",
        "preview": preview(incident, draft.content),
    }


def what_changed(draft: Draft, public: Publication | None) -> str:
    """What the world will read beside the new version."""
    asked = draft.state in (DraftState.SUBMITTED, DraftState.APPROVED)
    returned = asked and public is not None and not public.live
    return wording.what_changed(draft.what_changed, returned=returned)


def _problems(incident: Incident, draft: Draft) -> list[str]:
    """What the publication floor still asks for."""
    try:
        publishing.check_floor(incident, draft)
    except Invalid as refused:
        return [str(line) for lines in refused.errors.values() for line in lines]
    return []


def own_work(draft: Draft, by: User) -> str:
    """For a list, which does not ask each incident for its authors; publishing decides."""
    if draft.state != DraftState.SUBMITTED:
        return ""
    if draft.last_editor.person == by.person:
        return _("You wrote this text last. A second editor has to approve it.")
    if draft.submitted_by and draft.submitted_by.person == by.person:
        return _("You submitted this text. A second editor has to approve it.")
    return ""


def preview(incident: Incident, content: dict[str, Any]) -> dict[str, Any]:
    """What the component of the public page needs, and the text in the other languages."""
    public = composing.compose(incident, content)
    places = presenting.places_of(incident.election, [public])
    told = presenting.told_in_full(public, places)
    shown = told["title"].language or get_language()
    return {
        "told": told,
        "texts": [
            {
                "language": language,
                "name": name,
                "title": public["title"].get(language, ""),
                "summary": public["summary"].get(language, ""),
            }
            for language, name in settings.LANGUAGES
            if language != shown
        ],
    }


def preview_of_form(
    request: SignedIn, incident: Incident, form: StepForm
) -> dict[str, Any] | None:
    """Of what is typed, where it can be read; else of what is saved."""
    draft = Draft.objects.visible_to(request.user).filter(incident=incident).first()
    if draft is None:
        return None
    content = draft.content
    if form.is_bound and hasattr(form, "cleaned_data"):
        try:
            typed = form.given()["content"]
            content = composing.read_content(incident, {**content, **typed})
        except (Invalid, KeyError):
            pass
    return preview(incident, content)
