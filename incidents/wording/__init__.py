"""Uncertainty in words: what is known, what is not, and how sure that is.

Pure functions, in the language of the page. "" means that nothing is known; the page then says
"not known", never 0 and never a dash. Words a source used are kept as they were said.
"""

from incidents.wording.answers import Answer, Line, answers
from incidents.wording.fates import fate
from incidents.wording.judgements import (
    claim,
    percent,
    severity_means,
    sources,
    verification_means,
    what_changed,
    withdrawn_because,
)
from incidents.wording.people import persons
from incidents.wording.phones import written
from incidents.wording.places import place
from incidents.wording.texts import Text, in_language, language_name, listed, number
from incidents.wording.times import clock, utc, when, when_in_short, zone_words

__all__ = [
    "Answer",
    "Line",
    "Text",
    "answers",
    "claim",
    "clock",
    "fate",
    "in_language",
    "language_name",
    "listed",
    "number",
    "percent",
    "persons",
    "place",
    "severity_means",
    "sources",
    "utc",
    "verification_means",
    "what_changed",
    "when",
    "when_in_short",
    "withdrawn_because",
    "written",
    "zone_words",
]
