"""An answer that came from a locked phone waits among the arrivals; security lets it through.

Whoever holds the phone may have written it, so it is shown with the report only when somebody who
knows more has said why it may be believed. From then on it is an answer like any other.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from incidents import arriving, history, workflow
from incidents.cleaning import clean_json, clean_text
from incidents.errors import Invalid, NotAllowed, WrongState
from incidents.models import Answer, RawReport
from incidents.vocabulary import EnvelopeKind
from observers.models import User
from observers.roles import Role, roles

REASON = 500


def waits(kept: RawReport) -> bool:
    """Whether it is an answer that nothing but the lock keeps back."""
    locked = kept.problems == {"": [arriving.LOCKED]}
    refused = kept.outcome == RawReport.Outcome.REFUSED
    return kept.envelope == EnvelopeKind.ANSWER and refused and locked


def may_release(kept: RawReport, *, by: User) -> bool:
    return kept.election is not None and Role.SECURITY in roles(by, kept.election)


def release_answer(kept: RawReport, *, by: User, reason: str, channel: str = "page") -> Answer:
    """Raises NotAllowed (403), WrongState (409) when it no longer waits, and Invalid (400)."""
    if not may_release(kept, by=by):
        raise NotAllowed(_("What a locked phone sent is released by a security officer."))
    why = clean_text(reason, limit=REASON + 1)[0].strip()
    with transaction.atomic():
        rows = RawReport.objects.select_for_update(of=("self",), no_key=True)
        held = rows.select_related("author", "election").get(pk=kept.pk)
        if not waits(held):
            raise WrongState(_("It waits no longer. Reload and look again."))
        if not why:
            raise Invalid({"reason": [_("Write why it may be believed.")]})
        if len(why) > REASON:
            raise Invalid({"reason": [_("At most %(most)s characters.") % {"most": REASON}]})
        inside = arriving.opened(held)
        if inside is None:
            raise WrongState(_("It can no longer be opened: its key is missing."))
        inside = clean_json(inside)[0]
        question = arriving.question_of(held, inside)
        made = workflow.answer(
            question,
            by=held.author,
            answer_id=held.report_id,
            text=inside.get("text"),
            channel=held.channel,
        ).answer
        held.outcome, held.problems = RawReport.Outcome.FILED, {}
        held.save(update_fields=["outcome", "problems"])
        history.record(
            "release_answer",
            by=by,
            channel=channel,
            election=question.report.election,
            report=question.report,
            reason=why,
            after={"answer_id": str(made.pk)},
        )
    return made
