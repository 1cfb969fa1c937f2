"""The only door through which a report enters: app, page, API, import, desk.

The bytes are committed before anything interprets them. A report is refused only for its form
(not JSON, unknown fields, wrong types), never for its content: what cannot be understood stays
as typed in `unresolved` for the desk, and what was refused stays raw for the desk as well.
"""

import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.models import Election
from incidents import alerts, clocks, history, shaking
from incidents.cleaning import canonical_json, clean_json, parse_json
from incidents.errors import Conflict, Invalid, NotAllowed, Refused
from incidents.interpreting import FIELDS, interpret
from incidents.models import RawReport, Report
from incidents.vocabulary import Audience, Danger, ReportState
from observers.models import Device, User
from observers.roles import IN_THE_FIELD, has_role, memberships, teams

MAY_FILE = IN_THE_FIELD
MAX_BYTES = 256 * 1024
PATIENCE = timedelta(minutes=1)  # a request that still runs is not taken over
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Receipt:
    """`created` is false when the same report had arrived before: the receipt is the same."""

    report: Report
    created: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": str(self.report.id),
            "ref": self.report.ref,
            "sha256": self.report.sha256,
            "received_at": self.report.received_at.isoformat(),
        }


def file_report(
    *, by: User, report_id: uuid.UUID, raw: bytes, channel: str, device: Device | None = None
) -> Receipt:
    """Keep, then understand, then file.

    `raw` is a JSON object of FIELDS. Raises Invalid (400), NotAllowed (403), Conflict (409) and
    TooLarge (413); after all but TooLarge and NotAllowed the bytes are kept for the desk.
    """
    mine = memberships(by).filter(role__in=MAY_FILE)
    if not mine.exists():
        raise NotAllowed(_("Only observers and the desk may file reports. Ask your coordinator."))
    kept = _keep(by=by, report_id=report_id, raw=raw, channel=channel, device=device)
    return _settle(kept, raw)


def take_up_arrived() -> int:
    """File what was kept when a server died and whose sender did not return. How many it was."""
    taken = 0
    patience = timezone.now() - PATIENCE
    waiting = RawReport.objects.filter(
        outcome=RawReport.Outcome.ARRIVED, received_at__lt=patience, envelope=""
    )
    for kept in waiting.select_related("author", "device"):
        try:
            _settle(kept, bytes(kept.body))
        except Refused:
            continue  # marked for the desk
        except Exception as error:  # noqa: BLE001 - one of them must not hold up the others
            log.error("An arrival could not be filed: %s", type(error).__name__)
            continue
        taken += 1
    return taken


def _settle(kept: RawReport, raw: bytes) -> Receipt:
    """Understand what is kept, file it, and note on it what became of it."""
    try:
        receipt = _understand(kept, raw)
    except Conflict:
        RawReport.objects.filter(pk=kept.pk).update(outcome=RawReport.Outcome.CONFLICT)
        raise
    except Refused as refusal:
        RawReport.objects.filter(pk=kept.pk).exclude(outcome=RawReport.Outcome.FILED).update(
            outcome=RawReport.Outcome.REFUSED, problems=problems(refusal)
        )
        raise
    RawReport.objects.filter(pk=kept.pk).update(
        outcome=RawReport.Outcome.FILED,
        election=receipt.report.election_id,
        sealed=receipt.report.audience == Audience.SECURITY_ONLY,
    )
    return receipt


def problems(refusal: Refused) -> dict[str, list[str]]:
    if isinstance(refusal, Invalid):
        return {field: [str(line) for line in lines] for field, lines in refusal.errors.items()}
    return {"": [str(refusal.message)]}


def _keep(
    *, by: User, report_id: uuid.UUID, raw: bytes, channel: str, device: Device | None
) -> RawReport:
    """Commit the bytes. The election is a guess until they are understood."""
    if len(raw) > MAX_BYTES:
        parse_json(raw, max_bytes=MAX_BYTES)  # raises TooLarge
    first = memberships(by).filter(role__in=MAY_FILE).order_by("pk").first()
    kept, _made = RawReport.objects.get_or_create(
        report_id=report_id,
        sha256=hashlib.sha256(raw).hexdigest(),
        author=by,
        defaults={
            "body": raw,
            "channel": channel,
            "device": device,
            "election": first.election if first else None,
            "sealed": b"security_only" in raw,
        },
    )
    return kept


def _understand(kept: RawReport, raw: bytes) -> Receipt:
    payload = parse_json(raw, max_bytes=MAX_BYTES)
    if not isinstance(payload, dict):
        raise Invalid({"": [_("Send one JSON object with the fields of the report.")]})
    payload.pop("id", None)
    election = _election(kept.author, payload.pop("election", None))
    digest = _digest(payload, election)
    if found := Report.objects.filter(pk=kept.report_id).first():
        return _again(found, kept.author, digest)
    values = interpret(payload, election=election)
    if not any(has_role(kept.author, role, election) for role in MAY_FILE):
        raise NotAllowed(_("You are not an observer of this election. Ask your coordinator."))
    locked = kept.device is not None and kept.device.revoked_at is not None
    return _file(kept, election, values, digest, quarantined=locked)


def file_opened(
    kept: RawReport, inside: dict[str, Any], *, election: Election, quarantined: bool
) -> Receipt:
    """File what a phone sealed. Its author may be locked by now, so nobody is refused here.

    Raises Invalid (400) and Conflict (409).
    """
    payload = {field: value for field, value in inside.items() if field not in ("id", "election")}
    digest = _digest(payload, election)
    if found := Report.objects.filter(pk=kept.report_id).first():
        return _again(found, kept.author, digest)
    values = interpret(payload, election=election)
    named = inside.get("election", election.slug)
    if named != election.slug:
        # It was sealed for this one; what else it says is for the desk to look at.
        values["unresolved"]["election"] = clean_json(str(named)[:200])[0]
    if kept.sent_clock is not None:
        values["sent_clock"] = kept.sent_clock
    values["device_seq"] = kept.device_seq
    return _file(kept, election, values, digest, quarantined=quarantined)


def _digest(payload: dict[str, Any], election: Election) -> str:
    said = canonical_json({**payload, "election": election.slug})
    return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


def _election(author: User, slug: object) -> Election:
    """The one named, or the only one this person observes."""
    filing = memberships(author).filter(role__in=MAY_FILE)
    rows = filing.select_related("election")
    elections = {m.election.slug: m.election for m in rows if m.election is not None}
    if slug is None and len(elections) == 1:
        return next(iter(elections.values()))
    if isinstance(slug, str) and slug in elections:
        return elections[slug]
    names = ", ".join(sorted(elections))
    raise Invalid({"election": [_("Name one of your elections: %(names)s.") % {"names": names}]})


def _again(found: Report, author: User, digest: str) -> Receipt:
    if found.author_id != author.pk or found.sha256 != digest:
        raise Conflict(
            _(
                "This report id already carries other content. Both are kept and the desk will "
                "look. Send a correction as a new report that follows up the first."
            )
        )
    return Receipt(report=found, created=False)


def _file(
    kept: RawReport,
    election: Election,
    values: dict[str, Any],
    digest: str,
    *,
    quarantined: bool,
) -> Receipt:
    author = kept.author
    try:
        with transaction.atomic():
            report = Report(
                id=kept.report_id,
                ref=history.take_ref(election),
                election=election,
                author=author,
                team=teams(author, election).first(),
                device=kept.device,
                channel=kept.channel,
                received_at=timezone.now(),
                sha256=digest,
                state=ReportState.QUARANTINED if quarantined else ReportState.RECEIVED,
                **values,
            )
            report.urgent = report.danger != Danger.NONE
            report.due_at = clocks.due_of_report(report)
            report.save(force_insert=True)
            # Before history: whoever holds its counter must not wait for an incident.
            shaking.corrected_by(report)
            history.record(
                "file_report",
                by=author,
                channel=kept.channel,
                election=election,
                report=report,
                after={"state": report.state, "sha256": digest},
            )
            alerts.of_report(report)
    except IntegrityError:
        # Somebody else filed it between our look and our insert: the same report, sent twice.
        if found := Report.objects.filter(pk=kept.report_id).first():
            return _again(found, author, digest)
        raise
    return Receipt(report=report, created=True)


__all__ = ["FIELDS", "Receipt", "file_opened", "file_report", "take_up_arrived"]
