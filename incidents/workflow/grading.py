"""Severity: rules raise it and say why, a person lowers it with a reason, never below them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from incidents.errors import Invalid, WrongState
from incidents.floors import Floor, floor_of
from incidents.models import Incident
from incidents.transitions import Step
from observers.models import User

Data = dict[str, Any]


def floor(incident: Incident) -> Floor:
    return floor_of(incident.category, incident.details, danger=incident.urgent)


def raise_to_floor(incident: Incident) -> tuple[Data, Data]:
    """What it changed, for history; nothing when it is severe enough already."""
    least = floor(incident)
    if incident.severity >= least.level:
        return {}, {}
    before = {"severity": incident.severity}
    incident.severity = least.level
    return before, {"severity": least.level, "severity_rule": least.why}


def grade(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    severity = data["severity"]
    if isinstance(severity, bool) or not isinstance(severity, int) or not 1 <= severity <= 4:
        raise Invalid({"severity": [_("Must be 1, 2, 3 or 4.")]})
    least = floor(incident)
    if severity < least.level:
        sentence = _("This category is at least severity %(floor)s.")
        if least.why != "category":
            sentence = _("It is at least severity %(floor)s: %(why)s.")
        raise WrongState(sentence % {"floor": least.level, "why": least.words})
    if severity < incident.severity and not reason:
        raise Invalid({"reason": [_("Say why it is less severe than thought.")]})
    if severity == incident.severity:
        return {}, {}
    before = {"severity": incident.severity}
    incident.severity = severity
    return before, {"severity": severity}
