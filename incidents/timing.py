"""When something was written on a phone whose clock may be wrong: by hours, by fifty years.

Pure functions. A phone tells three things of its clock: what it said when the report was written,
what it said when the report was sent, and how far it was off when it last heard of our time. Our
own clock says when the report came, and the phone's own count between which others it was
written. Taken is the first that lies in the time the phone was ours and in that order:
corrected by the clock at sending, corrected by what was known earlier, between its other reports,
the time of receipt. A report is never refused for its clock.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from incidents.vocabulary import ClockQuality, OccurredPrecision

LONGEST_AWAY = timedelta(days=60)  # where nobody knows since when the phone is ours
TOLERANCE = timedelta(minutes=5)
WRONG_DATE = timedelta(hours=12)  # from here on, a date read off the phone is no use either
READ_OFF = timedelta(hours=36)  # so near to the phone's clock its date was read off it
LONGEST_AGO = timedelta(days=60)
TRUSTED = (ClockQuality.MEASURED, ClockQuality.EARLIER)


@dataclass(frozen=True)
class Phone:
    """What the phone says of its clock, and what is known of the phone."""

    captured: datetime  # by its own clock
    sent: datetime | None = None  # by its own clock
    known_offset_s: float | None = None  # ours minus its own, measured before
    enrolled: datetime | None = None
    # Of its nearest other reports by its own count, where their time can be trusted.
    before: datetime | None = None
    after: datetime | None = None


@dataclass(frozen=True)
class Written:
    """`at` is the best single answer; it was certainly neither before nor after the two others."""

    at: datetime
    quality: str  # of ClockQuality; "" when the clock was never compared with ours
    earliest: datetime | None
    latest: datetime | None

    @property
    def trusted(self) -> bool:
        return self.quality not in (ClockQuality.ORDER, ClockQuality.RECEIPT)


def written(phone: Phone, *, received: datetime) -> Written:
    """When the report was written, by our clock."""
    for offset, quality in _offsets(phone, received):
        at = _moved(phone.captured, offset)
        if at is not None and _possible(at, phone, received):
            at = min(at, received)
            return Written(at, quality, at, at)
    earliest, latest = phone.before, min(phone.after or received, received)
    if phone.after is None:
        return Written(received, ClockQuality.RECEIPT, earliest, latest)
    if earliest is None or earliest > latest:
        return Written(latest, ClockQuality.ORDER, None, latest)
    return Written(earliest + (latest - earliest) / 2, ClockQuality.ORDER, earliest, latest)


def _offsets(phone: Phone, received: datetime) -> list[tuple[timedelta, str]]:
    offsets: list[tuple[timedelta, str]] = []
    if phone.sent is not None:
        offsets.append((received - phone.sent, ClockQuality.MEASURED))
    if phone.known_offset_s is not None:
        try:
            known = timedelta(seconds=phone.known_offset_s)
            offsets.append((known, ClockQuality.EARLIER))
        except (OverflowError, ValueError):
            pass  # no clock is a million years off
    return offsets or [(timedelta(0), "")]


def _moved(at: datetime, offset: timedelta) -> datetime | None:
    try:
        return at + offset
    except OverflowError:
        return None


def _possible(at: datetime, phone: Phone, received: datetime) -> bool:
    since = phone.enrolled or received - LONGEST_AWAY
    in_time = since - TOLERANCE <= at <= received + TOLERANCE
    follows = phone.before is None or at >= phone.before - TOLERANCE
    precedes = phone.after is None or at <= phone.after + TOLERANCE
    return in_time and follows and precedes


@dataclass(frozen=True)
class Occurred:
    start: datetime | None
    end: datetime | None
    precision: str


def occurred(ago_min: int, report: Written) -> Occurred | None:
    """From "now" (0) or so many minutes before it was written. None: no such time.

    Where the time of writing is only known to lie between two others, so does this.
    """
    ago = timedelta(minutes=min(max(ago_min, -1), 10**6))
    if not timedelta(0) <= ago <= LONGEST_AGO:
        return None
    if report.trusted:
        return Occurred(report.at - ago, None, _precision(ago))
    start = report.earliest - ago if report.earliest else None
    end = report.latest - ago if report.latest else None
    return Occurred(start, end, OccurredPrecision.RANGE)


def _precision(ago: timedelta) -> str:
    """People say "ten minutes ago" and "two hours ago", and mean about that."""
    if ago < timedelta(minutes=10):
        return OccurredPrecision.EXACT
    if ago < timedelta(minutes=90):
        return OccurredPrecision.HALF_HOUR
    return OccurredPrecision.HOUR if ago < timedelta(hours=6) else OccurredPrecision.PART_OF_DAY


def on_the_right_day(
    typed: datetime, *, captured: datetime, report: Written, zone: str
) -> datetime | None:
    """A time somebody typed while the phone showed a wrong date: the hour is theirs, the date the
    phone's. The hour on the corrected day; None when the date was not read off a wrong clock."""
    if not report.trusted and report.quality != ClockQuality.ORDER:
        return None
    if abs(report.at - captured) < WRONG_DATE or abs(typed - captured) > READ_OFF:
        return None
    there = ZoneInfo(zone)
    days = _day(typed, there) - _day(captured, there)
    hour = typed.astimezone(there).timetz()
    moment = datetime.combine(_day(report.at, there) + days, hour)
    # "23:50", typed at half past midnight, was the evening before.
    late = moment > (report.latest or report.at) + TOLERANCE
    return moment - timedelta(days=1) if late else moment


def _day(at: datetime, there: ZoneInfo) -> date:
    return at.astimezone(there).date()
