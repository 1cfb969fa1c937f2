"""The append-only history: written in the transaction of the change it tells of, hash-chained."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Min, QuerySet, Value
from django.utils import timezone

from elections.models import Election
from elections.prepared import Given, Prepared, PreparedInsert, PreparedRows
from incidents.cleaning import canonical_json
from incidents.models import Counter, Event, Incident, Report
from incidents.refs import new_ref
from observers.models import User


def carrying(kind: "type[Report | Incident]") -> "QuerySet[Any, tuple[int]]":
    """A row if one of this kind carries the `Given` reference."""
    rows: QuerySet[Any, Any] = kind._default_manager.filter(ref=Given("ref", CharField()))
    return rows.order_by().values_list(Value(1))


# The constraint of each table knows only its own.
REFERRED = Prepared(lambda: carrying(Report).union(carrying(Incident), all=True))
LOCKED = Prepared(
    lambda: Counter.objects.select_for_update(no_key=True).filter(name=Given("name", CharField()))
)
CHANGED = PreparedRows(lambda: Counter.objects.filter(name="changes").values_list("value"))
INSERT = PreparedInsert(Event)
# With the line, in one journey: everybody waits for this row, and a journey of a busy process
# takes longer than what the database does.
MOVE_ON = 'UPDATE "incidents_counter" SET "value" = %s, "head" = %s WHERE "name" = %s'


def take_number(name: str) -> Counter:
    """The next number of a counter, its row locked until this transaction commits.

    Call it as late as possible: everybody who needs the same counter waits.
    """
    found = LOCKED(name=name)
    if not found:
        Counter.objects.get_or_create(name=name)
        found = LOCKED(name=name)
    counter = found[0]
    counter.value += 1
    return counter


def take_ref(election: Election) -> str:
    """A reference that neither a report nor an incident carries yet."""
    while True:
        ref = new_ref(election.ref_prefix)
        if not REFERRED(ref=ref):
            return ref


def fingerprint(event: Event) -> str:
    said = {
        "seq": event.seq,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "election": event.election_id,
        "incident": str(event.incident_id),
        "report": str(event.report_id),
        "actor": str(event.actor_id),
        "channel": event.channel,
        "verb": event.verb,
        "reason": event.reason,
        "before": event.before,
        "after": event.after,
        "version": event.version,
    }
    return hashlib.sha256((event.previous_hash + canonical_json(said)).encode()).hexdigest()


def record(
    verb: str,
    *,
    by: User | None,
    channel: str,
    election: Election,
    incident: Incident | None = None,
    report: Report | None = None,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> Event:
    """Append one line. Must run inside the transaction of the change."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("History is written in the transaction of the change, never alone.")
    counter = take_number("events")
    event = Event(
        seq=counter.value,
        at=timezone.now(),
        election=election,
        incident=incident,
        report=report,
        actor=by,
        channel=channel,
        verb=verb,
        reason=reason,
        before=before or {},
        after=after or {},
        version=incident.version if incident else 0,
        previous_hash=counter.head,
    )
    event.hash = fingerprint(event)
    INSERT(event, first=(MOVE_ON, (counter.value, event.hash, counter.name)))
    return event


def newest_change() -> int:
    """The number of the newest public change: it is moved on in the transaction of the change."""
    return max((value for (value,) in CHANGED()), default=0)


def newest() -> int:
    """The number of the last line that is visible; numbers become visible in order."""
    return Counter.objects.filter(name="events").values_list("value", flat=True).first() or 0


def head() -> str:
    """The hash of the last line: another one whenever anything happened."""
    return Counter.objects.filter(name="events").values_list("head", flat=True).first() or ""


def subjects(*, after: int, upto: int) -> list[tuple[UUID | None, UUID | None]]:
    """Incident and report of each line in between, whoever may see it: filter before you tell."""
    lines = Event.objects.filter(seq__gt=after, seq__lte=upto).order_by("seq")
    return list(lines.values_list("incident", "report"))


def lines(
    verbs: Collection[str], *, most: int, after: int | None = None, since: datetime | None = None
) -> list[Event]:
    """Lines about incidents, newest first, whoever may see them: filter before you tell."""
    found = Event.objects.filter(verb__in=verbs).exclude(incident=None)
    if after is not None:
        found = found.filter(seq__gt=after)
    if since is not None:
        first = Event.objects.filter(at__gte=since).aggregate(seq=Min("seq"))["seq"]
        # The number says where to begin; without it SQLite would read the whole history. The
        # time still decides: a clock may have jumped.
        found = found.filter(at__gte=since, seq__gte=first) if first else found.none()
    return list(found.select_related("actor", "incident").order_by("-seq")[:most])


@dataclass(frozen=True)
class Break:
    seq: int
    what: str


def verify() -> Iterator[Break]:
    """Every place where the chain does not hold; nothing when it does."""
    previous, expected = "", 1
    for event in Event.objects.order_by("seq").iterator(chunk_size=2000):
        if event.seq != expected:
            yield Break(expected, f"missing: {expected} to {event.seq - 1}")
        if event.previous_hash != previous:
            yield Break(event.seq, "does not follow the line before it")
        if fingerprint(event) != event.hash:
            yield Break(event.seq, "was changed after it was written")
        previous, expected = event.hash, event.seq + 1
    counter = Counter.objects.filter(name="events").first()
    if counter and (counter.head, counter.value) != (previous, expected - 1):
        yield Break(expected, "the newest lines are missing")
