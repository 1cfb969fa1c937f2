"""Two incidents become one, and two again, with everything the world reads of them.

Merging takes the loser's publication down: its reference answers with the survivor's. Undoing
gives its text back to the editors; a coordinator never publishes.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents import publishing, workflow
from incidents.copying import append_change, take_down
from incidents.models import Change, Draft, Incident, Publication
from incidents.vocabulary import DraftState, WithdrawReason
from incidents.workflow.merging import last_merge
from observers.models import User

Data = dict[str, Any]


def merge(incident: Incident, *, by: User, **arguments: Any) -> Incident:
    """Raises as workflow.apply does; nothing is public of the loser afterwards."""
    with transaction.atomic():
        merged = workflow.apply(incident, "merge", by=by, **arguments)
        survivor, made = merged.merged_into, last_merge(merged)
        live = Publication.objects.filter(incident=merged, live=True).exists()
        draft = (
            Draft.objects.select_for_update(of=("self",), no_key=True)
            .filter(incident=merged)
            .first()
        )
        if made and draft:
            made.before["publication"] = {"state": draft.state, "live": live}
            made.save(update_fields=["before"])
        if live and survivor and draft:
            take_down(merged, reason=WithdrawReason.MERGED, into=survivor.ref)
            draft.state, draft.shaken_at = DraftState.WITHDRAWN, None
            draft.save(update_fields=["state", "shaken_at"])
            append_change(Publication.objects.get(incident=merged), Change.Op.RETRACT)
        _point_on(merged)
    return merged


def unmerge(incident: Incident, *, by: User, **arguments: Any) -> Incident:
    """Raises as workflow.apply does. Whatever was public of it waits for an editor."""
    with transaction.atomic():
        made = last_merge(incident)
        parted = workflow.apply(incident, "unmerge", by=by, **arguments)
        was = (made.before if made else {}).get("publication") or {}
        draft = (
            Draft.objects.select_for_update(of=("self",), no_key=True)
            .filter(incident=parted)
            .first()
        )
        if draft and was.get("live"):
            _give_back(parted, draft, was["state"])
        if draft and draft.embargo_until and draft.embargo_until <= timezone.now():
            draft.embargo_until = None  # it would publish itself, and nobody decided that
            draft.save(update_fields=["embargo_until"])
        _own_again(parted)
        _point_on(parted)
    return parted


def _give_back(incident: Incident, draft: Draft, was: str) -> None:
    """As it was; what was approved or public is approved still, if nothing public changed."""
    approved = draft.approved_digest and draft.approved_by_id
    if was in (DraftState.PUBLISHED, DraftState.APPROVED):
        same = approved and draft.approved_digest == publishing.public_digest(incident, draft)
        was = DraftState.APPROVED if same else DraftState.DRAFT
    draft.state = was
    if was == DraftState.DRAFT:
        draft.submitted_by = draft.approved_by = draft.embargo_until = None
        draft.approved_digest = ""
    draft.save()


def _own_again(incident: Incident) -> None:
    """Its reference no longer leads to the survivor; the feed says so."""
    publication = Publication.objects.filter(incident=incident, live=False).first()
    if publication and publication.withdrawn_reason == WithdrawReason.MERGED:
        publication.withdrawn_reason = WithdrawReason.ERROR
        publication.merged_into_ref = ""
        publication.save(update_fields=["withdrawn_reason", "merged_into_ref"])
        append_change(publication, Change.Op.RETRACT)


def _point_on(incident: Incident) -> None:
    """What was absorbed by this one leads to the next in the chain that the world knows."""
    for loser in _absorbed(incident):
        tomb = Publication.objects.filter(
            incident=loser, live=False, withdrawn_reason=WithdrawReason.MERGED
        ).first()
        into = _known_above(loser)
        if tomb and tomb.merged_into_ref != into:
            tomb.merged_into_ref = into
            tomb.save(update_fields=["merged_into_ref"])
            append_change(tomb, Change.Op.RETRACT)


def _absorbed(incident: Incident) -> list[Incident]:
    """Everything that was merged into it, at once or through another."""
    found: list[Incident] = []
    waiting = [incident]
    while waiting:
        below = list(Incident.objects.filter(merged_into=waiting.pop()).order_by("pk"))
        found += below
        waiting += below
    return found


def _known_above(incident: Incident) -> str:
    """The nearest survivor the world has heard of; else the last of the chain."""
    ref, above = "", incident.merged_into
    while above:
        ref = above.ref
        if Publication.objects.filter(incident=above).exists():
            break
        above = above.merged_into
    return ref
