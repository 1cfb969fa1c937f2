from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from incidents.vocabulary import PersonsBasis
from incidents.wording.texts import Words, number

# Inexact numbers that sources use; anything else stands as it was said.
SPOKEN: dict[str, Words] = {
    "several": pgettext_lazy("number of people", "several"),
    "some": pgettext_lazy("number of people", "some"),
    "many": pgettext_lazy("number of people", "many"),
    "a dozen": pgettext_lazy("number of people", "a dozen"),
    "dozens": pgettext_lazy("number of people", "dozens"),
    "hundreds": pgettext_lazy("number of people", "hundreds"),
    "thousands": pgettext_lazy("number of people", "thousands"),
}


def persons(low: int | None, high: int | None, said: str | None, basis: str) -> str:
    """ "15–22 people; sources differ", "Dozens (no total given)", "at least 15 people"."""
    said = (said or "").strip()
    if low is None and high is None:
        if not said:
            return ""
        spoken = str(SPOKEN.get(said.casefold(), said))
        return _("%(words)s (no total given)") % {"words": spoken[:1].upper() + spoken[1:]}
    counted = _counted(low, high, basis)
    if said:
        return _("%(number)s (“%(words)s”)") % {"number": counted, "words": said}
    return counted


def _counted(low: int | None, high: int | None, basis: str) -> str:
    if high is None:
        return _("at least %(people)s") % {"people": _people(low or 0)}
    if low is None:
        return _("at most %(people)s") % {"people": _people(high)}
    if low != high:
        return _range(low, high, basis)
    sentence = {
        PersonsBasis.COUNTED.value: _("%(people)s, counted"),
        PersonsBasis.ESTIMATED.value: _("about %(people)s, estimated"),
        PersonsBasis.CLAIMED.value: _("%(people)s, as claimed"),
    }.get(basis, "%(people)s")
    return sentence % {"people": _people(low)}


def _people(count: int) -> str:
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": number(count)}


def _range(low: int, high: int, basis: str) -> str:
    people = ngettext("%(low)s–%(high)s person", "%(low)s–%(high)s people", high) % {
        "low": number(low),
        "high": number(high),
    }
    if basis == PersonsBasis.ESTIMATED:
        return _("%(people)s, estimated") % {"people": people}
    return _("%(people)s; sources differ") % {"people": people}
