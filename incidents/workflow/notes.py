"""The desk's own thread about an incident: lines are added and struck, never edited or deleted."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.errors import Invalid, NotAllowed, WrongState
from incidents.models import Incident, Note
from incidents.querysets import acting_roles
from incidents.transitions import Step
from incidents.workflow import checking
from incidents.workflow.merged import with_merged
from observers.models import User
from observers.roles import Role

LIMIT = 10_000
Data = dict[str, Any]


def notes_of(incident: Incident, *, by: User) -> "QuerySet[Note, Note]":
    """Of the incident and of those merged into it, oldest first."""
    rows = Note.objects.visible_to(by).filter(incident__in=with_merged(incident))
    return rows.select_related("incident", "author", "struck_by")


def write(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    text = checking.read_text(data["text"], "text", limit=LIMIT)
    if not text:
        raise Invalid({"text": [_("Write something first.")]})
    note = Note.objects.create(incident=incident, author=by, text=text)
    return {}, {"note_id": str(note.pk)}


def strike(step: Step, incident: Incident, by: User, reason: str, data: Data) -> tuple[Data, Data]:
    """By who wrote it, or by a coordinator; it stays readable with the name and the reason."""
    rows = Note.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(
        incident__in=with_merged(incident), pk=checking.read_id(data["note"])
    ).first()
    if found is None:
        raise Invalid({"note": [_("There is no such note here.")]})
    if found.author_id != by.pk and Role.COORDINATOR not in acting_roles(by, incident):
        raise NotAllowed(_("Only who wrote the note or a coordinator may strike it."))
    if found.struck_at is not None:
        raise WrongState(_("The note is struck already."))
    found.struck_at, found.struck_by, found.struck_reason = timezone.now(), by, reason
    found.save(update_fields=["struck_at", "struck_by", "struck_reason"])
    return {}, {"note_id": str(found.pk)}
