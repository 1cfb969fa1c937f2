"""The only door through which a report enters: app, page, API, import, desk.

Nothing is acknowledged before it is on disk, and nothing that arrived is lost. What can be
understood is kept and filed in one transaction, bytes and report together: a server that dies
before its end has acknowledged nothing. Whatever goes wrong in it, the bytes are then committed
alone, before anything interprets them again. A report is refused only for its form (not JSON,
unknown fields, wrong types), never for its content: what cannot be understood stays as typed in
`unresolved` for the desk, and what was refused stays raw for the desk as well.
"""

import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, UUIDField, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.models import Election
from elections.prepared import Given, Prepared, PreparedInsert
from incidents import alerts, clocks, dating, history, shaking
from incidents.cleaning import canonical_json, clean_json, parse_json
from incidents.errors import Conflict, Invalid, NotAllowed, Refused
from incidents.interpreting import FIELDS, interpret
from incidents.models import Incident, RawReport, Report
from incidents.refs import new_ref
from incidents.vocabulary import Audience, Danger, ReportState
from observers.models import Device, Membership, User
from observers.roles import IN_THE_FIELD, elections_of_token, within_token

MAY_FILE = IN_THE_FIELD
MAX_BYTES = 256 * 1024
PATIENCE = timedelta(minutes=1)  # a request that still runs is not taken over
log = logging.getLogger(__name__)
FILING = Prepared(
    lambda: (
        Membership.objects.active(Given("now", DateTimeField()))
        .filter(user=Given("user", UUIDField()), role__in=MAY_FILE)
        .exclude(election=None)
        .select_related("election")
        .order_by("pk")
    )
)
INSERT_BYTES, INSERT_REPORT = PreparedInsert(RawReport), PreparedInsert(Report)
# What stands in the way of filing at once: these bytes or others under this id, the reference.
KNOWN = Prepared(
    lambda: (
        RawReport.objects.filter(report_id=Given("report", UUIDField()))
        .order_by()
        .values_list(Value(1))
        .union(history.carrying(Report), history.carrying(Incident), all=True)
    )
)


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
    filing = _filing(by)
    if not filing:
        raise NotAllowed(_("Only observers and the desk may file reports. Ask your coordinator."))
    if len(raw) > MAX_BYTES:
        parse_json(raw, max_bytes=MAX_BYTES)  # raises TooLarge
    arrived = RawReport(
        report_id=report_id,
        sha256=hashlib.sha256(raw).hexdigest(),
        body=raw,
        channel=channel,
        author=by,
        device=device,
        election=filing[0].election,  # a guess until they are understood
        sealed=b"security_only" in raw,
    )
    if receipt := _at_once(arrived, raw, filing):
        return receipt
    kept = _keep(arrived)
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


def _filing(author: User) -> list[Membership]:
    """In what elections and for which team this person may file now, the oldest first."""
    if not author.is_active:
        return []
    held = FILING(user=author.pk, now=timezone.now())
    return [one for one in held if within_token(author, one.election_id)]


def _at_once(arrived: RawReport, raw: bytes, filing: list[Membership]) -> Receipt | None:
    """Bytes, report and history in one commit. None: not this time, and nothing was kept."""
    try:
        payload, election, digest = _read(raw, filing, arrived.author)
        ref = new_ref(election.ref_prefix)
        if KNOWN(report=arrived.report_id, ref=ref):
            return None  # a repeat, a conflict, or a reference that is taken
        values = _values(arrived, payload, election)
        arrived.election = election
        arrived.sealed = values.get("audience") == Audience.SECURITY_ONLY
        arrived.outcome = RawReport.Outcome.FILED
        report = _report(arrived, ref, _among(filing, election), values, digest)
        with transaction.atomic():
            INSERT_REPORT(report, first=INSERT_BYTES.of(arrived))
            return _told(report)
    except Exception as error:  # noqa: BLE001 - whatever it was, the bytes are kept first
        if not isinstance(error, Refused | IntegrityError):
            log.warning("A report was not filed at once: %s", type(error).__name__)
        arrived.outcome = RawReport.Outcome.ARRIVED  # the row was rolled back
        return None


def _keep(arrived: RawReport) -> RawReport:
    """Commit the bytes."""
    found = {"report_id": arrived.report_id, "sha256": arrived.sha256, "author": arrived.author}
    others = ("body", "channel", "device", "election", "sealed")
    given = {name: getattr(arrived, name) for name in others}
    kept, _made = RawReport.objects.get_or_create(**found, defaults=given)
    kept.author = arrived.author  # who knows what the token of this request is limited to
    return kept


def _read(
    raw: bytes, filing: list[Membership], author: User
) -> tuple[dict[str, Any], Election, str]:
    """The fields, the election they are meant for and the digest of both. Raises Refused."""
    payload = parse_json(raw, max_bytes=MAX_BYTES)
    if not isinstance(payload, dict):
        raise Invalid({"": [_("Send one JSON object with the fields of the report.")]})
    payload.pop("id", None)
    election = _election(filing, payload.pop("election", None), author)
    return payload, election, _digest(payload, election)


def _digest(payload: dict[str, Any], election: Election) -> str:
    said = canonical_json({**payload, "election": election.slug})
    return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


def _understand(kept: RawReport, raw: bytes) -> Receipt:
    filing = _filing(kept.author)
    payload, election, digest = _read(raw, filing, kept.author)
    if found := Report.objects.filter(pk=kept.report_id).first():
        return _again(found, kept.author, digest)
    values = _values(kept, payload, election)
    return _file_once(kept, _among(filing, election), values, digest)


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
    values = _values(kept, payload, election)
    named = inside.get("election", election.slug)
    if named != election.slug:
        # It was sealed for this one; what else it says is for the desk to look at.
        values["unresolved"]["election"] = clean_json(str(named)[:200])[0]
    values["state"] = ReportState.QUARANTINED if quarantined else ReportState.RECEIVED
    return _file_once(kept, _among(_filing(kept.author), election), values, digest)


def _election(filing: list[Membership], slug: object, author: User) -> Election:
    """The one named, or the only one this person observes."""
    elections = {m.election.slug: m.election for m in filing if m.election is not None}
    if slug is None and len(elections) == 1:
        return next(iter(elections.values()))
    if isinstance(slug, str) and slug in elections:
        return elections[slug]
    if isinstance(slug, str) and elections_of_token(author) is not None:
        raise NotAllowed(_("This token was not made for that election. Use another one."))
    names = ", ".join(sorted(elections))
    raise Invalid({"election": [_("Name one of your elections: %(names)s.") % {"names": names}]})


def _among(filing: list[Membership], election: Election) -> list[Membership]:
    return [membership for membership in filing if membership.election_id == election.pk]


def _again(found: Report, author: User, digest: str) -> Receipt:
    if found.author_id != author.pk or found.sha256 != digest:
        raise Conflict(
            _(
                "This report id already carries other content. Both are kept and the desk will "
                "look. Send a correction as a new report that follows up the first."
            )
        )
    return Receipt(report=found, created=False)


def _values(kept: RawReport, payload: dict[str, Any], election: Election) -> dict[str, Any]:
    """Columns of the report. What a locked phone sent waits apart, with a normal receipt."""
    locked = kept.device is not None and kept.device.revoked_at is not None
    state = ReportState.QUARANTINED if locked else ReportState.RECEIVED
    values = interpret(payload, election=election)
    dating.date(kept, values, payload, election)
    return {"election": election, "state": state, "device_seq": kept.device_seq, **values}


def _file_once(
    kept: RawReport, filing: list[Membership], values: dict[str, Any], digest: str
) -> Receipt:
    try:
        with transaction.atomic():
            return _file(kept, filing, values, digest)
    except IntegrityError:
        # Somebody else filed it between our look and our insert: the same report, sent twice.
        if found := Report.objects.filter(pk=kept.report_id).first():
            return _again(found, kept.author, digest)
        raise


def _file(
    kept: RawReport, filing: list[Membership], values: dict[str, Any], digest: str
) -> Receipt:
    """In a transaction."""
    report = _report(kept, history.take_ref(values["election"]), filing, values, digest)
    INSERT_REPORT(report)
    return _told(report)


def _report(
    kept: RawReport, ref: str, filing: list[Membership], values: dict[str, Any], digest: str
) -> Report:
    """Not yet written. `filing`: memberships of the author in the election of `values`."""
    report = Report(
        id=kept.report_id,
        ref=ref,
        author=kept.author,
        team_id=next((m.team_id for m in filing if m.team_id), None),
        device=kept.device,
        channel=kept.channel,
        received_at=timezone.now(),
        sha256=digest,
        **values,
    )
    report.urgent = report.danger != Danger.NONE
    report.due_at = clocks.due_of_report(report)
    return report


def _told(report: Report) -> Receipt:
    """What follows from a report, in the transaction that writes it."""
    # Before history: whoever holds its counter must not wait for an incident or an alert.
    shaking.corrected_by(report)
    alerts.of_report(report)
    history.record(
        "file_report",
        by=report.author,
        channel=report.channel,
        election=report.election,
        report=report,
        after={"state": report.state, "sha256": report.sha256},
    )
    return Receipt(report=report, created=True)


__all__ = ["FIELDS", "Receipt", "file_opened", "file_report", "take_up_arrived"]
