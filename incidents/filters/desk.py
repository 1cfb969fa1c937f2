from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.filtering import StrictFilter, StrictFilterSet, one, resolve_times, several, word_of
from elections.keyset import Key
from elections.models import Region
from elections.strict import Fault, as_boolean, nearest, shown
from incidents.filters import reading
from incidents.filters.kinds import (
    category_choices,
    codes_schema,
    moment_filter,
    severity_filter,
    severity_min_filter,
    words_filter,
)
from incidents.filters.published import (
    Rows,
    chosen_elections,
    during,
    needs_zone,
    only_zone,
    viewer_of,
)
from incidents.models import Report
from incidents.vocabulary import (
    Audience,
    Channel,
    Danger,
    DraftState,
    IncidentStatus,
    ReportState,
    Source,
    Verification,
)

ME, NOBODY = "me", "none"


class DeskFilter(StrictFilterSet):
    """What both lists of the operations room filter by."""

    time_pairs: tuple[tuple[str, str], ...] = ()
    orderings: dict[str, tuple[Key, ...]] = {}
    region_rows: list[Region]

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
    q = StrictFilter(
        one(reading.as_search),
        method="search",
        about=_("Words that all occur in the text, numbers as a whole; or a reference."),
        example="наблюдатель",
    )
    overdue = StrictFilter(
        one(as_boolean),
        method="past_due",
        about=_("Should somebody have looked at it by now?"),
        example="true",
        schema={"type": "boolean"},
    )

    @property
    def keys(self) -> tuple[Key, ...]:
        """The order of the list, for paging. Ask after `parse`."""
        chosen = self.values.get("ordering")
        return self.orderings[chosen or next(iter(self.orderings))]

    def prepare(self, values: dict[str, Any]) -> list[Fault]:
        elections, faults = chosen_elections(values, viewer_of(self))
        if values.get("region"):
            self.region_rows, unknown = reading.regions_by_code(
                values["region"], elections, viewer_of(self)
            )
            faults += unknown
        zone = only_zone(elections) if needs_zone(values) else "UTC"
        return faults + resolve_times(values, self.time_pairs, zone)

    def below(self) -> "QuerySet[Region, Region]":
        return Region.objects.visible_to(viewer_of(self)).filter(reading.subtree(self.region_rows))

    def search(self, rows: Rows, name: str, words: list[str]) -> Rows:
        typed = " ".join(self.data.get("q", "").split()).upper()
        return rows.filter(reading.found_by(words) | Q(ref=typed))

    def past_due(self, rows: Rows, name: str, value: bool) -> Rows:
        late = rows.overdue(timezone.now())  # type: ignore[attr-defined]
        found: Rows = late if value else rows.exclude(pk__in=late.order_by().values("pk"))
        return found

    def ordered(self, rows: Rows, name: str, value: str) -> Rows:
        return rows  # `keys` orders, once, after everything else


def ordering_filter(orderings: dict[str, tuple[Key, ...]], about: Any) -> StrictFilter:
    return StrictFilter(
        one(word_of(lambda: orderings)),
        method="ordered",
        about=about,
        example=next(iter(orderings)),
        schema={"type": "string", "enum": list(orderings)},
    )


# Danger, then whatever is longest overdue or next due. An index follows it within one state.
DUE = (Key("urgent", descending=True), Key("due_at"), Key("id"))
REPORT_ORDERINGS: dict[str, tuple[Key, ...]] = {
    "-received": (Key("received_at", descending=True), Key("id")),
    "received": (Key("received_at"), Key("id")),
    "due": DUE,
    # What one phone sent, in its own order: its count tells it whatever its clock said.
    "device": (Key("device_seq", nullable=True), Key("received_at"), Key("id")),
}


class DeskReportFilter(DeskFilter):
    time_pairs = (("received_from", "received_to"),)
    orderings = REPORT_ORDERINGS

    state = words_filter(ReportState, _("What the desk has done with the report."))
    danger = words_filter(Danger, _("Who is in danger."))
    source = words_filter(Source, _("How the observer knows."))
    audience = words_filter(Audience, _("Who may read it."))
    channel = words_filter(Channel, _("How it arrived."))
    device = StrictFilter(
        one(reading.as_uuid),
        field_name="device",
        about=_("Id of the phone that sent it; with ordering=device in the phone’s own order."),
        example="7c9e6679-7425-40de-944b-e07fc1f90ae7",
        schema={"type": "string", "format": "uuid"},
    )
    received_from = moment_filter(
        _("Arrived at this time or later."), field_name="received_at", lookup_expr="gte"
    )
    received_to = moment_filter(
        _("Arrived at this time or earlier."), field_name="received_at", lookup_expr="lte"
    )
    seen = StrictFilter(
        one(as_boolean),
        method="opened",
        about=_("Has the desk opened it?"),
        example="false",
        schema={"type": "boolean"},
    )
    unresolved = StrictFilter(
        one(as_boolean),
        method="with_unresolved",
        about=_("Does it hold something that could not be understood?"),
        example="true",
        schema={"type": "boolean"},
    )
    ordering = ordering_filter(
        REPORT_ORDERINGS, _("Newest arrival first unless you say otherwise.")
    )

    def in_regions(self, rows: Rows, name: str, codes: list[str]) -> Rows:
        return rows.filter(region__in=self.below())

    def in_categories(self, rows: Rows, name: str, chosen: list[str]) -> Rows:
        return rows.filter(category__in=reading.leaves(chosen))

    def opened(self, rows: Rows, name: str, value: bool) -> Rows:
        return rows.filter(seen_at__isnull=not value)

    def with_unresolved(self, rows: Rows, name: str, value: bool) -> Rows:
        return rows.exclude(unresolved={}) if value else rows.filter(unresolved={})


INCIDENT_ORDERINGS: dict[str, tuple[Key, ...]] = {
    "-severity": (Key("severity", descending=True), Key("opened_at"), Key("id")),
    "-opened": (Key("opened_at", descending=True), Key("id")),
    "opened": (Key("opened_at"), Key("id")),
    "-changed": (Key("changed_at", descending=True), Key("id")),
    "due": DUE,
}


class DeskIncidentFilter(DeskFilter):
    time_pairs = (("opened_from", "opened_to"), ("occurred_from", "occurred_to"))
    orderings = INCIDENT_ORDERINGS

    status = words_filter(IncidentStatus, _("How far the desk has come."))
    severity = severity_filter()
    severity_min = severity_min_filter()
    verification = words_filter(Verification, _("How sure the observers are."))
    publication = StrictFilter(
        several(word_of(lambda: [NOBODY, *DraftState.values])),
        many=True,
        method="in_publication_state",
        choices=[(NOBODY, _("Not begun")), *DraftState.choices],
        about=_("State of the public text; “none” when it was not begun."),
        example=DraftState.SUBMITTED,
        schema={"type": "array", "items": {"enum": [NOBODY, *DraftState.values]}},
    )
    danger = StrictFilter(
        several(word_of(lambda: Danger.values)),
        many=True,
        method="in_danger",
        choices=Danger.choices,
        about=_("Who is in danger according to one of its reports that you may read."),
        example=Danger.ONGOING,
        schema={"type": "array", "items": {"type": "string", "enum": Danger.values}},
    )
    assignee = StrictFilter(
        several(str),
        many=True,
        method="assigned",
        about=_("User name of the person reviewing it, “me”, or “none”."),
        example=ME,
        schema=codes_schema(),
    )
    opened_from = moment_filter(
        _("Opened at this time or later."), field_name="opened_at", lookup_expr="gte"
    )
    opened_to = moment_filter(
        _("Opened at this time or earlier."), field_name="opened_at", lookup_expr="lte"
    )
    occurred_from = moment_filter(_("May have happened at this time or later."), method="occurred")
    occurred_to = moment_filter(_("May have happened at this time or earlier."), method="occurred")
    ordering = ordering_filter(INCIDENT_ORDERINGS, _("Gravest first unless you say otherwise."))

    def prepare(self, values: dict[str, Any]) -> list[Fault]:
        return super().prepare(values) + self._unknown_assignees(values.get("assignee") or [])

    def _unknown_assignees(self, names: list[str]) -> list[Fault]:
        """Only names on incidents this person sees count as known: the list tells no others."""
        if not set(names) - {ME, NOBODY}:
            return []
        seen = self.queryset.exclude(assignee=None).order_by()
        known = {ME, NOBODY, *seen.values_list("assignee__username", flat=True).distinct()}
        detail = str(_("Nobody called “%(name)s” reviews an incident that you see."))
        return [
            Fault("assignee", detail % {"name": shown(name)}, nearest(name, known))
            for name in names
            if name not in known
        ]

    def in_regions(self, rows: Rows, name: str, codes: list[str]) -> Rows:
        found: Rows = rows.in_regions(self.below())  # type: ignore[attr-defined]
        return found

    def in_categories(self, rows: Rows, name: str, chosen: list[str]) -> Rows:
        codes = reading.leaves(chosen)
        condition = Q(category__in=codes)
        for code in codes:
            condition |= Q(other_categories__contains=f'"{code}"')
        # A JSON list has no lookup that both databases share; its text has.
        other = Cast("categories_secondary", TextField())
        found: Rows = rows.alias(other_categories=other).filter(condition)
        return found

    def in_danger(self, rows: Rows, name: str, words: list[str]) -> Rows:
        # A sealed report must not show through a filter, so only readable reports count.
        reports = Report.objects.on_desk(viewer_of(self), by_key=True).filter(danger__in=words)
        return rows.filter(Exists(reports.filter(incidents=OuterRef("pk"))))

    def in_publication_state(self, rows: Rows, name: str, states: list[str]) -> Rows:
        condition = Q(draft__state__in=states)
        if NOBODY in states:
            condition |= Q(draft__isnull=True)
        return rows.filter(condition)

    def assigned(self, rows: Rows, name: str, names: list[str]) -> Rows:
        condition = Q(assignee__username__in=[n for n in names if n not in {ME, NOBODY}])
        if ME in names:
            condition |= Q(assignee=viewer_of(self).pk)
        if NOBODY in names:
            condition |= Q(assignee=None)
        return rows.filter(condition)

    def occurred(self, rows: Rows, name: str, moment: Any) -> Rows:
        return during(rows, name, moment)
