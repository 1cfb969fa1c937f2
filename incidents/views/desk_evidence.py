"""Files that came with reports: what they are and show, and which are still on their way."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from incidents import wording
from incidents.evidence import showing
from incidents.evidence.showing import Purpose
from incidents.models import Evidence, Report
from incidents.views.entering import SignedIn
from incidents.vocabulary import EvidenceState

KINDS: dict[str, Any] = {
    "image": lazy("Photo"),
    "video": lazy("Video"),
    "audio": lazy("Sound"),
    "text": lazy("Text"),
    "application/pdf": lazy("Document"),
}
PROBLEMS: dict[str, Any] = {
    "type": lazy("This type of file is not shown here."),
    "unknown": lazy("It is not known what type of file this is."),
    "broken": lazy("The picture cannot be read."),
    "pixels": lazy("The picture is too large to be opened safely."),
    "frames": lazy("The picture has too many frames to be opened safely."),
    "memory": lazy("The picture takes too much memory to be opened safely."),
    "time": lazy("The picture takes too long to be opened safely."),
    "crash": lazy("The picture broke the program that opens it."),
    "size": lazy("The picture is too large for a clean copy."),
    "unreadable": lazy("The original cannot be opened: its key is missing, or it is damaged."),
}


@dataclass(frozen=True)
class Files:
    rows: list[dict[str, Any]]
    missing: str  # how many of those announced have arrived, while some have not

    def __bool__(self) -> bool:
        return bool(self.rows or self.missing)


def evidence(request: SignedIn, reports: Iterable[Report]) -> Files:
    """Of these reports, which this person reads on the desk."""
    shown = list(reports)
    rows = list(
        Evidence.objects.visible_to(request.user)
        .filter(report__in=[report.pk for report in shown])
        .select_related("report__election")
    )
    return Files([_file(request, row) for row in rows], _missing(shown, rows))


def _file(request: SignedIn, row: Evidence) -> dict[str, Any]:
    pictured = row.state == EvidenceState.READY
    return {
        "kind": kind(row.media_type),
        "media_type": row.media_type,
        "name": row.name_as_given,
        "size": filesizeformat(row.size),
        "sha256": row.sha256,
        "received": wording.clock(row.received_at, row.report.election.time_zone),
        "iso": row.received_at.isoformat(),
        "report": row.report.ref,
        "report_url": reverse("desk-report", args=[row.report_id]),
        "picture": _url(request, row, Purpose.PICTURE) if pictured else "",
        "original": (
            _url(request, row, Purpose.ORIGINAL)
            if showing.may_open_original(row, by=request.user)
            else ""
        ),
        "state": "" if pictured else row.get_state_display(),
        "problem": str(PROBLEMS.get(row.problem, "")),
        "refused": row.state == EvidenceState.REFUSED,
    }


def _url(request: SignedIn, row: Evidence, purpose: Purpose) -> str:
    return reverse("desk-file", args=[showing.link(row.pk, purpose, to=request.user)])


def _missing(reports: list[Report], rows: list[Evidence]) -> str:
    """A phone names its files in the report and sends them after it."""
    arrived = {(row.report_id, row.sha256) for row in rows}
    announced = {
        (report.pk, one["sha256"])
        for report in reports
        for one in report.announced
        if isinstance(one, dict) and isinstance(one.get("sha256"), str)
    }
    if announced <= arrived:
        return ""
    return ngettext(
        "%(arrived)s of %(number)s announced file has arrived.",
        "%(arrived)s of %(number)s announced files have arrived.",
        len(announced),
    ) % {"arrived": len(announced & arrived), "number": len(announced)}


def kind(media_type: str) -> str:
    known = KINDS.get(media_type) or KINDS.get(media_type.partition("/")[0])
    return str(known or lazy("File"))
