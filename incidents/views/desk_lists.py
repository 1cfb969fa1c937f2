"""The two lists of the desk: what was asked for, one page of it, and the panel of filters."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any, ClassVar, Protocol

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from elections.filtering import StrictFilterSet
from elections.keyset import BadCursor, Key, Page, walk
from elections.strict import check_names
from incidents.filters import DeskIncidentFilter, DeskReportFilter, parse
from incidents.filters.desk import DUE
from incidents.views.entering import SignedIn
from incidents.views.listing import (
    ChosenOne,
    ChosenSeveral,
    Ticked,
    category_choices,
    election_choices,
    pieces,
    region_choices,
)
from incidents.vocabulary import (
    Danger,
    DraftState,
    IncidentStatus,
    ReportState,
    Severity,
    Source,
    Verification,
)

LIST, CURSOR, LIMIT = "list", "cursor", "limit"
ROWS, MOST_ROWS = 50, 500
LIMITS = (ROWS, 100, 200, MOST_ROWS)
Choices = list[tuple[str, Any]]
YES_OR_NO: Choices = [("", lazy("all")), ("true", lazy("yes")), ("false", lazy("no"))]
SHARED = {
    "q": lazy("Words"),
    "region": lazy("Region"),
    "category": lazy("Category"),
    "election": lazy("Election"),
    "overdue": lazy("Overdue"),
}


class RowsOf(Protocol):
    """What a person sees of one kind, all of it or `among` these keys."""

    def __call__(
        self, request: SignedIn, among: Collection[Any] | None = None
    ) -> "QuerySet[Any, Any]": ...


class DeskList:
    """`rows_of`: what this person sees of the kind. `query`: without list, cursor and limit."""

    name: ClassVar[str]
    title: ClassVar[Any]
    filters: ClassVar[type[StrictFilterSet]]
    offered: Mapping[str, Any]
    state: ClassVar[str]
    waiting: ClassVar[tuple[str, ...]]

    def __init__(self, request: SignedIn, rows_of: RowsOf, *, together: bool = False) -> None:
        """`together`: beside the other list, with only the filters both know."""
        self.rows_of = rows_of
        self.request = request
        self.query = request.GET.copy()
        self.cursor = self.query.pop(CURSOR, [""])[-1]
        self.query.pop(LIST, None)
        self.limit = as_limit(self.query.pop(LIMIT, [""])[-1])
        self.offered = SHARED if together else self.offered
        asked = self.query.copy()
        if not pieces(asked, self.state):
            asked.setlist(self.state, list(self.waiting))
        self.filterset = self.filters(asked, rows_of(request), request=request, page=True)
        self.form = self.filterset.form
        for name, label in self.offered.items():
            # Before the form is read: reading binds the fields with the labels they have.
            self.form.fields[name].label = label
        self.parsed = parse(self.filterset, also=None)
        self._dress()
        self._say_faults()

    @property
    def keys(self) -> tuple[Key, ...]:
        """What needs a person first, unless another order is asked for."""
        if self.form.cleaned_data.get("ordering"):
            return self.filterset.keys  # type: ignore[no-any-return]
        return DUE

    @property
    def apart(self) -> list[Q]:
        """Within one state the order by due time follows an index, not over several."""
        states = self.parsed.applied.get(self.state) or []
        return [Q(**{self.state: state}) for state in states] if self.keys == DUE else []

    @property
    def faulty(self) -> bool:
        return bool(self.form.errors)

    def page(self, limit: int = 0) -> Page[Any]:
        nothing: Page[Any] = Page([], None, None)
        if self.faulty:
            return nothing
        try:
            return walk(
                self.parsed.queryset,
                keys=self.keys,
                limit=limit or self.limit,
                cursor=self.cursor or None,
                binding=f"desk {self.name} {self._question}",
                apart=self.apart,
                whole=lambda pks: self.rows_of(self.request, among=pks),
            )
        except BadCursor:
            sentence = _("This link into the list is no longer good. Start at its first page.")
            self.form.add_error(None, sentence)
            return nothing

    # --- Addresses ----------------------------------------------------------------------------

    @cached_property
    def _question(self) -> str:
        kept = QueryDict(mutable=True)
        for name, values in sorted(self.query.lists()):
            if given := [value for value in values if value.strip()]:
                kept.setlist(name, given)
        return kept.urlencode(safe=",:")

    def address(self, **more: str) -> str:
        extra = QueryDict(mutable=True)
        extra.update({LIST: self.name} | self._long | more)
        return f"{reverse('desk-queue')}?" + "&".join(
            part for part in (extra.urlencode(), self._question) if part
        )

    @property
    def _long(self) -> dict[str, str]:
        return {} if self.limit == ROWS else {LIMIT: str(self.limit)}

    @property
    def saved_as(self) -> str:
        """The question as a query, for a saved view."""
        return f"{LIST}={self.name}&{self._question}".rstrip("&")

    def without(self, name: str, value: str) -> str:
        kept = self.query.copy()
        kept.setlist(name, [piece for piece in pieces(kept, name) if piece != value])
        kept[LIST] = self.name
        return f"{reverse('desk-queue')}?{kept.urlencode(safe=',:')}"

    def applied(self) -> list[dict[str, str]]:
        """What the list is narrowed to, each with the way back."""
        if self.faulty:
            return []
        return [
            {"text": self._word(name, value), "remove_url": self.without(name, value)}
            for name in self.parsed.applied
            for value in pieces(self.query, name)
            if name != "ordering"
        ]

    def _word(self, name: str, value: str) -> str:
        flat: dict[str, Any] = {}
        for code, label in getattr(self.form.fields[name].widget, "choices", ()):
            flat |= dict(label) if isinstance(label, list | tuple) else {str(code): label}
        said = str(flat.get(value, value))
        label = str(self.offered.get(name, name))
        return f"{label}: {said}"

    # --- The panel ----------------------------------------------------------------------------

    def _say_faults(self) -> None:
        said = set(self.form.errors)
        for fault in self.parsed.errors:
            if fault.parameter not in said:
                offered = fault.parameter in self.form.fields
                self.form.add_error(fault.parameter if offered else None, fault.detail)

    def _dress(self) -> None:
        for name, one in list(self.form.fields.items()):
            if name not in self.offered and name in self.query:
                one.widget = forms.MultipleHiddenInput()
            elif name not in self.offered:
                del self.form.fields[name]
        self.form.order_fields(list(self.offered))
        self._offer("category", category_choices())
        self._offer("region", region_choices(self.request.user))
        self._offer("election", election_choices(self.request.user))
        self._offer_words()
        fields = self.form.fields
        for name in ("received_from", "received_to", "occurred_from", "occurred_to"):
            if name in fields:
                fields[name].widget.input_type = "date"
        fields["q"].widget.input_type = "search"
        if self.offered is not SHARED:
            # The form is bound to the query, which may have chosen the list without naming it.
            self.form.data = self.form.data.copy()
            self.form.data[LIST] = self.name
            fields[LIST] = forms.CharField(required=False, widget=forms.HiddenInput)

    def _offer_words(self) -> None:
        fields = self.form.fields
        for name, choices in self.boxes().items():
            if name in self.offered:
                fields[name].widget = Ticked(choices=choices)
        for name, choices in self.menus().items():
            if name in self.offered:
                several = len(pieces(self.query, name)) > 1
                fields[name].widget = (ChosenSeveral if several else ChosenOne)(choices=choices)

    def _offer(self, name: str, choices: Choices) -> None:
        several = len(pieces(self.query, name)) > 1
        box = ChosenSeveral if several else ChosenOne
        offered = choices if several else [("", _("all")), *choices]
        if len(choices) > 1:
            self.form.fields[name].widget = box(choices=offered)
        elif name not in self.query:
            del self.form.fields[name]

    def boxes(self) -> dict[str, Choices]:
        return {}

    def menus(self) -> dict[str, Choices]:
        return {}


class ReportList(DeskList):
    name = "reports"
    title = lazy("Reports")
    filters = DeskReportFilter
    state = "state"
    waiting = (ReportState.RECEIVED,)
    offered: Mapping[str, Any] = {
        **SHARED,
        "state": lazy("State"),
        "danger": lazy("Danger"),
        "seen": lazy("Read by the desk"),
        "unresolved": lazy("Something not understood"),
        "source": lazy("How they know"),
        "received_from": lazy("Arrived from"),
        "received_to": lazy("Arrived until"),
        "ordering": lazy("Order"),
    }

    def boxes(self) -> dict[str, Choices]:
        return {"state": ReportState.choices}

    def menus(self) -> dict[str, Choices]:
        return {
            "overdue": YES_OR_NO,
            "danger": [("", _("all")), *Danger.choices],
            "seen": YES_OR_NO,
            "unresolved": YES_OR_NO,
            "source": [("", _("all")), *Source.choices],
            "ordering": [
                ("", _("most urgent first")),
                ("received", _("oldest first")),
                ("-received", _("newest first")),
                ("device", _("as each phone counted them")),
            ],
        }

    def _word(self, name: str, value: str) -> str:
        return _("Sent by one phone") if name == "device" else super()._word(name, value)


class IncidentList(DeskList):
    name = "incidents"
    title = lazy("Incidents")
    filters = DeskIncidentFilter
    state = "status"
    waiting = (IncidentStatus.OPEN, IncidentStatus.IN_REVIEW, IncidentStatus.PARKED)
    offered: Mapping[str, Any] = {
        **SHARED,
        "status": lazy("Status"),
        "assignee": lazy("Reviewed by"),
        "severity": lazy("Severity"),
        "verification": lazy("How sure"),
        "publication": lazy("Public text"),
        "danger": lazy("Danger"),
        "occurred_from": lazy("Happened from"),
        "occurred_to": lazy("Happened until"),
        "ordering": lazy("Order"),
    }

    def boxes(self) -> dict[str, Choices]:
        grades = [(str(level), f"{level} {label}") for level, label in Severity.choices]
        return {
            "status": IncidentStatus.choices,
            "severity": grades,
        }

    def menus(self) -> dict[str, Choices]:
        own: Choices = [("", _("anybody")), ("me", _("me")), ("none", _("nobody yet"))]
        named = [(name, name) for name in pieces(self.query, "assignee")]
        return {
            "overdue": YES_OR_NO,
            "assignee": own + [pair for pair in named if pair[0] not in ("me", "none")],
            "verification": [("", _("all")), *Verification.choices],
            "publication": [("", _("all")), ("none", _("Not begun")), *DraftState.choices],
            "danger": [("", _("all")), *Danger.choices[1:]],
            "ordering": [
                ("", _("most urgent first")),
                ("-severity", _("gravest first")),
                ("-changed", _("latest change first")),
                ("-opened", _("newest first")),
                ("opened", _("oldest first")),
            ],
        }


def as_limit(text: str) -> int:
    """How many rows a page has; what is not offered is the usual number."""
    return int(text) if text in map(str, LIMITS) else ROWS


def narrowed(
    kind: type[DeskList], request: SignedIn, rows: "QuerySet[Any, Any]"
) -> tuple["QuerySet[Any, Any]", tuple[Key, ...]]:
    """The rows and the order of a list without its panel; no rows for a faulty question."""
    asked = request.GET.copy()
    known = kind.filters.known()
    for name in [name for name in asked if name not in known or not pieces(asked, name)]:
        del asked[name]
    if kind.state not in asked:
        asked.setlist(kind.state, list(kind.waiting))
    filterset = kind.filters(asked, rows, request=request)
    parsed = parse(filterset, also=None)
    ordering = filterset.values.get("ordering")
    return parsed.queryset, filterset.keys if ordering else DUE


def wanted(data: QueryDict, also: Collection[str] = ()) -> str:
    """Which list a query is about: "reports", "incidents", or "" for both.

    A parameter that only one of them knows chooses it. `also`: names that choose none.
    """
    if data.get(LIST) in (ReportList.name, IncidentList.name):
        return str(data[LIST])
    of_reports, of_incidents = DeskReportFilter.known(), DeskIncidentFilter.known()
    names = {name for name in data if pieces(data, name)} - set(also)
    if CURSOR in names:
        return IncidentList.name
    if names & (set(of_incidents) - set(of_reports)):
        return IncidentList.name
    if names & (set(of_reports) - set(SHARED)):
        return ReportList.name
    return ""


def foreign(data: QueryDict, chosen: str) -> list[str]:
    """Sentences about parameters that the list in question does not know."""
    known = {LIST: False, CURSOR: False, LIMIT: False}
    for kind in (ReportList, IncidentList):
        if chosen in ("", kind.name):
            known |= kind.filters.known()
    return [fault.detail for fault in check_names(data, known)]
