"""What a report may repeat: incidents it may tell of, and reports that were sent twice.

Suggestions only, a person links and dismisses. An incident is suggested for its place (the same
station, 500 metres, or the same region when neither side names a finer place), its time (within
90 minutes) and its kind (one group of categories), all three together.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from math import ceil
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import Left, RowNumber

from elections.folding import fold
from elections.models import Station
from incidents import categories, nearness
from incidents.models import Incident, Report, ReportLink
from incidents.nearness import Point, around, metres_between
from incidents.querysets import BY_KEY, LASTS, Visitor, overlapping
from incidents.vocabulary import IncidentStatus, OccurredPrecision, ReportState

NEAR_M, VERY_NEAR_M = 500, 100
NEAR_IN_TIME, VERY_NEAR_IN_TIME = timedelta(minutes=90), timedelta(minutes=30)
AT_ONCE = timedelta(minutes=10)
AT_WORK = (IncidentStatus.OPEN, IncidentStatus.IN_REVIEW, IncidentStatus.PARKED)
UNDECIDED = "OTH99"
# Limits of the work, whatever there is: rows weighed of one kind of place, rows whose words are
# compared, reports read of each, characters read of each report.
MOST_WEIGHED, MOST_COMPARED, MOST_TEXTS, TEXT_READ = 500, 30, 8, 1000
MOST_SENT = 30
# Lexicographic: a nearer place outweighs every kind, a closer kind every time.
SAME_STATION, VERY_NEAR, NEAR, SAME_REGION = 60, 50, 40, 20
SAME_CATEGORY, SAME_GROUP = 8, 4

Incidents = QuerySet[Incident, Incident]


class Why(StrEnum):
    SAME_STATION = "same_station"
    DIFFERENT_STATION = "different_station"  # to be related, never merged
    NEAR_M = "near_m"
    SAME_REGION = "same_region"
    SAME_GROUP = "same_group"
    SAME_CATEGORY = "same_category"
    MINUTES_APART = "minutes_apart"
    TIME_UNKNOWN = "time_unknown"  # of one of the two
    SIMILAR_TEXT = "similar_text"


@dataclass(frozen=True)
class Candidate:
    """`metres` and `minutes` go with near_m and minutes_apart.

    `score`: place, kind and time make the whole part, the words only the fraction.
    """

    incident: Incident
    why: list[Why]
    score: float
    metres: int | None = None
    minutes: int | None = None

    @property
    def mergeable(self) -> bool:
        return Why.DIFFERENT_STATION not in self.why


def candidates(report: Report, *, by: Visitor, limit: int = 5) -> list[Candidate]:
    """Incidents this person sees that may be the one the report tells of, likeliest first.

    Those of another station come last. Never one the report is part of, never a merged one.
    """
    seen = Incident.objects.visible_to(by, by_key=True)
    among = seen.filter(**{BY_KEY: report.election_id})
    return _likeliest(report, among, Report.objects.on_desk(by, by_key=True), limit)


def double_sends(report: Report, *, by: Visitor) -> list[Report]:
    """The same words from the same account or device within minutes, oldest first.

    What declares itself a follow-up is none, and no more is what differs in category or place.
    """
    if report.follow_up_of or report.state == ReportState.DISMISSED:
        return []
    sender = Q(author=report.author_id)
    if report.device_id:
        sender |= Q(device=report.device_id)
    others = (
        Report.objects.on_desk(by)
        .filter(sender, election=report.election_id, follow_up_of=None)
        .exclude(state=ReportState.DISMISSED)
        .exclude(pk=report.pk)
        .select_related("election", "region", "station", "author", "team")
    )
    at = report.received_at
    before = others.filter(received_at__range=(at - AT_ONCE, at)).order_by("-received_at", "id")
    after = others.filter(received_at__gt=at, received_at__lte=at + AT_ONCE)
    rows = [*before[:MOST_SENT], *after.order_by("received_at", "id")[:MOST_SENT]]
    words = fold(report.text)
    same = [row for row in rows if _says_the_same(report, row) and fold(row.text) == words]
    return sorted(same, key=lambda row: (row.received_at, row.pk))


def _says_the_same(one: Report, two: Report) -> bool:
    """With text, nothing contradicts; without, everything that was filled in is equal."""
    told = [
        (one.category, two.category),
        (one.station_id, two.station_id),
        (fold(one.station_as_typed), fold(two.station_as_typed)),
        (one.region_id, two.region_id),
        (fold(one.place_words), fold(two.place_words)),
    ]
    if one.text.strip():
        return all(a == b or not a or not b for a, b in told)
    fields = ("persons_min", "persons_max", "persons_words", "details", "occurred_start")
    told += [(getattr(one, name), getattr(two, name)) for name in fields]
    return all(a == b for a, b in told)


def similar(report: Report, among: Incidents, most: int = 5) -> list[Incident]:
    """As `candidates`, of the incidents given (of one election), without reading other reports."""
    return [c.incident for c in _likeliest(report, among, Report.objects.none(), most)]


# --- Choosing ---------------------------------------------------------------------------------


@dataclass
class _Weighed:
    incident: Incident
    whole: int
    why: list[Why]
    metres: int | None
    minutes: int | None
    likeness: float = field(default=0.0)

    @property
    def rank(self) -> tuple[bool, int, float, int, int, float, str]:
        return (
            Why.DIFFERENT_STATION in self.why,
            -self.whole,
            -self.likeness,
            self.metres or 0,
            self.minutes or 0,
            -self.incident.opened_at.timestamp(),
            str(self.incident.pk),
        )


def _likeliest(
    report: Report, seen: Incidents, readable: QuerySet[Report, Report], limit: int
) -> list[Candidate]:
    when = _when(report)
    linked = ReportLink.objects.filter(incident=OuterRef("pk"), report=report.pk)
    rows = (
        seen.filter(_of_the_kind(report.category), _about(when, _day(report, when)))
        .filter(~Exists(linked))
        .exclude(status=IncidentStatus.MERGED)
        .select_related("station")
        .only(*WEIGHED)
        .order_by("-opened_at", "id")
    )
    point = _point(report)
    found = {
        incident.pk: incident
        for place in _places(report, point)
        for incident in rows.filter(place)[:MOST_WEIGHED]
    }
    weighed = [w for w in (_weigh(report, point, when, i) for i in found.values()) if w]
    weighed = sorted(weighed, key=lambda w: w.rank)[:MOST_COMPARED]
    _compare_words(report, weighed, readable)
    weighed = sorted(weighed, key=lambda w: w.rank)[:limit]
    whole_rows = (
        Incident.objects.select_related("election", "station", "assignee", "draft")
        .prefetch_related("regions")
        .in_bulk([w.incident.pk for w in weighed])
    )
    return [
        Candidate(
            whole_rows[w.incident.pk], w.why, round(w.whole + w.likeness, 3), w.metres, w.minutes
        )
        for w in weighed
    ]


WEIGHED = (
    "category",
    "categories_secondary",
    "latitude",
    "longitude",
    "occurred_start",
    "occurred_end",
    "occurred_precision",
    "opened_at",
    "search",
    "station__latitude",
    "station__longitude",
)


def _weigh(
    report: Report, point: Point | None, when: "_Span | None", incident: Incident
) -> _Weighed | None:
    """None when the incident is not near enough after all."""
    place, why, metres = _weigh_place(report, point, incident)
    kind = _weigh_kind(report.category, incident)
    if place is None or kind is None:
        return None
    then = _when(incident)
    if when is None or then is None:
        return _Weighed(
            incident, place + kind[0], [*why, *kind[1], Why.TIME_UNKNOWN], metres, None
        )
    gap = _gap(when, then)
    if gap > NEAR_IN_TIME:
        return None
    weight = 3 if not gap else 2 if gap <= VERY_NEAR_IN_TIME else 1
    minutes = ceil(gap / timedelta(minutes=1))
    whole = place + kind[0] + weight
    return _Weighed(incident, whole, [*why, *kind[1], Why.MINUTES_APART], metres, minutes)


# --- Place ------------------------------------------------------------------------------------


def _point(row: Report | Incident) -> Point | None:
    """Its own, else its station's."""
    for at in (row, row.station):
        if at is not None and at.latitude is not None and at.longitude is not None:
            return at.latitude, at.longitude
    return None


def _places(report: Report, point: Point | None) -> list[Q]:
    """One condition for each index, since no database serves them well joined by "or"."""
    stations = {report.station_id} - {None}
    places = []
    if point:
        near = Station.objects.filter(around(point, NEAR_M), election=report.election_id)
        stations |= set(near.values_list("pk", flat=True)[:MOST_WEIGHED])
        places.append(around(point, NEAR_M))
    if stations:
        places.append(Q(station__in=stations))
    if not places and report.region_id:
        places.append(Q(regions=report.region_id, station=None, latitude=None))
    return places


def _weigh_place(
    report: Report, point: Point | None, incident: Incident
) -> tuple[int | None, list[Why], int | None]:
    if incident.station_id and incident.station_id == report.station_id:
        return SAME_STATION, [Why.SAME_STATION], None
    why = []
    if incident.station_id and report.station_id:
        why.append(Why.DIFFERENT_STATION)
    there = _point(incident)
    if point and there:
        metres = metres_between(point, there)
        if metres > NEAR_M:
            return None, why, None
        weight = VERY_NEAR if metres <= VERY_NEAR_M else NEAR
        return weight, [*why, Why.NEAR_M], round(metres)
    if point or there or incident.station_id or report.station_id:
        return None, why, None
    return SAME_REGION, [Why.SAME_REGION], None


# --- Kind -------------------------------------------------------------------------------------


def _group(code: str) -> str:
    """Empty when nobody has decided yet."""
    known = categories.CATEGORIES.get(code)
    return known.group if known and code != UNDECIDED else ""


def _of_the_kind(code: str) -> Q:
    group = _group(code)
    if not group:
        return Q()
    alike = [*categories.expand(group), UNDECIDED, ""]
    return Q(category__in=alike) | ~Q(categories_secondary=[])


def _weigh_kind(code: str, incident: Incident) -> tuple[int, list[Why]] | None:
    wanted = _group(code)
    if not wanted or not _group(incident.category):
        return 0, []
    if incident.category == code:
        return SAME_CATEGORY, [Why.SAME_GROUP, Why.SAME_CATEGORY]
    if wanted in {_group(other) for other in (incident.category, *incident.categories_secondary)}:
        return SAME_GROUP, [Why.SAME_GROUP]
    return None


# --- Time -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Span:
    """At least one of the two; the other may be open."""

    start: datetime | None
    end: datetime | None


def _when(row: Report | Incident) -> _Span | None:
    start, end = row.occurred_start, row.occurred_end
    if start is None and end is None:
        return None
    if start is not None and end is None:
        if row.occurred_precision in LASTS:
            end = start + LASTS[row.occurred_precision]
        elif row.occurred_precision == OccurredPrecision.UNKNOWN:
            end = start
    return _Span(start, end)


def _gap(one: _Span, two: _Span) -> timedelta:
    gap = timedelta(0)
    for early, late in ((one, two), (two, one)):
        if early.end is not None and late.start is not None:
            gap = max(gap, late.start - early.end)
    return gap


def _day(report: Report, when: _Span | None) -> tuple[datetime, datetime]:
    """The days it happened on, or it was written on, from midnight to midnight of the place."""
    zone = ZoneInfo(report.region.time_zone if report.region else report.election.time_zone)
    came = report.captured_at or report.received_at
    first = (when and (when.start or when.end)) or came
    last = (when and (when.end or when.start)) or came
    following = last.astimezone(zone).date() + timedelta(days=1)
    return (
        datetime.combine(first.astimezone(zone).date(), time.min, zone),
        datetime.combine(following, time.min, zone),
    )


def _about(when: _Span | None, day: tuple[datetime, datetime]) -> Q:
    """Of one whose time nobody gave: still at work, or of the same day."""
    undated = Q(occurred_start=None, occurred_end=None)
    of_the_day = undated & Q(opened_at__gte=day[0], opened_at__lt=day[1])
    if when is None:
        return Q(status__in=AT_WORK) | of_the_day | (~undated & _during(*day))
    start = when.start - NEAR_IN_TIME if when.start else None
    end = when.end + NEAR_IN_TIME if when.end else None
    return (undated & Q(status__in=AT_WORK)) | of_the_day | (~undated & _during(start, end))


def _during(start: datetime | None, end: datetime | None) -> Q:
    """As `overlapping`, but a start of unknown precision is a moment, not one without an end."""
    if start is None:
        return overlapping(start, end)
    over = Q(
        occurred_precision=OccurredPrecision.UNKNOWN, occurred_end=None, occurred_start__lt=start
    )
    return overlapping(start, end) & ~over


# --- Words ------------------------------------------------------------------------------------


def _compare_words(
    report: Report, weighed: list[_Weighed], readable: QuerySet[Report, Report]
) -> None:
    """Set the likeness of each with its own words and those of its reports that may be read."""
    mine = nearness.stems(report.search[: 4 * TEXT_READ])
    if not mine or len(weighed) < 2:
        return
    texts = {w.incident.pk: [w.incident.search] for w in weighed}
    # Not "in": SQLite would first list every report that may be read.
    may_read = Exists(readable.filter(pk=OuterRef("report")))
    numbered = ReportLink.objects.filter(may_read, incident__in=list(texts)).annotate(
        number=Window(RowNumber(), partition_by="incident", order_by=F("linked_at").desc())
    )
    rows = numbered.filter(number__lte=MOST_TEXTS).values_list(
        "incident_id", Left("report__search", TEXT_READ)
    )
    for incident_id, text in rows:
        texts[incident_id].append(text)
    for w in weighed:
        theirs = [nearness.stems(text) for text in texts[w.incident.pk]]
        w.likeness = 0.99 * max(nearness.likeness(mine, words) for words in theirs)
        if any(nearness.similar(mine, words) for words in theirs):
            w.why.append(Why.SIMILAR_TEXT)
