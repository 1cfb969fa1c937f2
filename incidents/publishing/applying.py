"""Each step of the publication axis: who may, from which state, what it does."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from incidents import history
from incidents.cleaning import clean_text
from incidents.composing import read_content
from incidents.copying import append_change, copy_out, take_down
from incidents.errors import Invalid, WrongState
from incidents.models import Change, Draft, Incident, Publication
from incidents.publishing import resting
from incidents.publishing.approval import (
    check_floor,
    check_right,
    no_longer_holds,
    own_work,
    public_digest,
)
from incidents.publishing.asking import checklist_of, open_items, require_answers, take_answers
from incidents.querysets import acting_roles
from incidents.transitions import PUBLICATION, Step
from incidents.vocabulary import DraftState, IncidentStatus, Verification, WithdrawReason
from incidents.workflow import checking
from observers.models import User

NO_DRAFT = "none"
Data = dict[str, Any]


def state_of(incident: Incident) -> str:
    draft = Draft.objects.filter(incident=incident).first()
    return draft.state if draft else NO_DRAFT


def is_live(incident: Incident) -> bool:
    return Publication.objects.filter(incident=incident, live=True).exists()


def allowed(incident: Incident, *, by: User) -> list[Step]:
    """The publication steps this person may take now."""
    if incident.status == IncidentStatus.MERGED:
        return []
    roles, state = acting_roles(by, incident), state_of(incident)
    return [
        step
        for step in PUBLICATION.values()
        if step.roles & roles and state in step.sources and _possible(step, incident, by)
    ]


def _possible(step: Step, incident: Incident, by: User) -> bool:
    """What the state alone does not say."""
    if step.name == "withdraw":
        return is_live(incident)
    if step.name == "approve":
        return not own_work(incident.draft, by)
    if step.name == "confirm_publication":
        refuted = incident.verification == Verification.REFUTED
        return incident.draft.shaken_at is not None and not refuted
    return True


def apply(
    incident: Incident,
    step: str,
    *,
    by: User,
    version: int | None,
    reason: str = "",
    channel: str = "page",
    **data: Any,
) -> Incident:
    """Take one step of the publication axis. Returns the incident as it is now.

    Raises NotAllowed, Stale, WrongState and Invalid, as workflow.apply does.
    """
    chosen = checking.known_step(PUBLICATION, step)
    reason = clean_text(reason, limit=checking.REASON_LIMIT)[0]
    with transaction.atomic():
        locked = Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=incident.pk)
        check_right(chosen, locked, by=by)
        checking.check_version(locked, version, data.get("content") or {})
        before = {"publication": state_of(locked)}
        checking.check_state(chosen, before["publication"])
        if locked.status == IncidentStatus.MERGED:
            raise WrongState(_("This incident was merged. Work on the one it went into."))
        checking.check_needs(chosen, {"reason": reason, **data})
        draft = _draft_for(chosen, locked, by)
        if _says_so_already(chosen, locked, draft, data):
            return locked  # it says so already: whoever approved it approved this
        op = EFFECTS[chosen.name](locked, draft, by, data)
        draft.state = chosen.target or draft.state
        draft.save()
        locked.version += 1
        locked.changed_at = timezone.now()
        locked.save(update_fields=["version", "changed_at"])
        _tell(chosen.name, locked, by, channel, reason, before, draft, op, data)
    return locked


def _says_so_already(step: Step, incident: Incident, draft: Draft, data: Data) -> bool:
    if step.name != "write" or data.get("checklist"):
        return False
    return bool(_rewritten(incident, draft, data) == draft.content)


def _tell(
    verb: str,
    incident: Incident,
    by: User | None,
    channel: str,
    reason: str,
    before: Data,
    draft: Draft,
    op: str | None,
    data: Data,
) -> None:
    """History, then the feed: its number is the last statement of the transaction."""
    after: Data = {"publication": draft.state}
    if verb == "write":
        after["content"] = draft.content
    if verb in ("submit", "restore") and draft.checklist:
        after["checklist"] = draft.checklist
    if verb == "approve":
        after["digest"] = draft.approved_digest
    history.record(
        verb,
        by=by,
        channel=channel,
        election=incident.election,
        incident=incident,
        reason=reason or str(data.get("what_changed") or data.get("note") or "")[:500],
        before=before,
        after=after,
    )
    if op:
        append_change(Publication.objects.get(incident=incident), op)


def _draft_for(step: Step, incident: Incident, by: User) -> Draft:
    if step.name == "draft":
        return Draft(incident=incident, last_editor=by, content={})
    return Draft.objects.select_for_update(of=("self",), no_key=True).get(incident=incident)


# --- What each step does; the answer says whether the feed gets a line -------------------------


def _start(incident: Incident, draft: Draft, by: User, data: Data) -> str | None:
    draft.content = read_content(incident, data.get("content") or {})
    return None


def _write(incident: Incident, draft: Draft, by: User, data: Data) -> str | None:
    draft.content = _rewritten(incident, draft, data)
    draft.last_editor = by
    _void_approval(draft)
    if "checklist" in data:
        take_answers(draft, checklist_of(incident, draft.content), data["checklist"], by)
    return None


def _rewritten(incident: Incident, draft: Draft, data: Data) -> Data:
    given = data["content"]
    if not isinstance(given, dict):
        return read_content(incident, given)  # says what is wrong with it
    return read_content(incident, {**draft.content, **given})


def _submit(incident: Incident, draft: Draft, by: User, data: Data) -> str | None:
    check_floor(incident, draft)
    _answer(incident, draft, by, data)
    draft.submitted_by = by
    return None


def _answer(incident: Incident, draft: Draft, by: User, data: Data) -> None:
    items = checklist_of(incident, draft.content)
    take_answers(draft, items, data.get("checklist") or {}, by)
    require_answers(draft, items)


def _send_back(incident: Incident, draft: Draft, by: User, data: Data) -> str | None:
    _void_approval(draft)
    return None


def _approve(incident: Incident, draft: Draft, by: User, data: Data) -> str | None:
    seen = data.get("digest")
    current = public_digest(incident, draft)
    if seen and seen != current:
        raise WrongState(_("The text changed while you read it. Read it again, then approve."))
    check_floor(incident, draft)
    if open_items(checklist_of(incident, draft.content), draft.checklist):
        raise WrongState(
            _("The checklist asks something new since it was answered. Send the text back.")
        )
    draft.approved_by, draft.approved_digest = by, current
    draft.embargo_until = _embargo(data.get("embargo_until"))
    resting.see(draft, by, live=is_live(incident))
    return None


def _publish(incident: Incident, draft: Draft, by: User | None, data: Data) -> str | None:
    if reason := no_longer_holds(incident, draft):
        raise WrongState(reason)
    if draft.embargo_until and draft.embargo_until > timezone.now():
        raise WrongState(_("The embargo has not ended. It is published by itself when it ends."))
    check_floor(incident, draft)
    copy_out(incident, draft)
    draft.embargo_until = None
    draft.what_changed = ""
    resting.start_anew(draft, by)
    return Change.Op.UPSERT


def _correct(incident: Incident, draft: Draft, by: User, data: Data) -> str | None:
    draft.what_changed = clean_text(str(data["what_changed"]), limit=500)[0]
    if not draft.what_changed:
        raise Invalid({"what_changed": [_("This step needs it.")]})
    draft.last_editor = by
    _void_approval(draft)
    return None


def _withdraw(incident: Incident, draft: Draft, by: User, data: Data) -> str | None:
    if data["kind"] not in (WithdrawReason.ERROR, WithdrawReason.SAFETY):
        raise Invalid({"kind": [_("Say whether it was an error or is a matter of safety.")]})
    if not is_live(incident):
        raise WrongState(_("It is not public, so there is nothing to withdraw."))
    note = clean_text(str(data.get("note") or ""), limit=500)[0]
    take_down(incident, reason=data["kind"], note=note)
    draft.last_editor = by
    _void_approval(draft)
    resting.start_anew(draft, by)
    return Change.Op.RETRACT


def _restore(incident: Incident, draft: Draft, by: User, data: Data) -> str | None:
    check_floor(incident, draft)
    _answer(incident, draft, by, data)
    draft.last_editor = draft.submitted_by = by
    return None


def _confirm(incident: Incident, draft: Draft, by: User, data: Data) -> str | None:
    """An editor looked at what shook it, and the text is still good."""
    if draft.shaken_at is None:
        raise WrongState(_("Nothing that it rests on has changed."))
    check_floor(incident, draft)
    resting.settle(draft, by)
    return None


EFFECTS = {
    "draft": _start,
    "write": _write,
    "submit": _submit,
    "send_back": _send_back,
    "approve": _approve,
    "publish": _publish,
    "correct": _correct,
    "withdraw": _withdraw,
    "restore": _restore,
    "confirm_publication": _confirm,
}


def _void_approval(draft: Draft) -> None:
    draft.submitted_by = draft.approved_by = None
    draft.approved_digest = ""
    draft.embargo_until = None
    resting.let_go(draft)


def _embargo(value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        moment = value if isinstance(value, datetime) else parse_datetime(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid(
            {"embargo_until": [_("Must be a time with its offset: 2021-01-11T09:00+06:00.")]}
        )
    return moment


def publish_by_itself(incident: Incident, draft: Draft) -> None:
    """At the end of its embargo, the rows locked by the caller. Raises Refused."""
    op = _publish(incident, draft, None, {})
    draft.state = DraftState.PUBLISHED
    draft.save()
    incident.version += 1
    incident.changed_at = timezone.now()
    incident.save(update_fields=["version", "changed_at"])
    before = {"publication": DraftState.APPROVED}
    _tell("publish", incident, None, "clock", "", before, draft, op, {})
