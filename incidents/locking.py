"""Locks on incidents: taken in one order by everybody, so that no two wait for each other.

Whoever moves anything locks the report, then incidents by their ids, then drafts, and only then
takes a number of history and one of the public feed.
"""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db import transaction

from incidents.models import Incident


def lock(wanted: Iterable[UUID]) -> dict[UUID, Incident]:
    """In the order of their ids: two people merging crosswise wait, but never for each other."""
    rows = Incident.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted)
    return {row.pk: row for row in rows.order_by("pk")}


def lock_named(wanted: Callable[[], set[Any]]) -> dict[UUID, Incident]:
    """Lock what `wanted` names, also when a merge makes it name others while this waits.

    It then lets go of everything and begins again: one more lock on top could be out of order.
    """
    while True:
        named = wanted()
        start = transaction.savepoint()
        rows = lock(named)
        if wanted() <= named:
            transaction.savepoint_commit(start)
            return rows
        transaction.savepoint_rollback(start)
