from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents import clocks, history
from incidents.cleaning import clean_text
from incidents.errors import Invalid, WrongState
from incidents.models import Incident, OfficialResponse, Relation, ReportLink
from incidents.querysets import acting_roles
from incidents.transitions import FACTS, STATUS, VERIFICATION, Step
from incidents.vocabulary import IncidentStatus, Outcome, RelationKind
from incidents.workflow import checking, notes, referrals
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
    if incident.status == IncidentStatus.MERGED:
        return []
    roles = acting_roles(by, incident)
    return [s for s in STEPS.values() if s.roles & roles and _state(s, incident) in s.sources]


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
        locked = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
        checking.check_right(chosen, acting_roles(by, locked))
        if not chosen.appends:
            checking.check_version(locked, version, data.get("changes") or data)
        checking.check_state(chosen, _state(chosen, locked))
        checking.check_needs(chosen, {"reason": reason, **data})
        if chosen.name in VERIFICATION and locked.status == IncidentStatus.MERGED:
            raise WrongState(_("This incident was merged. Work on the one it went into."))
        effect = EFFECTS.get(chosen.name, _move)
        before, after = effect(chosen, locked, by, reason, data)
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
    return locked


def _state(step: Step, incident: Incident) -> str:
    return incident.verification if step.name in VERIFICATION else incident.status


def _save(incident: Incident, *, renew: bool = True) -> None:
    """`renew`: a new version; without it nobody who looks at this one becomes stale."""
    incident.version += renew
    incident.changed_at = timezone.now()
    incident.search = searchable(incident)
    incident.save()


Effect = Callable[[Step, Incident, User, str, Data], tuple[Data, Data]]


def _move(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    axis = "verification" if step.name in VERIFICATION else "status"
    before = {axis: getattr(incident, axis)}
    setattr(incident, axis, step.target)
    return before, {axis: step.target}


def _claim(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    before, after = _move(step, incident, by, reason, data)
    incident.assignee = by
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
    """Move the reports to the survivor. `publishing.merge` withdraws the loser's publication."""
    survivor = other_incident(incident, by, data["into"], "into")
    survivor = Incident.objects.select_for_update(of=("self",)).get(pk=survivor.pk)
    if survivor.status == IncidentStatus.MERGED:
        raise WrongState(_("The other incident was itself merged. Choose the one it went into."))
    if incident.station_id and survivor.station_id and incident.station != survivor.station:
        raise WrongState(_("Two stations are two events: relate them instead of merging."))
    already = ReportLink.objects.filter(incident=survivor).values("report")
    moved = ReportLink.objects.filter(incident=incident).exclude(report__in=already)
    refs = list(moved.values_list("report__ref", flat=True))
    moved.update(incident=survivor)
    before, after = _move(step, incident, by, reason, data)
    incident.merged_into = survivor
    _save(survivor)
    history.record(
        "absorb",
        by=by,
        channel="page",
        election=survivor.election,
        incident=survivor,
        reason=reason,
        after={"merged_from": incident.ref, "reports": refs},
    )
    return before, after | {"merged_into": survivor.ref, "reports": refs}


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
    floor = incident.category_known.severity_floor
    if incident.severity < floor:
        before["severity"], after["severity"] = incident.severity, floor
        incident.severity = floor
    return before, after


def _grade(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    severity = data["severity"]
    floor = incident.category_known.severity_floor
    if isinstance(severity, bool) or not isinstance(severity, int) or not 1 <= severity <= 4:
        raise Invalid({"severity": [_("Must be 1, 2, 3 or 4.")]})
    if severity < floor:
        raise WrongState(_("This category is at least severity %(floor)s.") % {"floor": floor})
    if severity < incident.severity and not reason:
        raise Invalid({"reason": [_("Say why it is less severe than thought.")]})
    before = {"severity": incident.severity}
    incident.severity = severity
    return before, {"severity": severity}


def _relate(
    step: Step, incident: Incident, by: User, reason: str, data: Data
) -> tuple[Data, Data]:
    other = other_incident(incident, by, data["to"], "to")
    if data["kind"] not in RelationKind.values:
        raise Invalid({"kind": [_("Must be one of: %s.") % ", ".join(RelationKind.values)]})
    Relation.objects.get_or_create(
        source=incident, target=other, kind=data["kind"], defaults={"note": reason}
    )
    return {}, {"relation": data["kind"], "to": other.ref}


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
    "corroborate": _corroborate,
    "edit": _edit,
    "grade": _grade,
    "relate": _relate,
    "respond": _respond,
    "note": notes.write,
    "strike_note": notes.strike,
    "refer": referrals.refer,
    "complete_referral": referrals.complete,
}
