from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from incidents.vocabulary import PlacePrecision
from incidents.wording.texts import Words, listed, number

# The form of the number that stands after "in at least".
SPELLED: dict[int, Words] = {
    2: pgettext_lazy("in at least … regions", "two"),
    3: pgettext_lazy("in at least … regions", "three"),
    4: pgettext_lazy("in at least … regions", "four"),
    5: pgettext_lazy("in at least … regions", "five"),
    6: pgettext_lazy("in at least … regions", "six"),
    7: pgettext_lazy("in at least … regions", "seven"),
    8: pgettext_lazy("in at least … regions", "eight"),
    9: pgettext_lazy("in at least … regions", "nine"),
    10: pgettext_lazy("in at least … regions", "ten"),
}
LAST_UNNAMED: dict[int, Words] = {
    2: lazy("the second is not named"),
    3: lazy("the third is not named"),
    4: lazy("the fourth is not named"),
    5: lazy("the fifth is not named"),
}


def place(
    names: Sequence[str],
    at_least: int | None = None,
    *,
    precision: str = "",
    station: str | None = None,
    country: str = "",
) -> str:
    """ "In at least three regions, among them Turkestan and Shymkent; the third is not named".

    `station`: its code, commission and number. `country`: said when nothing finer is named.
    """
    if station:
        commission, _colon, ordinal = station.rpartition(":")
        words = _("Polling station %(number)s, commission %(commission)s") % {
            "number": ordinal,
            "commission": commission,
        }
        return ", ".join([words, *names])
    if at_least and at_least > 1:
        return _several(names, at_least)
    if names:
        return listed(names)
    if precision == PlacePrecision.COUNTRY:
        return _("%(country)s; no place named") % {"country": country} if country else ""
    return ""


def _several(names: Sequence[str], at_least: int) -> str:
    """`names`: none of the regions, some, or all that are said."""
    words = {"number": SPELLED.get(at_least, number(at_least)), "names": listed(names)}
    unnamed = at_least - len(names)
    if not names:
        return _("In at least %(number)s regions; none of them is named") % words
    if unnamed < 0:
        return listed(names)
    if unnamed == 0:
        return _("In at least %(number)s regions: %(names)s") % words
    rest = _("the others are not named")
    if unnamed == 1:
        rest = str(LAST_UNNAMED.get(at_least, _("one is not named")))
    among = _("In at least %(number)s regions, among them %(names)s") % words
    return f"{among}; {rest}"
