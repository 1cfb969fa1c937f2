"""The public feed: what a copy of the published incidents must do to stay equal.

Numbers are given as the last statement of the publishing transaction, so they become visible in
order. A publication appears once, with its newest state: what lies between helps nobody.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from elections.models import Election
from incidents.codebook import dumps
from incidents.models import Change
from incidents.querysets import Visitor


@dataclass(frozen=True)
class Batch:
    """`lines` are JSON texts. Ask next with `next_since`; at once if `has_more`."""

    lines: list[str]
    next_since: int
    has_more: bool
    data_version: int


def data_version(elections: "QuerySet[Election, Election] | None" = None) -> int:
    """Number of the newest public change, of all or of some elections. 0: there is none."""
    changes = Change.objects.visible_to(AnonymousUser(), withdrawn=True)
    if elections is not None:
        changes = changes.filter(publication__election__in=elections)
    return changes.order_by("-seq").values_list("seq", flat=True).first() or 0


def since(
    seq: int,
    *,
    limit: int,
    viewer: Visitor,
    elections: "QuerySet[Election, Election] | None" = None,
) -> Batch:
    """Changes after number `seq`, in order.

    The newest number is read first and nothing beyond it is answered: a change that becomes
    visible between the two statements is left for the next call instead of being skipped.
    """
    newest = data_version()
    changes = Change.objects.visible_to(viewer, withdrawn=True).latest_states()
    if elections is not None:
        changes = changes.filter(publication__election__in=elections)
    changes = changes.filter(seq__gt=seq, seq__lte=newest).select_related("publication")
    found = list(changes.order_by("seq")[: limit + 1])
    has_more = len(found) > limit
    found = found[:limit]
    return Batch(
        lines=[_line(change) for change in found],
        next_since=found[-1].seq if has_more else newest,
        has_more=has_more,
        data_version=newest,
    )


def _line(change: Change) -> str:
    publication = change.publication
    said: dict[str, Any] = {
        "seq": change.seq,
        "op": change.op,
        "id": str(publication.id),
        "ref": publication.ref,
        "at": change.at.isoformat(timespec="seconds"),
        "reason": change.reason or None,
        "merged_into": publication.merged_into_ref or None,
    }
    text = dumps(said)
    if change.op == Change.Op.RETRACT:
        return text
    return f'{text[:-1]},"incident":{publication.document}}}'
