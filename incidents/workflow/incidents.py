from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents import alerts, clocks, history
from incidents.cleaning import clean_text
from incidents.errors import Invalid, WrongState
from incidents.locking import lock_named
from incidents.models import Incident, OfficialResponse, Relation, Report, ReportLink
from incidents.querysets import acting_roles
from incidents.transitions import FACTS, STATUS, VERIFICATION, Step
from incidents.vocabulary import IncidentStatus, Outcome, RelationKind
from incidents.workflow import checking, grading, leases, merging, notes, referrals
from incidents.workflow.facts import read_facts, searchable
from incidents.workflow.independence import independent_sources
from incidents.workflow.referrals import check_none_open
from incidents.workflow.responses import read_response
from observers.models import User

# What starts the clock of an incident anew.
MOVES = frozenset({"status", "verification", "severity"})
STEPS: dict[str, Step] = STATUS | VERIFICATION | FACTS
Data = dict[str, Any]


def allowed(incident: Incident, *, by: User) -> list[Step]:
    """The steps this person may take now; draws the buttons and fills `allowed` in the API."""
    merged = incident.status == IncidentStatus.MERGED
    roles = acting_roles(by, incident)
    steps = [
        s
        for s in STEPS.values()
        if s.roles & roles
        and _state(s, incident) in s.sources
        and not (merged and s.name in VERIFICATION)
    ]
    if any(s.name == "claim" for s in steps) and _taken_by(incident, by):
        steps = [s for s in steps if s.name != "claim"]
    return steps


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
    """Take one step and write its line of history. Returns the incident as it is now."""
    chosen = checking.known_step(STEPS, step)
    reason = clean_text(reason, limit=checking.REASON_LIMIT)[0]
    with transaction.atomic():
        locked = _locked(incident, chosen, by, data)
        checking.check_right(chosen, acting_roles(by, locked))
        if not chosen.appends:
            checking.check_version(locked, version, data.get("changes") or data)
        checking.check_state(chosen, _state(chosen, locked))
        checking.check_needs(chosen, {"reason": reason, **data})
        if chosen.name in VERIFICATION and locked.status == IncidentStatus.MERGED:
            raise WrongState(_("This incident was merged. Work on the one it went into."))
        effect = EFFECTS.get(chosen.name, _move)
        before, after = effect(chosen, locked, by, reason, data | {"channel": channel})
        if not after:
            return locked  # it was so already: nothing to save, no line to write
        if MOVES & set(after):
            locked.due_at = clocks.due_of_incident(locked, timezone.now())
        _save(locked, renew=not chosen.appends)
        history.record(
            chosen.name,
            by=by,
            channel=channel,
            election=locked.election,
            incident=locked,
            reason=reason or str(data.get("grounds", ""))[: checking.REASON_LIMIT],
            before=before,
            after=after,
        )
        alerts.of_incident(locked)
    return locked


def _locked(incident: Incident, step: Step, by: User, data: Data) -> Incident:
    """The row, and with it those that a merge or its undoing changes."""
    into = data.get("into") if step.name == "merge" else None
    others = Incident.objects.visible_to(by).filter(election=incident.election_id, ref=into)

    def wanted() -> set[UUID]:
        named = {incident.pk}
        if isinstance(into, str):
            named |= set(others.values_list("pk", flat=True))
        if step.name == "unmerge":
            named |= set(merging.chain(Incident.objects.get(pk=incident.pk)))
        return named

    return lock_named(wanted)[incident.pk]


def _state(step: Step, incident: Incident) -> str:
    return incident.verification if step.name in VERIFICATION else incident.status


def _save(incident: Incident, *, renew: bool = True) -> None:
    """`renew`: a new version; without it nobody who looks at this one becomes stale."""
    incident.version += renew
    incident.changed_at = timezone.now()
    incident.search = searchable(incident)
    incident.save()


# What was and what is now, for history; nothing now means that the step changed nothing.
Effect = Callable[[Step, Incident, User, str, Data], tuple[Data, Data]]


def _move(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    axis = "verification" if step.name in VERIFICATION else "status"
    before = {axis: getattr(incident, axis)}
    setattr(incident, axis, step.target)
    return before, {axis: step.target}


def _taken_by(incident: Incident, by: User) -> User | None:
    """Who reviews it and is at it still, or `by`, who needs no second claim."""
    if incident.status != IncidentStatus.IN_REVIEW or incident.assignee is None:
        return None
    return by if incident.assignee == by else leases.other_holder(incident, by=by)


def _claim(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    holder = _taken_by(incident, by)
    if holder == by:
        raise WrongState(_("You are reviewing it already."))
    if holder is not None:
        raise WrongState(
            _("%(name)s is at it now. Ask them, or wait until they have been away for a while.")
            % {"name": holder.get_username()}
        )
    before, after = _move(step, incident, by, reason, data)
    before["assignee"] = incident.assignee.get_username() if incident.assignee else None
    incident.assignee = by
    leases.take(incident, by=by)
    return before, after | {"assignee": by.get_username()}


def _release(
    step: Step, incident: Incident, by: User, reason: str, data: Data
) -> tuple[Data, Data]:
    before, after = _move(step, incident, by, reason, data)
    incident.assignee = None
    return before, after | {"assignee": None}


def _close(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    if data["outcome"] not in Outcome.values:
        raise Invalid({"outcome": [_("Must be one of: %s.") % ", ".join(Outcome.values)]})
    check_none_open(incident)
    before, after = _move(step, incident, by, reason, data)
    incident.outcome = data["outcome"]
    return before, after | {"outcome": incident.outcome}


def _reopen(
    step: Step, incident: Incident, by: User, reason: str, data: Data
) -> tuple[Data, Data]:
    before, after = _move(step, incident, by, reason, data)
    before["outcome"], incident.outcome = incident.outcome, ""
    return before, after | {"outcome": ""}


def _merge(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    """Move the reports to the survivor. `uniting.merge` withdraws the loser's publication."""
    survivor = other_incident(incident, by, data["into"], "into")
    merging.check_merge(incident, survivor, step, by)
    before: Data = {"status": incident.status}
    refs = merging.merge(incident, survivor, by)
    was, raised = grading.raise_to_floor(survivor)
    _save(survivor)
    told: Data = {"merged_from": incident.ref, "reports": refs} | raised
    _tell_the_other("absorb", survivor, by, reason, data, was, told)
    alerts.of_incident(survivor)
    return before, {"status": incident.status, "merged_into": survivor.ref, "reports": refs}


def _unmerge(
    step: Step, incident: Incident, by: User, reason: str, data: Data
) -> tuple[Data, Data]:
    """What the merge moved comes back; `uniting.unmerge` sees to the publication."""
    before: Data = {"status": incident.status, "merged_into": _ref(incident.merged_into)}
    undone = merging.unmerge(incident, step, by)
    raised = grading.raise_to_floor(incident)[1]
    _save(undone.holder)
    told: Data = {"parted_from": incident.ref, "reports": undone.back, "not_back": undone.gone}
    _tell_the_other("part", undone.holder, by, reason, data, {}, told)
    after: Data = {"status": incident.status, "merged_into": None, "outcome": incident.outcome}
    after |= {"assignee": incident.assignee.get_username() if incident.assignee else None}
    return before, after | raised | {"reports": undone.back, "not_back": undone.gone}


def _ref(incident: Incident | None) -> str:
    return incident.ref if incident else ""


def _tell_the_other(
    verb: str, other: Incident, by: User, reason: str, data: Data, before: Data, after: Data
) -> None:
    """The line of history of the incident on the other side of a merge."""
    history.record(
        verb,
        by=by,
        channel=data["channel"],
        election=other.election,
        incident=other,
        reason=reason,
        before=before,
        after=after,
    )


def _judge_source(
    step: Step, incident: Incident, by: User, reason: str, data: Data
) -> tuple[Data, Data]:
    """A person says whether a report is a source of its own, whatever is computed."""
    if not isinstance(data["independent"], bool):
        raise Invalid({"independent": [_("Must be yes or no.")]})
    readable = Report.objects.on_desk(by).values("pk")
    links = ReportLink.objects.filter(incident=incident, report__in=readable)
    link = links.filter(report__ref=str(data["report"])[:24]).select_related("report").first()
    if link is None:
        raise Invalid({"report": [_("No report of this incident has that reference.")]})
    sources = independent_sources(incident)
    link.independent_override, link.note = data["independent"], reason
    link.save(update_fields=["independent_override", "note"])
    before: Data = {"independent_sources": sources}
    return before, {
        "judged_report": link.report.ref,
        "independent": data["independent"],
        "independent_sources": independent_sources(incident),
    }


def _corroborate(
    step: Step, incident: Incident, by: User, reason: str, data: Data
) -> tuple[Data, Data]:
    sources = independent_sources(incident)
    if sources < 2 and data.get("fitting_evidence") is not True:
        raise WrongState(
            _(
                "Only one independent source so far. Corroborated needs two, or one direct "
                "witness with fitting evidence: then confirm that evidence."
            )
        )
    before, after = _move(step, incident, by, reason, data)
    return before, after | {"independent_sources": sources}


def _edit(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    if not isinstance(data["changes"], dict):
        raise Invalid({"changes": [_("Must be an object of fields and values.")]})
    before, after = {}, {}
    for field, value in read_facts(incident, data["changes"]).items():
        old = list(incident.regions.all()) if field == "regions" else getattr(incident, field)
        if checking.plain(old) == checking.plain(value):
            continue
        before[field], after[field] = checking.plain(old), checking.plain(value)
        if field == "regions":
            incident.regions.set(value)
        else:
            setattr(incident, field, value)
    was, raised = grading.raise_to_floor(incident)
    return before | was, after | raised


def _relate(
    step: Step, incident: Incident, by: User, reason: str, data: Data
) -> tuple[Data, Data]:
    other = other_incident(incident, by, data["to"], "to")
    if data["kind"] not in RelationKind.values:
        raise Invalid({"kind": [_("Must be one of: %s.") % ", ".join(RelationKind.values)]})
    _relation, made = Relation.objects.get_or_create(
        source=incident, target=other, kind=data["kind"], defaults={"note": reason}
    )
    return {}, {"relation": data["kind"], "to": other.ref} if made else {}


def _respond(
    step: Step, incident: Incident, by: User, reason: str, data: Data
) -> tuple[Data, Data]:
    response = OfficialResponse.objects.create(
        election=incident.election, recorded_by=by, **read_response(data["response"])
    )
    response.incidents.add(incident)
    return {}, {"response": response.issuer, "position": response.position}


def other_incident(incident: Incident, by: User, ref: Any, field: str) -> Incident:
    """Another incident of the same election that this person sees. Raises Invalid."""
    seen = Incident.objects.visible_to(by).filter(election=incident.election)
    found = seen.exclude(pk=incident.pk).filter(ref=ref).first() if isinstance(ref, str) else None
    if found is None:
        raise Invalid({field: [_("No other incident of this election has that reference.")]})
    return found


EFFECTS: dict[str, Effect] = {
    "claim": _claim,
    "release": _release,
    "close": _close,
    "reopen": _reopen,
    "merge": _merge,
    "unmerge": _unmerge,
    "judge_source": _judge_source,
    "corroborate": _corroborate,
    "edit": _edit,
    "grade": grading.grade,
    "relate": _relate,
    "respond": _respond,
    "note": notes.write,
    "strike_note": notes.strike,
    "refer": referrals.refer,
    "complete_referral": referrals.complete,
}
