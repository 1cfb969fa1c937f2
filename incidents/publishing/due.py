"""The end of an embargo."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents import shaking
from incidents.errors import Refused
from incidents.models import Draft, Incident
from incidents.publishing import resting
from incidents.publishing.applying import publish_by_itself
from incidents.vocabulary import DraftState, IncidentStatus


def publish_due() -> int:
    """Publish what was approved under an embargo that has ended. Returns how many.

    What may not go out any more stays, and stands at the top of the editors' list with the
    reason. Two workers at once publish each text once: the row is locked and read again.
    """
    resting.note_lost_access()
    due = Draft.objects.filter(
        state=DraftState.APPROVED, embargo_until__isnull=False, embargo_until__lte=timezone.now()
    ).exclude(incident__status=IncidentStatus.MERGED)
    published = 0
    for pk in due.values_list("incident", flat=True):
        with transaction.atomic():
            published += _publish_due(pk)
    return published


def _publish_due(pk: Any) -> int:
    incident = Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    draft = Draft.objects.select_for_update(of=("self",), no_key=True).get(incident=incident)
    merged = incident.status == IncidentStatus.MERGED
    if merged or draft.state != DraftState.APPROVED or draft.embargo_until is None:
        return 0  # a colleague or another worker was here first
    try:
        publish_by_itself(incident, draft)
    except Refused:
        if draft.embargo_until <= timezone.now():
            shaking.shake([pk], "held")
        return 0
    return 1
