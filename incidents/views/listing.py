"""The public list: what was asked for, one page of it, and what can honestly be said about it."""

import re
from collections.abc import Iterable
from functools import cached_property
from operator import itemgetter
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from elections.keyset import BadCursor, Page, walk
from elections.models import Election, Region
from elections.querysets import THE_WORLD, Viewer
from incidents import categories
from incidents.filters import Parsed, PublicationFilter, parse
from incidents.models import Publication
from incidents.views.known import PUBLISHABLE
from incidents.vocabulary import Severity, Verification

ROWS = 50
CURSOR = "cursor"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# What the panel offers, in this order; the other filters of the API work in the address as well.
OFFERED = {
    "q": lazy("Words"),
    "election": lazy("Election"),
    "category": lazy("What kind"),
    "region": lazy("Region"),
    "verification": lazy("How sure"),
    "severity_min": lazy("Severity, at least"),
    "occurred_from": lazy("Happened from"),
    "occurred_to": lazy("Happened until"),
    "has_response": lazy("Official response"),
    "ordering": lazy("Order"),
}
ORDERS = {
    "": lazy("newest publication first"),
    "published": lazy("oldest publication first"),
    "-occurred": lazy("latest event first"),
    "occurred": lazy("earliest event first"),
}
Rows = QuerySet[Publication, Publication]


class Ticked(forms.CheckboxSelectMultiple):
    """Boxes of which none is ticked ask for nothing, not for the empty list."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name) if name in data else None

    def format_value(self, value: Any) -> list[str]:
        """An address may name several in one: "state=received,linked"."""
        return [code for one in super().format_value(value) or () for code in one.split(",")]


class ChosenOne(forms.Select):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return pieces(data, name) or None


class ChosenSeveral(forms.SelectMultiple):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return pieces(data, name) or None


class PublicList:
    """`rows`: all that match; empty while the question has faults."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.query = request.GET.copy()
        self.cursor = self.query.pop(CURSOR, [""])[-1]
        self.everything: Rows = Publication.objects.visible_to(THE_WORLD)
        self.filterset = PublicationFilter(self.query, self.everything, request=request, page=True)
        self.form = self.filterset.form
        self._dress_form()
        self.parsed: Parsed = parse(self.filterset, also={})
        self._say_faults()

    @property
    def faulty(self) -> bool:
        return bool(self.form.errors)

    @cached_property
    def rows(self) -> Rows:
        return self.parsed.queryset

    @cached_property
    def page(self) -> Page[Publication]:
        """Asks the database; a cursor that is not of this list becomes one more fault."""
        nothing: Page[Publication] = Page([], None, None)
        if self.faulty:
            return nothing
        try:
            return walk(
                self.rows.select_related("election__region_set"),
                keys=self.filterset.keys,
                limit=ROWS,
                cursor=self.cursor or None,
                binding=f"page {self.query_string}",
            )
        except BadCursor:
            sentence = _("This link into the list is no longer good. Start at its first page.")
            self.form.add_error(None, sentence)
            return nothing

    # --- Addresses ----------------------------------------------------------------------------

    @cached_property
    def query_string(self) -> str:
        """The question without its place in the list; what the same rows as a file need."""
        kept = QueryDict(mutable=True)
        for name, values in sorted(self.query.lists()):
            kept.setlist(name, [value for value in values if value.strip()])
        return kept.urlencode(safe=",:")

    def address(self, **more: str) -> str:
        parts = [self.query_string] if self.query_string else []
        extra = QueryDict(mutable=True)
        extra.update(more)
        query = "&".join([*parts, *([extra.urlencode()] if more else [])])
        return reverse("public-home") + (f"?{query}" if query else "")

    def without(self, name: str, value: str) -> str:
        kept = self.query.copy()
        kept.setlist(name, [piece for piece in pieces(kept, name) if piece != value])
        query = kept.urlencode(safe=",:")
        return reverse("public-home") + (f"?{query}" if query else "")

    def in_region(self, code: str) -> str:
        narrowed = self.query.copy()
        narrowed["region"] = code
        return f"{reverse('public-home')}?{narrowed.urlencode(safe=',:')}"

    def files(self) -> list[dict[str, str]]:
        api = reverse("api-incidents")
        rest = f"&{self.query_string}" if self.query_string else ""
        kinds = {
            "json": (_("JSON"), _("for programs, page by page")),
            "csv": (_("CSV"), _("for a spreadsheet")),
            "geojson": (_("GeoJSON"), _("for a map")),
            "ndjson": (_("NDJSON"), _("one line for each incident")),
        }
        return [
            {"text": text, "note": note, "url": f"{api}?format={kind}{rest}"}
            for kind, (text, note) in kinds.items()
        ]

    # --- The panel ----------------------------------------------------------------------------

    def _say_faults(self) -> None:
        said = set(self.form.errors)
        for fault in self.parsed.errors:
            if fault.parameter not in said:
                offered = fault.parameter in self.form.fields
                self.form.add_error(fault.parameter if offered else None, fault.detail)

    def _dress_form(self) -> None:
        fields = self.form.fields
        for name in list(fields):
            if name in OFFERED:
                fields[name].label = OFFERED[name]
            elif name in self.query:
                fields[name].widget = forms.MultipleHiddenInput()
            else:
                del fields[name]
        self._offer("category", category_choices())
        self._offer("region", region_choices(THE_WORLD))
        self._offer("election", election_choices(THE_WORLD))
        grades = [(str(value), f"{value} {label.lower()}") for value, label in Severity.choices]
        self._offer("severity_min", grades[1:])
        shown = [(code, label) for code, label in Verification.choices if code in PUBLISHABLE]
        fields["verification"].widget = Ticked(choices=shown)
        fields["ordering"].widget = ChosenOne(choices=list(ORDERS.items()))
        for name in ("occurred_from", "occurred_to"):
            # A time that came in the address would vanish from a box for days.
            if DAY.fullmatch(self.query.get(name) or "2021-01-10"):
                fields[name].widget.input_type = "date"
        fields["q"].widget.input_type = "search"
        self.form.order_fields(list(OFFERED))

    def _offer(self, name: str, choices: list[Any]) -> None:
        """A box to choose one; when the address names several, a box that shows them all.

        A value that is no choice is shown as it was written, so that it can be taken away.
        """
        given = pieces(self.query, name)
        if len(choices) < 2 and not given:
            del self.form.fields[name]
            return
        known = choice_words(choices)
        choices = [*choices, *((value, value) for value in given if value not in known)]
        several = len(given) > 1
        self.form.fields[name].widget = (
            ChosenSeveral(choices=choices)
            if several
            else ChosenOne(choices=[("", _("all")), *choices])
        )


def pieces(query: QueryDict, name: str) -> list[str]:
    """The values of a parameter that may be repeated or hold commas."""
    given = [piece.strip() for value in query.getlist(name) for piece in value.split(",")]
    return [piece for piece in given if piece]


def category_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    whole = _("%(group)s, all kinds")
    return [
        (
            group.short_name,
            [(group.code, whole % {"group": group.short_name})]
            + [(leaf.code, leaf.short_name) for leaf in group.categories],
        )
        for group in categories.GROUPS.values()
    ]


def region_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """Of the elections there are; a code that two divisions share is one region to a reader."""
    elections = Election.objects.visible_to(viewer).values("region_set")
    regions = Region.objects.visible_to(viewer).filter(region_set__in=elections, level=1)
    return sorted({region.code: region.name for region in regions}.items(), key=itemgetter(1))


def election_choices(viewer: Viewer) -> list[tuple[str, str]]:
    elections = Election.objects.visible_to(viewer).newest_first()
    return [(election.slug, election.name) for election in elections]


def choice_words(choices: Iterable[Any]) -> dict[str, str]:
    """Value → what the panel calls it, groups laid flat."""
    words: dict[str, str] = {}
    for value, label in choices:
        if isinstance(label, list | tuple):
            words |= {str(inner): str(text) for inner, text in label}
        else:
            words[str(value)] = str(label)
    return words
