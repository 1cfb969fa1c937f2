"""When a report was written, how far that can be trusted, and what the phone's clock said."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.wording.times import clock

if TYPE_CHECKING:
    from incidents.models import Report

WORTH_SAYING = timedelta(minutes=1)
YEAR = timedelta(days=365, hours=6)


@dataclass(frozen=True)
class Words:
    """`phone`: what its clock said, where that was something else; for those who ask."""

    words: str
    phone: str = ""


def written(report: "Report", zone: str) -> Words | None:
    at, said = report.captured_at, report.captured_clock
    if at is None or said is None:
        return None
    quality = report.get_clock_quality_display() or _("phone clock, never compared with ours")
    words = _("written %(when)s: %(quality)s") % {"when": clock(at, zone), "quality": quality}
    if abs(at - said) < WORTH_SAYING:
        return Words(words)
    sentence = _("The phone said %(clock)s; corrected by %(span)s.")
    return Words(words, sentence % {"clock": clock(said, zone), "span": span(abs(at - said))})


def span(length: timedelta) -> str:
    """ "7 min", "7 h 00 min", "3 days", "51 years"."""
    if length >= YEAR:
        years = round(length / YEAR)
        return ngettext("%(years)s year", "%(years)s years", years) % {"years": years}
    if length.days:
        return ngettext("%(days)s day", "%(days)s days", length.days) % {"days": length.days}
    hours, minutes = divmod(round(length.total_seconds() / 60), 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": minutes}
    return _("%(hours)s h %(minutes)02d min") % {"hours": hours, "minutes": minutes}
