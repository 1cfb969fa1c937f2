"""The one door for a sign of life: from a phone's envelope and from the plain page.

A call for help is three things in one transaction: a check-in that says where the person is, a
report, so that alerts, clocks and the queue of the desk carry it, and a safety case.
"""

import json
import uuid
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from elections.models import Election
from incidents import history, intake
from incidents.errors import Refused
from incidents.models import Report
from incidents.vocabulary import Danger
from incidents.workflow import safety
from observers import visiting
from observers.models import CheckIn, User, Visit


def check_in(
    *,
    id: uuid.UUID,
    by: User,
    election: Election,
    channel: str,
    quarantined: bool = False,
    point: dict[str, float] | None = None,
    **said: Any,
) -> CheckIn:
    """Idempotent by id: the same again returns what was kept first; compare `sha256`.

    `said`: what else `visiting.check_in` takes.
    `quarantined`: from a locked phone. Kept, and nothing follows from it.
    `point`: latitude, longitude, accuracy_m; of a call for help only, nothing else needs it.
    """
    with transaction.atomic():
        # Whoever sends the same again waits here, and then finds it.
        User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)
        if found := CheckIn.objects.filter(pk=id).first():
            return found
        calls = said.get("kind") == CheckIn.Kind.SOS and not quarantined
        if calls:
            # Before history: whoever takes this case up or closes it holds it and waits for that.
            safety.hold_open(by, election)
        kept = visiting.check_in(
            id=id, user=by, election=election, quarantined=quarantined, **said
        )
        told = {"check_in": str(kept.pk), "kind": kept.kind, "quarantined": quarantined}
        history.record("check_in", by=by, channel=channel, election=election, after=told)
        if calls:
            report = _report(kept, channel=channel, point=point or {})
            safety.called(kept, report=report, channel=channel)
    return kept


def _at(visit: Visit) -> str:
    return visit.station.code if visit.station else visit.station_as_typed


def report_id(check_in_id: uuid.UUID) -> uuid.UUID:
    """Of the report that a call for help also is."""
    return uuid.uuid5(check_in_id, "sos")


def _report(called: CheckIn, *, channel: str, point: dict[str, float]) -> Report | None:
    """None when this person may file none, because their membership ended: the case stands."""
    with translation.override(called.user.language):
        text = _("I need help. Sent with the button for emergencies.")
        visit = None if called.station or called.station_as_typed else called.visit
        place = _("last arrived at %(place)s") % {"place": _at(visit)} if visit else None
    said: dict[str, Any] = {
        "election": called.election.slug,
        "text": text,
        "language": called.user.language,
        "danger": Danger.OBSERVER,
        "place": place,
        "captured_clock": called.at.isoformat(),
        "occurred_start": called.at.isoformat(),
        **point,
    }
    if called.station:
        said["station"] = called.station.code
    elif called.station_as_typed:
        said["station"] = called.station_as_typed
    if called.region and not called.station:
        said["region"] = called.region.code
    try:
        with transaction.atomic():
            return intake.file_report(
                by=called.user,
                report_id=report_id(called.pk),
                raw=json.dumps(said).encode(),
                channel=channel,
                device=called.device,
            ).report
    except Refused:
        return None
