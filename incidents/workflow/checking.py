"""The questions every step asks before it changes anything."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.cleaning import clean_text
from incidents.errors import Invalid, NotAllowed, Stale, WrongState
from incidents.models import Event, Incident
from incidents.transitions import FACTS, Step
from observers.roles import Role

REASON_LIMIT = 500
# Lines beside the facts: they change no field that somebody could have typed over.
APPENDED = [step.name for step in FACTS.values() if step.appends]


def known_step(table: Mapping[str, Step], name: str) -> Step:
    if name not in table:
        raise Invalid({"step": [_("There is no such step. Steps: %s.") % ", ".join(table)]})
    return table[name]


def check_right(step: Step, roles: frozenset[Role]) -> None:
    if not step.roles & roles:
        raise NotAllowed(
            _("Your role may not do this step. It is for: %s.")
            % ", ".join(sorted(str(role.label) for role in step.roles))
        )


def check_state(step: Step, state: str) -> None:
    if state not in step.sources:
        raise WrongState(
            _("“%(step)s” is not possible now: the state is “%(state)s”. Reload and look again.")
            % {"step": step.label, "state": state}
        )


def check_needs(step: Step, given: Mapping[str, Any]) -> None:
    missing = [name for name in step.needs if given.get(name) in (None, "", [], {})]
    if missing:
        raise Invalid({name: [_("This step needs it.")] for name in missing})


def check_version(incident: Incident, version: int | None, mine: Mapping[str, Any]) -> None:
    """Stale names every field that changed since `version`, with both values."""
    if version is None:
        raise Invalid({"version": [_("Say which version of the incident you are looking at.")]})
    if version == incident.version:
        return
    theirs: dict[str, Any] = {}
    since = Event.objects.filter(incident=incident, version__gt=version)
    for event in since.exclude(verb__in=APPENDED).order_by("seq"):
        # What was done with a report is not told here: it may be for the security role alone.
        theirs |= {
            field: value
            for field, value in event.after.items()
            if event.report_id is None or field == "status"
        }
    raise Stale(
        _(
            "A colleague changed this incident while you looked at it. "
            "Nothing of yours is saved yet."
        ),
        fields=[
            {"field": field, "yours": mine.get(field), "theirs": value}
            for field, value in sorted(theirs.items())
        ],
    )


def read_text(given: Any, field: str, *, limit: int) -> str:
    """Words of the desk; refused rather than cut. Raises Invalid."""
    if not isinstance(given, str):
        raise Invalid({field: [_("Must be text.")]})
    text = clean_text(given, limit=limit + 1)[0]
    if len(text) > limit:
        raise Invalid({field: [_("At most %(limit)s characters.") % {"limit": limit}]})
    return text


NO_ID = UUID(int=0)


def read_id(given: Any) -> UUID:
    """What is no id finds nothing."""
    try:
        return UUID(given) if isinstance(given, str) else NO_ID
    except ValueError:
        return NO_ID


def plain(value: Any) -> Any:
    """A value as history keeps it: JSON only."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, models.Model):
        return str(getattr(value, "code", "") or getattr(value, "ref", "") or value.pk)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
