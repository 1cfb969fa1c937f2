"""The only hand that moves reports and incidents: right, version, state, change, history.

Every verb takes `by` and has no way around the check. Raises NotAllowed (403), Stale (412),
WrongState (409) and Invalid (400), in that order of asking.
"""

from incidents.workflow.facts import EDITABLE
from incidents.workflow.incidents import allowed, apply
from incidents.workflow.independence import independent_sources
from incidents.workflow.notes import notes_of
from incidents.workflow.questions import answer, mark_answers_read, mark_questions_shown
from incidents.workflow.referrals import referrals_of
from incidents.workflow.reports import allowed_on_report, apply_to_report, mark_seen

__all__ = [
    "EDITABLE",
    "allowed",
    "allowed_on_report",
    "answer",
    "apply",
    "apply_to_report",
    "independent_sources",
    "mark_answers_read",
    "mark_questions_shown",
    "mark_seen",
    "notes_of",
    "referrals_of",
]
