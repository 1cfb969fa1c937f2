"""The public text as the desk sees it: where it stands, what the world would read."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language

from incidents import composing, presenting, publishing, shaking, wording
from incidents.checklist import Answer, Item
from incidents.errors import Invalid
from incidents.forms.desk import StepForm
from incidents.models import Draft, Incident, Publication
from incidents.publishing.resting import words_of
from incidents.views import desk_compare
from incidents.views.entering import SignedIn
from incidents.vocabulary import DraftState, Verification
from observers.models import User

NOTHING: dict[str, Any] = {
    "draft": None,
    "state": "none",
    "problems": [],
    "publishable": False,
    "waits": False,
    "your_own": "",
    "shaken": [],
    "may_withdraw": False,
}


def panel(request: SignedIn, incident: Incident) -> dict[str, Any]:
    """For a template: state, people, embargo, preview, what still stands in the way."""
    draft = (
        Draft.objects.visible_to(request.user)
        .filter(incident=incident)
        .select_related("last_editor", "submitted_by", "approved_by")
        .first()
    )
    public = Publication.objects.on_desk(request.user).filter(incident=incident).first()
    if draft is None:
        return NOTHING | {"public": public, "live_url": ""}
    digest = publishing.public_digest(incident, draft)
    submitted = draft.state == DraftState.SUBMITTED
    approved = draft.state == DraftState.APPROVED
    voided = str(publishing.no_longer_holds(incident, draft)) if approved else ""
    live = bool(public and public.live)
    allowed = {step.name for step in publishing.allowed(incident, by=request.user)}
    waits = bool(draft.embargo_until and draft.embargo_until > timezone.now())
    return {
        "draft": draft,
        "state": draft.state,
        "public": public,
        "live_url": public.get_absolute_url()
        if public and live and not incident.election.is_rehearsal
        else "",
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
        "live": live,
        "shaken": shaken_words(draft),
        "urgent": live and incident.verification == Verification.REFUTED,
        "may_withdraw": "withdraw" in allowed,
        "may_correct": "correct" in allowed,
        "may_confirm": "confirm_publication" in allowed,
    }


def what_changed(draft: Draft, public: Publication | None) -> str:
    """What the world will read beside the new version."""
    asked = draft.state in (DraftState.SUBMITTED, DraftState.APPROVED)
    returned = asked and public is not None and not public.live
    return wording.what_changed(draft.what_changed, returned=returned)


def shaken_words(draft: Draft) -> list[str]:
    """What it rests on and that holds no longer, each in a sentence."""
    return [words_of(entry) for entry in shaking.open_entries(draft)] if draft.shaken_at else []


def checklist(items: list[Item], draft: Draft) -> list[dict[str, str]]:
    """Questions with their answers; `answer` empty where none is of exactly this text."""
    rows = []
    for item in items:
        answer = draft.checklist.get(item.key, {})
        if answer.get("digest") != item.digest:
            answer = {}
        rows.append(
            {
                "question": item.question,
                "language": item.language,
                "answer": str(Answer(answer["answer"]).label) if answer else "",
                "reason": answer.get("reason", ""),
                "by": answer.get("by", ""),
            }
        )
    return rows


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
    return str(publishing.own_work(draft, by))


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


def of_form(request: SignedIn, incident: Incident, form: StepForm) -> dict[str, Any]:
    """Preview and checklist of what is typed, where it can be read; else of what is saved."""
    draft = Draft.objects.visible_to(request.user).filter(incident=incident).first()
    if draft is None:
        return {}
    content = draft.content
    if form.is_bound and hasattr(form, "cleaned_data"):
        try:
            typed = form.given()["content"]
            content = composing.read_content(incident, {**content, **typed})
        except (Invalid, KeyError):
            pass
    items = publishing.checklist_of(incident, content)
    return {"preview": preview(incident, content), "checklist": checklist(items, draft)}


def of_approval(request: SignedIn, incident: Incident) -> dict[str, Any]:
    """What a second editor weighs: the answers, and what would change for the world."""
    draft = Draft.objects.visible_to(request.user).filter(incident=incident).first()
    if draft is None:
        return {}
    public = composing.compose(incident, draft.content)
    items = publishing.checklist_of(incident, draft.content, public)
    live = Publication.objects.on_desk(request.user).filter(incident=incident, live=True).first()
    return {
        "checklist": checklist(items, draft),
        "compared_with": live,
        "differences_to_public": desk_compare.differences(live, public, incident, request.user)
        if live
        else [],
    }
