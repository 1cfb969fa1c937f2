"""Frozen archives of everything that was published at one moment, to cite and to compare.

Two archives of one data version are the same bytes. What a person's safety took back is read from
none of them any more; docs/decisions/0019 says what happens to the rest.
"""

from incidents.snapshots.keeping import (
    Unavailable,
    keep,
    make,
    opened,
    reissue,
    retracted_since,
)
from incidents.snapshots.telling import citation

__all__ = ["Unavailable", "citation", "keep", "make", "opened", "reissue", "retracted_since"]
