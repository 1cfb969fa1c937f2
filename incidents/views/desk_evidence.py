"""Files that came with reports: what they are, so that a copy can be told from a forgery."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy

from incidents import wording
from incidents.models import Evidence
from incidents.views.entering import SignedIn

KINDS: dict[str, Any] = {
    "image": lazy("Photo"),
    "video": lazy("Video"),
    "audio": lazy("Sound"),
    "text": lazy("Text"),
    "application/pdf": lazy("Document"),
}


def evidence(request: SignedIn, reports: Iterable[UUID]) -> list[dict[str, Any]]:
    """Of these reports, which this person reads on the desk."""
    rows = (
        Evidence.objects.visible_to(request.user)
        .filter(report__in=list(reports))
        .select_related("report__election")
    )
    return [
        {
            "kind": kind(row.media_type),
            "media_type": row.media_type,
            "name": row.name_as_given,
            "size": filesizeformat(row.size),
            "sha256": row.sha256,
            "received": wording.clock(row.received_at, row.report.election.time_zone),
            "iso": row.received_at.isoformat(),
            "report": row.report.ref,
            "report_url": reverse("desk-report", args=[row.report_id]),
        }
        for row in rows
    ]


def kind(media_type: str) -> str:
    known = KINDS.get(media_type) or KINDS.get(media_type.partition("/")[0])
    return str(known or lazy("File"))
