"""The only hand on drafts, publications and the public feed.

Four eyes, never switched off: who approves is neither the last editor, nor the one who
submitted, nor an author of a linked report, counted by person and not by account. An approval
is bound to the digest of the public fields; anything that changes them afterwards voids it.
One person alone may withdraw at once; a restoration is approved like a first publication.
"""

from incidents.publishing.applying import allowed, apply, is_live, state_of
from incidents.publishing.approval import (
    check_floor,
    check_right,
    no_longer_holds,
    own_work,
    public_digest,
)
from incidents.publishing.asking import checklist_of, open_items, organisations_behind
from incidents.publishing.due import publish_due
from incidents.publishing.resting import look_again, note_lost_access, report_moved

__all__ = [
    "allowed",
    "apply",
    "check_floor",
    "check_right",
    "checklist_of",
    "is_live",
    "look_again",
    "no_longer_holds",
    "note_lost_access",
    "open_items",
    "organisations_behind",
    "own_work",
    "public_digest",
    "publish_due",
    "report_moved",
    "state_of",
]
