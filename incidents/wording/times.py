from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from elections.templatetags.say import day, local
from incidents.vocabulary import OccurredPrecision
from incidents.wording.texts import Words

ZONES: dict[str, Words] = {
    "Asia/Almaty": lazy("Almaty time"),
    "Asia/Aqtau": lazy("Aktau time"),
    "Asia/Aqtobe": lazy("Aktobe time"),
    "Asia/Atyrau": lazy("Atyrau time"),
    "Asia/Oral": lazy("Oral time"),
    "Asia/Qostanay": lazy("Kostanay time"),
    "Asia/Qyzylorda": lazy("Kyzylorda time"),
}
ABOUT: dict[str, Words] = {
    OccurredPrecision.EXACT: lazy("%(day)s, %(time)s %(zone)s"),
    OccurredPrecision.HALF_HOUR: lazy("%(day)s, about %(time)s %(zone)s, within half an hour"),
    OccurredPrecision.HOUR: lazy("%(day)s, about %(time)s %(zone)s, within an hour"),
}
SHORT: dict[str, Words] = {
    OccurredPrecision.EXACT: lazy("%(day)s, %(time)s"),
    OccurredPrecision.HALF_HOUR: lazy("%(day)s, about %(time)s"),
    OccurredPrecision.HOUR: lazy("%(day)s, about %(time)s"),
}
ROUGHLY: Words = lazy("%(day)s, about %(time)s %(zone)s")


def zone_words(zone: str, at: datetime) -> str:
    """ "Almaty time"; a zone we have no name for is told by its offset of that day."""
    if zone in ZONES:
        return str(ZONES[zone])
    offset = at.astimezone(ZoneInfo(zone)).strftime("%z")
    return "UTC" if zone == "UTC" else f"UTC{offset[:3]}:{offset[3:5]}"


def clock(at: datetime, zone: str) -> str:
    """ "10 January 2021, 11:05 Almaty time"."""
    there = _there(at, zone)
    return _("%(day)s, %(time)s %(zone)s") % {
        "day": day(there),
        "time": f"{there:%H:%M}",
        "zone": zone_words(zone, at),
    }


def utc(at: datetime | None) -> str:
    """For those who compare clocks: "10 January 2021, 05:05 UTC"."""
    return clock(at, "UTC") if at else ""


def when(start: datetime | None, end: datetime | None, precision: str, *, zone: str) -> str:
    """ "10 January 2021, between 11:00 and 14:20 Almaty time"; "" when nothing is known."""
    if precision == OccurredPrecision.RUN_UP:
        return _in_the_run_up(end, zone)
    if start and end and start != end:
        return _between(start, end, precision, zone)
    at = start or end
    if at is None:
        return ""
    if precision == OccurredPrecision.DAY:
        return _("%(day)s; the hour is not known") % {"day": day(_there(at, zone))}
    if start is None:
        return _("before %(time)s") % {"time": clock(_rounded(at), zone)}
    if end is None and precision in (OccurredPrecision.RANGE, OccurredPrecision.UNKNOWN):
        return _("after %(time)s") % {"time": clock(at, zone)}
    return ABOUT.get(precision, ROUGHLY) % {
        "day": day(_there(at, zone)),
        "time": f"{_there(at, zone):%H:%M}",
        "zone": zone_words(zone, at),
    }


def when_in_short(
    start: datetime | None, end: datetime | None, precision: str, *, zone: str
) -> str:
    """For a dense list that names the place: without its zone, "about" for any width."""
    if not start or (end and end != start) or precision not in SHORT:
        return when(start, end, precision, zone=zone)
    there = _there(start, zone)
    return SHORT[precision] % {"day": day(there), "time": f"{there:%H:%M}"}


def _there(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def _rounded(end: datetime) -> datetime:
    """The last second of an hour or a day stands for its end: 11:59:59 is read as 12:00."""
    return end + timedelta(seconds=1) if end.second == 59 else end


def _in_the_run_up(end: datetime | None, zone: str) -> str:
    if end is None:
        return _("in the run-up to the election; the day is not known")
    return _("in the run-up, before %(day)s; the day is not known") % {
        "day": day(_there(_rounded(end), zone))
    }


def _between(start: datetime, end: datetime, precision: str, zone: str) -> str:
    first, last = _there(start, zone), _there(end, zone)
    if precision == OccurredPrecision.DAY:
        return _days(first, last)
    if first.date() != last.date():
        return _("between %(start)s and %(end)s %(zone)s") % {
            "start": local(first, zone),
            "end": local(_rounded(last), zone),
            "zone": zone_words(zone, start),
        }
    sentence = (
        _("%(day)s, %(start)s to %(end)s %(zone)s")
        if precision == OccurredPrecision.EXACT
        else _("%(day)s, between %(start)s and %(end)s %(zone)s")
    )
    ends = f"{_rounded(last):%H:%M}"
    return sentence % {
        "day": day(first),
        "start": f"{first:%H:%M}",
        "end": "24:00" if ends == "00:00" else ends,
        "zone": zone_words(zone, start),
    }


def _days(first: datetime, last: datetime) -> str:
    if first.date() == last.date():
        return _("%(day)s; the hour is not known") % {"day": day(first)}
    return _("between %(start)s and %(end)s; the day is not known") % {
        "start": day(first),
        "end": day(last),
    }
