from functools import cached_property
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import CharField, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from elections.filtering import (
    Moment,
    StrictFilter,
    StrictFilterSet,
    one,
    resolve_times,
    several,
    word_of,
)
from elections.keyset import Key
from elections.models import Election, Region, Station
from elections.prepared import Given, PreparedRows
from elections.querysets import THE_WORLD
from elections.strict import Fault, as_boolean, as_integer, nearest, shown
from incidents.filters import reading
from incidents.filters.kinds import (
    category_choices,
    codes_schema,
    moment_filter,
    severity_filter,
    severity_min_filter,
    words_filter,
)
from incidents.filters.walks import Question, Walk
from incidents.querysets import overlapping
from incidents.vocabulary import Phase, Severity, Verification

FARTHEST_M = 500_000
# What `walks` can do; more values of one kind are sorted by the database.
WALKED = frozenset(
    {
        "election",
        "region",
        "category",
        "severity",
        "severity_min",
        "verification",
        "published_from",
        "published_to",
        "ordering",
    }
)
MOST_WALKS = 40
ORDERINGS: dict[str, tuple[Key, ...]] = {
    "-published": (Key("published_at", descending=True), Key("id", descending=True)),
    "published": (Key("published_at"), Key("id")),
    "-occurred": (Key("occurred_sort", descending=True), Key("id", descending=True)),
    "occurred": (Key("occurred_sort"), Key("id")),
}
Rows = QuerySet[Any, Any]


class Known(NamedTuple):
    """An election, as a question about publications needs it."""

    pk: int
    slug: str
    time_zone: str
    region_set: int


KNOWN = PreparedRows(
    lambda: (
        Election.objects.visible_to(THE_WORLD)
        .order_by()
        .values_list("pk", "slug", "time_zone", "region_set")
    )
)
BY_CODE = PreparedRows(
    lambda: (
        Region.objects.visible_to(THE_WORLD)
        .filter(code=Given("code", CharField()))
        .order_by()
        .values_list("pk", "region_set")
    )
)


class PublicationFilter(StrictFilterSet):
    """Filters of published incidents, for the public page, the API and every export."""

    election_ids: list[int]
    region_ids: list[int]
    station_ids: list[int]

    election = StrictFilter(
        several(str),
        many=True,
        field_name="election__slug",
        lookup_expr="in",
        about=_("Short name of the election."),
        example="kz-2021-mazhilis",
        schema=codes_schema(),
    )
    region = StrictFilter(
        several(str),
        many=True,
        method="in_regions",
        about=_("Code of the region on the day of the election; what lies below is included."),
        example="KZ-ALA",
        schema=codes_schema(),
    )
    category = StrictFilter(
        several(reading.as_category),
        many=True,
        method="in_categories",
        choices=category_choices,
        about=_("Code of a category, or of a group for all its categories."),
        example="DET",
        schema=codes_schema(),
    )
    severity = severity_filter()
    severity_min = severity_min_filter()
    verification = words_filter(Verification, _("How sure the observers are."))
    occurred_from = moment_filter(
        _("May have happened at this time or later. A day or a time; unknown times match."),
        method="occurred",
    )
    occurred_to = moment_filter(
        _("May have happened at this time or earlier. A day or a time; unknown times match."),
        method="occurred",
    )
    published_from = moment_filter(
        _("First published at this time or later."),
        field_name="published_at",
        lookup_expr="gte",
    )
    published_to = moment_filter(
        _("First published at this time or earlier."),
        field_name="published_at",
        lookup_expr="lte",
    )
    phase = words_filter(Phase, _("Phase of the election."))
    station = StrictFilter(
        several(str),
        many=True,
        method="at_stations",
        about=_("Polling station as commission:number, where it was published."),
        example="ALA-3:128",
        schema=codes_schema(),
    )
    bbox = StrictFilter(
        one(reading.as_box),
        method="in_box",
        about=_("west,south,east,north in degrees; may cross the 180th meridian."),
        example="76.5,43.0,77.2,43.5",
    )
    near = StrictFilter(
        one(reading.as_point),
        method="nearby",
        about=_("longitude,latitude in degrees; needs radius_m."),
        example="76.9,43.2",
    )
    radius_m = StrictFilter(
        one(lambda text: as_integer(text, 1, FARTHEST_M)),
        method="nearby",
        about=_("Distance from “near” in metres."),
        example="5000",
        schema={"type": "integer", "minimum": 1, "maximum": FARTHEST_M},
    )
    q = StrictFilter(
        one(reading.as_search),
        method="search",
        about=_("Words that all occur in title, summary, place or reference, in any language."),
        example="наблюдатель",
    )
    has_response = StrictFilter(
        one(as_boolean),
        choices=[
            ("", _("all")),
            ("true", _("with an official response")),
            ("false", _("without")),
        ],
        about=_("Only those with (true) or without (false) an official response."),
        example="true",
        schema={"type": "boolean"},
    )
    ordering = StrictFilter(
        one(word_of(lambda: ORDERINGS)),
        method="ordered",
        about=_("Newest publication first unless you say otherwise."),
        example="-occurred",
        schema={"type": "string", "enum": list(ORDERINGS)},
    )

    @property
    def keys(self) -> tuple[Key, ...]:
        """The order of the list, for paging. Ask after `parse`."""
        return ORDERINGS[self.values.get("ordering") or "-published"]

    @property
    def walk(self) -> Walk | None:
        """The page by an index, if all that is asked has one. Ask after `parse`."""
        values = self.values
        if not WALKED.issuperset(values) or self.keys[0].field != "published_at":
            return None
        chosen: dict[str, tuple[Any, ...]] = {}
        if "election" in values:
            chosen["election"] = tuple(self.election_ids)
        if "region" in values:
            chosen["region"] = tuple(dict.fromkeys(self.region_ids))
        if "category" in values:
            chosen["category"] = tuple(reading.leaves(values["category"]))
        if "severity" in values or "severity_min" in values:
            least = values.get("severity_min", 1)
            asked = values.get("severity", Severity.values)
            chosen["severity"] = tuple(sorted(level for level in asked if level >= least))
        if "verification" in values:
            chosen["verification"] = tuple(values["verification"])
        if not all(0 < len(several) <= MOST_WALKS for several in chosen.values()):
            return None
        bounds = values.get("published_from"), values.get("published_to")
        return Walk(Question(chosen, *bounds), self.keys)

    def prepare(self, values: dict[str, Any]) -> list[Fault]:
        elections, faults = self._elections(values)
        self.election_ids = [election.pk for election in elections]
        if values.get("region"):
            self.region_ids, unknown = regions_in(values["region"], elections)
            faults += unknown
        if values.get("station"):
            these = Election.objects.visible_to(THE_WORLD).filter(pk__in=self.election_ids)
            self.station_ids, unknown = known_stations(values["station"], these, THE_WORLD)
            faults += unknown
        zones = {election.time_zone for election in elections}
        faults += resolve_times(
            values,
            [("occurred_from", "occurred_to"), ("published_from", "published_to")],
            zones.pop() if len(zones) == 1 else "UTC",
        )
        for present, absent in (("near", "radius_m"), ("radius_m", "near")):
            if values.get(present) and not values.get(absent):
                detail = _("Give “near” and “radius_m” together.")
                faults.append(Fault(present, str(detail), absent))
        return faults

    def _elections(self, values: dict[str, Any]) -> tuple[list["Known"], list[Fault]]:
        """Those named, or all; none where nothing asked depends on them."""
        depending = any(name in values for name in ("election", "region", "station"))
        if not depending and not needs_zone(values):
            return [], []
        known = [Known(*row) for row in KNOWN()]
        if not values.get("election"):
            return known, []
        chosen = [election for election in known if election.slug in values["election"]]
        if len(chosen) == len(set(values["election"])):
            return chosen, []
        return chosen, chosen_elections(values, THE_WORLD)[1]

    # --- One method for each filter that is more than a lookup --------------------------------

    def in_regions(self, rows: Rows, name: str, codes: list[str]) -> Rows:
        found: Rows = rows.in_regions(self.region_ids)  # type: ignore[attr-defined]
        return found

    def in_categories(self, rows: Rows, name: str, chosen: list[str]) -> Rows:
        found: Rows = rows.in_categories(reading.leaves(chosen))  # type: ignore[attr-defined]
        return found

    def occurred(self, rows: Rows, name: str, moment: Any) -> Rows:
        return during(rows, name, moment)

    def at_stations(self, rows: Rows, name: str, codes: list[str]) -> Rows:
        return rows.filter(station__in=self.station_ids)

    def in_box(self, rows: Rows, name: str, box: reading.Box) -> Rows:
        return reading.in_box(rows, box)

    def nearby(self, rows: Rows, name: str, value: Any) -> Rows:
        if name == "radius_m":  # does its work together with "near"
            return rows
        return reading.within(rows, value, self.values["radius_m"])

    def search(self, rows: Rows, name: str, words: list[str]) -> Rows:
        return reading.having_words(rows, words)

    def ordered(self, rows: Rows, name: str, value: str) -> Rows:
        return rows  # `keys` orders, once, after everything else


class CountedFilter(PublicationFilter):
    """The same rows where they are counted, which needs no order."""

    ordering = None  # type: ignore[assignment]

    @cached_property
    def regions(self) -> list[Region]:
        """Those asked for. Ask after `parse`, and only when some were."""
        return list(Region.objects.visible_to(THE_WORLD).filter(pk__in=self.region_ids))


def during(rows: Rows, name: str, moment: Any) -> Rows:
    """One bound of the window in which it may have happened."""
    bounds = (moment, None) if name == "occurred_from" else (None, moment)
    return rows.filter(overlapping(*bounds))


def viewer_of(filterset: StrictFilterSet) -> Any:
    return filterset.request.user if filterset.request is not None else AnonymousUser()


def chosen_elections(
    values: dict[str, Any], viewer: Any
) -> tuple["QuerySet[Election, Election]", list[Fault]]:
    """The elections named, or all that this person sees."""
    seen = Election.objects.visible_to(viewer)
    if not values.get("election"):
        return seen, []
    slugs = set(seen.values_list("slug", flat=True))
    faults = []
    for slug in values["election"]:
        if slug not in slugs:
            near = nearest(slug, slugs)
            detail = str(_("There is no election “%(slug)s”.")) % {"slug": shown(slug)}
            if near:
                detail += " " + str(_("Did you mean “%(nearest)s”?")) % {"nearest": near}
            faults.append(Fault("election", detail, near))
    return seen.filter(slug__in=values["election"]), faults


def needs_zone(values: dict[str, Any]) -> bool:
    """Is there a time without an offset?"""
    return any(isinstance(one, Moment) and one.value.tzinfo is None for one in values.values())


def only_zone(elections: "QuerySet[Election, Election]") -> str:
    """Days are days of the election when there is one in question, else of UTC."""
    zones = set(elections.values_list("time_zone", flat=True)[:50])
    return zones.pop() if len(zones) == 1 else "UTC"


def regions_in(codes: list[str], elections: list[Known]) -> tuple[list[int], list[Fault]]:
    """The regions with these codes in the sets of the elections, and what is unknown there."""
    sets = {election.region_set for election in elections}
    found = []
    for code in codes:
        here = [pk for pk, region_set in BY_CODE(code=code) if region_set in sets]
        if not here:
            known = [election.pk for election in elections]
            these = Election.objects.visible_to(THE_WORLD).filter(pk__in=known)
            return [], reading.regions_by_code(codes, these, THE_WORLD)[1]
        found += here
    return found, []


def known_stations(
    codes: list[str], elections: "QuerySet[Election, Election]", viewer: Any
) -> tuple[list[int], list[Fault]]:
    condition = Q(pk__in=[])
    for code in codes:
        commission, _colon, number = code.partition(":")
        condition |= Q(commission=commission, number=number)
    stations = Station.objects.visible_to(viewer).filter(election__in=elections)
    found = list(stations.filter(condition).only("id", "commission", "number"))
    known = {station.code for station in found}
    faults = []
    for code in codes:
        if code not in known:
            commission, _colon, number = code.partition(":")
            alike = stations.filter(Q(commission=commission) | Q(number=number))[:200]
            near = nearest(code, [station.code for station in alike])
            detail = _("There is no station “%(code)s”; write commission:number.")
            faults.append(Fault("station", str(detail) % {"code": shown(code)}, near))
    return [station.pk for station in found], faults
