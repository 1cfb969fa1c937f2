"""When a report was written and what it tells of happened, whatever the phone's clock said."""

from datetime import datetime
from typing import Any

from django.db.models import UUIDField
from django.db.models.fields import PositiveBigIntegerField

from elections.models import Election
from elections.prepared import Given, Prepared
from incidents import timing
from incidents.interpreting import EARLIEST_CLOCK, read_time
from incidents.models import RawReport, Report


def _of_the_phone() -> Any:
    rows = Report.objects.filter(
        device=Given("device", UUIDField()),
        clock_quality__in=timing.TRUSTED,
        captured_at__isnull=False,
    )
    return rows.values_list("captured_at", flat=True)


BEFORE = Prepared(
    lambda: (
        _of_the_phone()
        .filter(device_seq__lt=Given("seq", PositiveBigIntegerField()))
        .order_by("-device_seq")[:1]
    )
)
AFTER = Prepared(
    lambda: (
        _of_the_phone()
        .filter(device_seq__gt=Given("seq", PositiveBigIntegerField()))
        .order_by("device_seq")[:1]
    )
)


def date(
    kept: RawReport, values: dict[str, Any], payload: dict[str, Any], election: Election
) -> None:
    """Complete `values`, as `interpreting.interpret` made them of `payload`."""
    unresolved = values["unresolved"]
    received = kept.received_at
    sent = kept.sent_clock or values.get("sent_clock")
    if sent is not None:
        values["sent_clock"] = sent
        values["clock_offset_s"] = (received - sent).total_seconds()
    captured = values.get("captured_clock")
    ago = payload.get("occurred_ago_min")
    report = None
    if captured is not None:
        offset = payload.get("clock_known_offset_s")
        report = written(kept, captured, sent=sent, known_offset_s=offset)
        values["captured_at"], values["clock_quality"] = report.at, report.quality
        _on_the_right_day(values, payload, report, election)
    if ago is None or values.get("occurred_start") or values.get("occurred_end"):
        return
    report = report or timing.Written(received, "", received, received)
    when = timing.occurred(ago, report)
    if when is None:
        unresolved["occurred_ago_min"] = ago
        return
    values["occurred_start"], values["occurred_end"] = when.start, when.end
    values.setdefault("occurred_precision", when.precision)


def written(
    kept: RawReport, captured: datetime, *, sent: datetime | None, known_offset_s: float | None
) -> timing.Written:
    """By our clock; `captured` and `sent` are the phone's."""
    device, before, after = kept.device, None, None
    if device is not None and kept.device_seq is not None:
        place = {"device": device.pk, "seq": kept.device_seq}
        before, after = next(iter(BEFORE(**place)), None), next(iter(AFTER(**place)), None)
    phone = timing.Phone(
        captured=captured,
        sent=sent,
        known_offset_s=known_offset_s,
        enrolled=device.enrolled_at if device else None,
        before=before,
        after=after,
    )
    return timing.written(phone, received=kept.received_at)


def _on_the_right_day(
    values: dict[str, Any], payload: dict[str, Any], report: timing.Written, election: Election
) -> None:
    """What was typed stays in `unresolved`: a person decides whether the day is right."""
    moved = {}
    for field in ("occurred_start", "occurred_end"):
        said = payload.get(field)
        typed = read_time(said, election.time_zone, EARLIEST_CLOCK) if said else None
        if typed is None:
            continue
        captured = values["captured_clock"]
        right = timing.on_the_right_day(
            typed, captured=captured, report=report, zone=election.time_zone
        )
        if right is not None:
            moved[field] = right
            values["unresolved"][field] = str(said)
    values |= moved
    start, end = values.get("occurred_start"), values.get("occurred_end")
    if moved and start and end and start > end:
        values["occurred_end"] = None
