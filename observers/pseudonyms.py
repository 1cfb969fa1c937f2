"""Names that say “the same as before” and nothing else, different for each partner.

A partner sees that two incidents were told by one team; two partners who put their files
together do not, and neither can find out which team it is: HMAC under a key only we have.
"""

import base64
import hmac
from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from observers.models import Membership, PartnerKey

LENGTH = 10  # bytes, 16 letters: no two of a mission's teams will ever share one
Pseudonym = Callable[[str, UUID], str]


def given_to(partner: Membership) -> Pseudonym:
    """`given_to(membership)("team", team.pk)` → "team-7k2m…". Makes the key at the first use."""
    secret = _key(partner)

    def pseudonym(kind: str, id_: UUID) -> str:
        digest = hmac.digest(secret, f"{kind}:{id_}".encode(), "sha256")
        return f"{kind}-{base64.b32encode(digest[:LENGTH]).decode().lower()}"

    return pseudonym


def _key(partner: Membership) -> bytes:
    """Colleagues of one organisation read the same names."""
    of = (
        {"organisation": partner.organisation}
        if partner.organisation_id
        else {"user": partner.user}
    )
    with transaction.atomic():
        row, _made = PartnerKey.objects.get_or_create(**of)
    return bytes(row.key)
