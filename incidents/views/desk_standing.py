"""Where a desk stands in the stream of news, as a text that says nothing to whoever reads it.

A plain number would tell everybody how much happens in elections they do not see. Each answer
carries a new text, also when nothing happened.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

from incidents import history
from incidents.models import Incident, Report
from incidents.views.entering import SignedIn
from incidents.workflow import leases
from observers.models import User

NONCE, BODY, SEAL = 9, 24, 12


@dataclass(frozen=True)
class Standing:
    """`seq`: the newest line of history. `all_at_work`, `seen_at_work`: who is at what."""

    seq: int
    all_at_work: int = 0
    seen_at_work: int = 0

    def sealed(self, user: User) -> str:
        numbers = (self.seq, self.all_at_work, self.seen_at_work)
        plain = b"".join(number.to_bytes(8, "big") for number in numbers)
        nonce = os.urandom(NONCE)
        body = _hidden(plain, nonce, user)
        return base64.urlsafe_b64encode(nonce + body + _seal(nonce + body, user)).decode()


def standing(request: SignedIn) -> Standing:
    """Ask before the rows are read: what happens meanwhile is then told once more, never lost."""
    at_work = digest(leases.all_held())
    return Standing(history.newest(), at_work, digest(holders(request).items()))


def digest(pairs: Iterable[tuple[Any, Any]]) -> int:
    said = ";".join(sorted(f"{subject} {holder}" for subject, holder in pairs))
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "big")


def holders(request: SignedIn) -> dict[UUID, str]:
    """Colleagues by what they are at, of what this person sees."""
    named = leases.others(by=request.user)
    if not named:
        return {}
    seen = {row.pk for rows in (reports_seen, incidents_seen) for row in rows(request, named)}
    return {subject: name for subject, name in named.items() if subject in seen}


def reports_seen(request: SignedIn, pks: Iterable[UUID]) -> list[Report]:
    rows = Report.objects.on_desk(request.user, by_key=True).filter(pk__in=list(pks))
    return list(rows.only("pk", "ref").order_by())


def incidents_seen(request: SignedIn, pks: Iterable[UUID]) -> list[Incident]:
    rows = Incident.objects.visible_to(request.user, by_key=True).filter(pk__in=list(pks))
    return list(rows.only("pk", "ref").order_by())


def opened(text: str, user: User) -> Standing | None:
    """None for a text that was not given to this person."""
    try:
        whole = base64.urlsafe_b64decode(text.encode("ascii"))
    except (binascii.Error, ValueError):
        return None
    nonce, body, seal = whole[:NONCE], whole[NONCE : NONCE + BODY], whole[NONCE + BODY :]
    if len(seal) != SEAL or not constant_time_compare(seal, _seal(nonce + body, user)):
        return None
    plain = _hidden(body, nonce, user)
    seq, all_at_work, seen = (int.from_bytes(plain[at : at + 8], "big") for at in (0, 8, 16))
    return Standing(seq, all_at_work, seen)


def _hidden(plain: bytes, nonce: bytes, user: User) -> bytes:
    """The same again shows it: one block of a key stream that no other nonce gives."""
    stream = _keyed("hide", nonce, user)
    return bytes(one ^ other for one, other in zip(plain, stream, strict=False))


def _seal(part: bytes, user: User) -> bytes:
    return _keyed("seal", part, user)[:SEAL]


def _keyed(purpose: str, part: bytes, user: User) -> bytes:
    salt = f"incidents.views.sealing {purpose}"
    return salted_hmac(salt, f"{user.pk} {part.hex()}", algorithm="sha256").digest()
