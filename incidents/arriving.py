"""The door for what phones seal: keep, give a receipt, then see what is inside.

Once the signature of a known device holds, the bytes are committed and a receipt is due, whatever
they turn out to be: what cannot be opened or understood, a conflict, a locked phone are the
desk's business. From outside they all look the same. What can be filed is committed together with
its bytes; whatever fails in that, the bytes are then committed alone.

The receipt carries the reference of the report once it is filed; if filing failed for the moment,
the first receipt has none and a later one for the same bytes may. Each verifies for itself.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from elections.models import Election, Region, Station
from incidents import checking_in, dating, envelopes, intake, workflow
from incidents.cleaning import clean_json, clean_text, digest
from incidents.envelopes import Envelope
from incidents.errors import Conflict, Invalid, NotAllowed, Refused
from incidents.interpreting import EARLIEST_CLOCK, read_time, region_named
from incidents.models import Question, RawReport, Report
from incidents.vocabulary import Audience, Channel, EnvelopeKind
from observers import keys
from observers.models import CheckIn, Device, User
from observers.roles import memberships, teams

Inside = dict[str, Any]
MOST_AT_ONCE = 500
MOST_ALIKE = 20
POINT = ("latitude", "longitude", "accuracy_m")
log = logging.getLogger(__name__)
# Verified against when the device is unknown, so that both refusals take as long.
NOBODY = ec.generate_private_key(keys.CURVE).public_key()


class NotKnown(NotAllowed):
    """One for both: an unknown device and a signature that does not hold."""

    code = "not_signed"
    default = _("This envelope is not signed by a phone that was enrolled here. Nothing was kept.")


class NoReceipts(Refused):
    """The keys are not where they should be: without a receipt a phone lets go of nothing."""

    status = 503
    code = "unavailable"
    default = _("No receipt can be given at the moment. Keep it and send it again later.")
    retry_after = 60


@dataclass(frozen=True)
class Arrived:
    receipt: dict[str, Any]
    created: bool


def arrive(raw: bytes, *, item: uuid.UUID, sent_clock: datetime | None = None) -> Arrived:
    """Raises Invalid (400), TooLarge (413), NotKnown (403) and NoReceipts (503); then nothing was
    kept."""
    envelope = envelopes.read(raw)
    if envelope.id != item:
        raise Invalid({"id": [_("The envelope carries another id than the address.")]})
    signer = _signer(envelope)
    try:
        keys.receipt_key()
    except keys.NoKey:
        log.error("There is no key to sign receipts with.")
        raise NoReceipts from None
    kept, created = _keep(raw, envelope, signer, sent_clock)
    if kept.outcome == RawReport.Outcome.ARRIVED:
        _settle(kept, envelope)
    ref = _ref_of(kept)
    receipt = envelopes.receipt(envelope.id, envelope.sha256, kept.received_at, ref)
    return Arrived(receipt, created)


def _ref_of(kept: RawReport) -> str | None:
    """Of the report that these bytes became; of what contradicts it, none."""
    if kept.outcome != RawReport.Outcome.FILED or kept.envelope != EnvelopeKind.REPORT:
        return None
    found = Report.objects.filter(pk=kept.report_id, author=kept.author_id)
    return found.values_list("ref", flat=True).first()


def take_up_arrived() -> int:
    """What was kept when a server died, in an envelope or not. How many were settled."""
    taken = intake.take_up_arrived()
    waiting = RawReport.objects.filter(
        outcome=RawReport.Outcome.ARRIVED, received_at__lt=timezone.now() - intake.PATIENCE
    )
    rows = waiting.exclude(envelope="").select_related("author", "device__user", "election")
    for kept in list(rows.order_by("pk")[:MOST_AT_ONCE]):
        _settle(kept, envelopes.read(bytes(kept.body)))
        taken += kept.outcome == RawReport.Outcome.FILED
    return taken


def opened(kept: RawReport) -> Inside | None:
    """What a kept envelope says, for the desk; None when it cannot be opened."""
    try:
        return envelopes.read(bytes(kept.body)).open()
    except (envelopes.Unopened, Refused):
        return None


def _signer(envelope: Envelope) -> Device:
    found = Device.objects.select_related("user", "election").filter(
        pk=envelope.device, kind=Device.Kind.PHONE, election__isnull=False
    )
    device = found.first()
    try:
        public = keys.public_key(device.public_key) if device else NOBODY
    except ValueError:
        device, public = None, NOBODY
    if not envelope.signed_by(public) or device is None:
        raise NotKnown
    return device


# --- Keeping --------------------------------------------------------------------------------


def _keep(
    raw: bytes, envelope: Envelope, device: Device, sent_clock: datetime | None
) -> tuple[RawReport, bool]:
    """Commit the bytes: with what follows from them, else alone. The same ones are kept once."""
    if earlier := _kept(envelope, device):
        return earlier, False
    row = RawReport(
        report_id=envelope.id,
        sha256=envelope.sha256,
        body=raw,
        channel=Channel.APP,
        author=device.user,
        device=device,
        election=device.election,
        sealed=True,
        envelope=envelope.kind,
        device_seq=envelope.seq,
        sent_clock=sent_clock,
    )
    if _at_once(row, envelope):
        return row, True
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if earlier := _kept(envelope, device):
            return earlier, False
        raise
    return row, True


def _at_once(row: RawReport, envelope: Envelope) -> bool:
    """Bytes and what follows from them in one commit; a server that dies before its end has given
    no receipt. False: not this time, and nothing was kept."""
    try:
        inside = envelope.open()
        with transaction.atomic():
            row.outcome, row.sealed = RawReport.Outcome.FILED, _may_be_sealed(row, inside)
            row.save(force_insert=True)
            _hand_on(row, inside)
    except Exception:  # noqa: BLE001 - whatever it was: keep them alone first, then see
        row.pk, row.outcome, row.sealed = None, RawReport.Outcome.ARRIVED, True
        return False
    return True


def _kept(envelope: Envelope, device: Device) -> RawReport | None:
    """Of these bytes, or of the same envelope written otherwise: with other spaces, another of
    the signatures that hold. Whoever carries it could make thousands of those."""
    rows = RawReport.objects.filter(report_id=envelope.id, author=device.user_id)
    rows = rows.exclude(envelope="")
    row = rows.filter(sha256=envelope.sha256).first() or _written_otherwise(rows, envelope)
    if row is not None:
        row.author, row.device, row.election = device.user, device, device.election
    return row


def _written_otherwise(rows: "QuerySet[RawReport]", envelope: Envelope) -> RawReport | None:
    """Only the phone itself can make many of one id and number: of those, the first are read."""
    alike = rows.filter(device=envelope.device, device_seq=envelope.seq).order_by("pk")
    return next((row for row in alike[:MOST_ALIKE] if _same(row, envelope)), None)


def _same(row: RawReport, envelope: Envelope) -> bool:
    known = envelopes.read(bytes(row.body))
    return (known.header, known.sealed) == (envelope.header, envelope.sealed)


# --- Settling -------------------------------------------------------------------------------

# Kept as a word and said in the language of whoever looks at the arrivals.
LOCKED = "locked"
WHY: dict[str, Promise] = {
    "unopened": _(
        "It cannot be opened: it was sealed to a key this server does not have, or was broken "
        "before it was signed. Ask who sent it, and look whether a key is missing."
    ),
    "not_this_way": _("A file was announced where reports come in, and no file came with it."),
    LOCKED: _("An answer from a locked phone or person. It is not shown with the report."),
}


def _settle(kept: RawReport, envelope: Envelope) -> None:
    """Open it, hand it on, and note what became of it. Raises nothing: the receipt is due."""
    problems: dict[str, list[str]] = {}
    sealed = True
    try:
        inside = envelope.open()
        sealed = _may_be_sealed(kept, inside)
        _hand_on(kept, inside)
        outcome = RawReport.Outcome.FILED
    except envelopes.Unopened:
        # Of the bytes nobody can read a word, so whoever looks after the arrivals may see them.
        outcome, problems, sealed = RawReport.Outcome.REFUSED, {"": ["unopened"]}, False
    except Conflict as refusal:
        outcome, problems = RawReport.Outcome.CONFLICT, intake.problems(refusal)
    except Refused as refusal:
        outcome, problems = RawReport.Outcome.REFUSED, intake.problems(refusal)
    except Exception as error:  # noqa: BLE001 - the bytes are kept; the clock tries again
        log.error("An envelope could not be filed: %s", type(error).__name__)
        return
    kept.outcome, kept.problems, kept.sealed = outcome, problems, sealed
    rows = RawReport.objects.filter(pk=kept.pk).exclude(outcome=RawReport.Outcome.FILED)
    rows.update(outcome=outcome, problems=problems, sealed=sealed)


def _hand_on(kept: RawReport, inside: Inside) -> None:
    if kept.envelope != EnvelopeKind.REPORT:  # intake cleans a report itself
        inside = clean_json(inside)[0]
    HANDLERS[EnvelopeKind(kept.envelope)](kept, inside)


def _may_be_sealed(kept: RawReport, inside: Inside) -> bool:
    """Whether coordinators are kept from reading it, until something says that they may."""
    if kept.envelope == EnvelopeKind.REPORT:
        return inside.get("audience") not in (None, "", Audience.TEAM)
    if kept.envelope != EnvelopeKind.ANSWER:
        return False
    about = Report.objects.filter(author=kept.author_id, audience=Audience.TEAM)
    return _locked(kept) or not about.filter(pk=_uuid(inside, "report")).exists()


def _locked(kept: RawReport) -> bool:
    """Whoever holds the phone now may not be whom it was given to."""
    device = kept.device
    if device is None or device.revoked_at is not None or not kept.author.is_active:
        return True
    held = memberships(kept.author, kept.election).filter(role__in=intake.MAY_FILE)
    return not held.exists()


def _election(kept: RawReport) -> Election:
    if kept.election is None:
        raise Invalid({"": [_("It belongs to no election.")]})
    return kept.election


def _report(kept: RawReport, inside: Inside) -> None:
    intake.file_opened(kept, inside, election=_election(kept), quarantined=_locked(kept))


def _answer(kept: RawReport, inside: Inside) -> None:
    author: User = kept.author
    found = question_of(kept, inside)
    if _locked(kept):
        raise Invalid({"": [LOCKED]})
    workflow.answer(
        found, by=author, answer_id=kept.report_id, text=inside.get("text"), channel=kept.channel
    )


def question_of(kept: RawReport, inside: Inside) -> Question:
    """The question of the sender's own report that this answers. Raises Invalid."""
    asked = Question.objects.filter(report__author=kept.author, report__election=kept.election)
    question = asked.select_related("report__election").filter(
        pk=_uuid(inside, "question"), report=_uuid(inside, "report")
    )
    if (found := question.first()) is None:
        raise Invalid({"question": [_("This report has no such question.")]})
    return found


def _evidence(kept: RawReport, inside: Inside) -> None:
    raise Invalid({"": ["not_this_way"]})


def _uuid(inside: Inside, field: str) -> uuid.UUID:
    given = inside.get(field)
    try:
        return uuid.UUID(given if isinstance(given, str) else "")
    except ValueError:
        raise Invalid({field: [_("Must be an id.")]}) from None


# --- Check-ins ------------------------------------------------------------------------------


def _check_in(kept: RawReport, inside: Inside) -> None:
    election = _election(kept)
    kind = inside.get("kind")
    if kind not in CheckIn.Kind.values:
        raise Invalid({"kind": [_("Unknown kind of check-in.")]})
    region, station, typed = _place(inside, election)
    sha256 = digest(inside)
    made = checking_in.check_in(
        id=kept.report_id,
        by=kept.author,
        election=election,
        team=teams(kept.author, election).first(),
        device=kept.device,
        kind=str(kind),
        channel=kept.channel,
        station=station,
        station_as_typed=typed,
        region=region,
        at=_moment(kept, inside, election),
        sha256=sha256,
        quarantined=_locked(kept),
        point={field: inside[field] for field in POINT if _is_number(inside.get(field))},
    )
    if (made.user_id, made.sha256) != (kept.author_id, sha256):
        raise Conflict


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _place(inside: Inside, election: Election) -> tuple[Region | None, Station | None, str]:
    typed = {}
    for field in ("region", "station"):
        given = inside.get(field)
        typed[field] = clean_text(given, limit=200)[0] if isinstance(given, str) else ""
    region = region_named(typed["region"], election) if typed["region"] else None
    if not typed["station"]:
        return region, None, ""
    station = Station.objects.resolve(election, typed["station"], region=region)
    return region or (station.region if station else None), station, typed["station"]


def _moment(kept: RawReport, inside: Inside, election: Election) -> datetime:
    """By the phone's clock, corrected by what is known of it; else when it came."""
    said, offset = inside.get("captured_clock"), inside.get("clock_known_offset_s")
    clock = read_time(said, election.time_zone, EARLIEST_CLOCK) if isinstance(said, str) else None
    if clock is None:
        return kept.received_at
    known = float(offset) if offset is not None and _is_number(offset) else None
    return dating.written(kept, clock, sent=kept.sent_clock, known_offset_s=known).at


def read_clock(header: str) -> datetime | None:
    """Milliseconds since 1970 as a phone counts them; None for anything else."""
    if not (header.isascii() and header.isdigit() and len(header) <= 15):
        return None
    try:
        return datetime.fromtimestamp(int(header) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


HANDLERS: dict[EnvelopeKind, Callable[[RawReport, Inside], None]] = {
    EnvelopeKind.REPORT: _report,
    EnvelopeKind.ANSWER: _answer,
    EnvelopeKind.CHECK_IN: _check_in,
    EnvelopeKind.EVIDENCE: _evidence,
}
