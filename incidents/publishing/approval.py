"""What an approval needs, and whether one still holds."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from incidents.cleaning import digest
from incidents.composing import compose
from incidents.errors import Invalid, NotAllowed
from incidents.models import Draft, Incident
from incidents.publishing import resting
from incidents.querysets import acting_roles
from incidents.transitions import Step
from incidents.vocabulary import DraftState, Verification
from incidents.workflow import checking
from observers.models import User


def check_right(step: Step, incident: Incident, *, by: User) -> None:
    """Role, and for an approval the second pair of eyes. Raises NotAllowed."""
    checking.check_right(step, acting_roles(by, incident))
    if step.name != "approve":
        return
    draft = Draft.objects.filter(incident=incident, state=DraftState.SUBMITTED).first()
    if draft is not None and (reason := own_work(draft, by)):
        raise NotAllowed(reason)


def own_work(draft: Draft, by: User) -> Any:
    """Why this person may not be the second pair of eyes; empty when they may."""
    if by.person == draft.last_editor.person:
        return _("You wrote this text last. A second editor has to approve it.")
    if draft.submitted_by and by.person == draft.submitted_by.person:
        return _("You submitted this text. A second editor has to approve it.")
    if draft.incident.reports.filter(author__person=by.person).exists():
        return _("You reported this yourself. Another editor has to approve it.")
    return ""


def no_longer_holds(incident: Incident, draft: Draft) -> Any:
    """Why an approved text may not go out as it was approved; empty when it may."""
    if draft.approved_digest != public_digest(incident, draft):
        return _("Something public changed since the approval. Send it back and approve it again.")
    if draft.approved_by and own_work(draft, draft.approved_by):
        return _("Whoever approved it is now an author of one of its reports. Send it back.")
    if resting.unseen(draft):
        return _(
            "What it rests on changed since the approval. Say that it is still good, or send it "
            "back."
        )
    return ""


def public_digest(incident: Incident, draft: Draft) -> str:
    """Of every field the world would read, before version and dates are added."""
    return digest(compose(incident, draft.content))


def check_floor(incident: Incident, draft: Draft) -> None:
    """What may never be published (docs/workflow.md, publication floor). Raises Invalid."""
    problems: list[Any] = []
    content = draft.content
    public = compose(incident, content)
    if not public["title"] or not public["summary"]:
        problems.append(_("Write a title and a summary in at least one language."))
    if not incident.category_known.publishable:
        problems.append(_("“Other” must get a proper category before publication."))
    if public["place_precision"] == "unknown":
        problems.append(_("The place is empty. If it is only known as the country, say so."))
    if incident.verification == Verification.REFUTED:
        problems.append(_("It was refuted. A refuted incident is never published."))
    if incident.verification == Verification.DISPUTED and not content.get("both_sides"):
        problems.append(_("It is disputed. Confirm that the text gives both sides."))
    if incident.severity == 4 and incident.verification == Verification.REPORTED:
        problems.append(_("Severity 4 needs at least corroboration."))
    if problems:
        raise Invalid({"content": problems})
