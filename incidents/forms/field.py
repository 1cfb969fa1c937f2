"""What an observer types, and the report it becomes.

A report is not refused for its content, so a word this form does not know goes on to intake,
which keeps it as typed. What comes back to the observer is only what nobody could use: nothing
said, more than fits, or a number that is none. Then everything typed is still there.
"""

import json
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from elections.models import Election, Region, Station
from incidents import categories, details
from incidents.details import DetailField
from incidents.forms.questions import MOST, PREFIX, Questions
from incidents.interpreting import TEXT_LIMIT
from incidents.vocabulary import (
    Audience,
    Danger,
    FollowUpKind,
    OccurredPrecision,
    PersonsBasis,
    Source,
)

# Of the day, and how exactly: what a person can say about the clock on the wall.
PRECISIONS = [
    OccurredPrecision.EXACT,
    OccurredPrecision.HALF_HOUR,
    OccurredPrecision.HOUR,
    OccurredPrecision.PART_OF_DAY,
    OccurredPrecision.DAY,
    OccurredPrecision.RANGE,
    OccurredPrecision.RUN_UP,
]
MOST_STATIONS = 200
FEW = 4
NOT_SAID = ("", _("not said"))


class AsTyped(forms.CharField):
    """Any text at all, NUL included; only its length is limited, in characters."""

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        super().__init__(required=False, strip=False, **kwargs)
        self.limit = limit
        self.validators = []

    def clean(self, value: Any) -> str:
        text = str(value or "").replace("\r\n", "\n")
        if len(text) > self.limit:
            sentence = _(
                "This has %(length)s characters; %(limit)s fit. Shorten it, and send the rest "
                "as a second report that adds to this one."
            )
            raise ValidationError(sentence, params={"length": len(text), "limit": self.limit})
        return text


def offered(choices: Iterable[Any], **kwargs: Any) -> AsTyped:
    """A list to choose from; a word that is not in it goes on to intake."""
    widget = kwargs.pop("widget", forms.Select)
    return AsTyped(limit=200, widget=widget(choices=list(choices)), **kwargs)


def people(label: Any) -> forms.IntegerField:
    wrong = _("Write a whole number, or use the words below.")
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=MOST,
        widget=forms.NumberInput(attrs={"min": 0, "inputmode": "numeric"}),
        error_messages={"invalid": wrong, "max_value": wrong, "min_value": wrong},
    )


class ReportForm(forms.Form):
    """`mine`: the regions this person observes; `asked`: the category whose questions are shown;
    `checked` false shows what was typed and finds no fault in it."""

    id = AsTyped(limit=100, widget=forms.HiddenInput)
    election = AsTyped(limit=100, widget=forms.HiddenInput)
    questions = AsTyped(limit=40, widget=forms.HiddenInput)
    category = AsTyped(limit=40)
    station = AsTyped(
        limit=200,
        label=_("Polling station"),
        help_text=_("Number or name, as it is written on the door."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "list": "stations"}
        ),
    )
    region = offered([], label=_("Region"))
    place = AsTyped(
        limit=500,
        label=_("Somewhere else"),
        help_text=_("Street, square, village: in your words."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    text = AsTyped(
        limit=TEXT_LIMIT,
        label=_("What happened?"),
        help_text=_("What did you see or hear yourself? One sentence is enough."),
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off"}),
    )
    danger = offered([NOT_SAID, *Danger.choices], label=_("Is anybody in danger?"))
    day = AsTyped(limit=20, label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    time_from = AsTyped(limit=12, label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}))
    time_to = AsTyped(limit=12, label=_("Until"), widget=forms.TimeInput(attrs={"type": "time"}))
    occurred_precision = offered(
        [NOT_SAID, *((p.value, p.label) for p in PRECISIONS)],
        label=_("How exactly do you know the time?"),
    )
    persons_min = people(_("At least"))
    persons_max = people(_("At most"))
    persons_words = AsTyped(
        limit=200,
        label=_("Or in words"),
        help_text=_("As it was said: “dozens”, “about fifteen”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    persons_basis = offered(
        [NOT_SAID, *PersonsBasis.choices[:-1]], label=_("Where does the number come from?")
    )
    source = offered([NOT_SAID, *Source.choices], label=_("How do you know?"))
    told_by = AsTyped(
        limit=200,
        label=_("Who told you?"),
        help_text=_("Never published. A function is enough: “a member of the commission”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    follow_up_of = AsTyped(
        limit=100,
        label=_("Reference of your earlier report"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    follow_up_kind = offered(
        [NOT_SAID, *FollowUpKind.choices], label=_("What does this report do?")
    )
    security_only = forms.BooleanField(
        required=False, label=_("Only security officers may read this report")
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        election: Election | None,
        mine: Iterable[Region] = (),
        asked: str = "",
        checked: bool = True,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.typed = QueryDict(mutable=True) if data is None else data.copy()
        if data is not None:
            self.typed["questions"] = asked = asked or data.get("questions", "")
        super().__init__(None if data is None else self.typed, initial=initial)
        self.observed = election
        self.checked = checked
        self.mine = list(mine)
        self._offer_regions(self.mine)
        self.zone = self._zone(str(self.typed.get("region", "")))
        self.asked = Questions(asked, zone=self.zone, sealed=True)
        self.fields |= dressed(self.asked, self.asked.fields({}, self.typed))

    def full_clean(self) -> None:
        if self.checked:
            super().full_clean()
        else:
            self._errors = ErrorDict()
            self.cleaned_data: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if "text" in said and not said["text"].strip() and not said.get("category"):
            self.add_error("text", _("Say what happened: choose a kind, or write one sentence."))
        return said

    # --- What the page asks about -------------------------------------------------------------

    @property
    def first_questions(self) -> list[forms.BoundField]:
        return [
            self[PREFIX + question.key] for question in self.asked.asked if self._first(question)
        ]

    @property
    def more_questions(self) -> list[forms.BoundField]:
        return [
            self[PREFIX + question.key]
            for question in self.asked.asked
            if not self._first(question)
        ]

    @property
    def more_answered(self) -> bool:
        """Whether anything was typed into the questions that are folded away."""
        folded = tuple(field.html_name for field in self.more_questions)
        return any(
            name.startswith(folded) and "".join(values).strip()
            for name, values in self.typed.lists()
        )

    def _first(self, question: DetailField) -> bool:
        """Asked at once; where a set marks none, its first few are."""
        marked = [q for q in self.asked.asked if q.asked_first]
        return question in (marked or self.asked.asked[:FEW])

    @property
    def category_name(self) -> str:
        known = categories.CATEGORIES.get(self.asked.category)
        return known.name if known else ""

    @property
    def persons_legend(self) -> str:
        """What the number of people means for this category: "Observers refused"."""
        records = details.record_fields_for(self.asked.category)
        return next((r.name for r in records if r.field == "persons"), str(_("How many people?")))

    def _offer_regions(self, mine: list[Region]) -> None:
        own = [(region.code, region.name) for region in mine]
        rest: list[tuple[str, str]] = []
        if self.observed:
            everything = Region.objects.visible_to(AnonymousUser()).of(self.observed)
            found = everything.filter(level=1).exclude(pk__in=[region.pk for region in mine])
            rest = sorted(((r.code, r.name) for r in found), key=itemgetter(1))
        choices: list[Any] = [NOT_SAID]
        choices += [(_("My regions"), own), (_("Other regions"), rest)] if own else rest
        typed = str(self.typed.get("region", ""))
        if typed and typed not in dict(own + rest):
            choices.append((typed, typed))
        self.fields["region"].widget.choices = choices

    def _zone(self, code: str) -> str:
        """The clock of the place that was chosen; of the capital when none was."""
        if self.observed is None:
            return "UTC"
        regions = Region.objects.visible_to(AnonymousUser()).of(self.observed)
        region = regions.filter(code=code).first() if code else None
        return region.time_zone if region else self.observed.time_zone

    # --- The report it becomes ----------------------------------------------------------------

    @property
    def report_id(self) -> uuid.UUID | None:
        """Made with the page: the same page sent twice is the same report."""
        try:
            return uuid.UUID(self.typed.get("id", ""))
        except ValueError:
            return None

    def as_bytes(self, follow_up_of: str) -> bytes:
        """The JSON of the report. Equal forms give equal bytes: no clock goes in."""
        said = self.cleaned_data
        plain = (
            "category text station region place danger persons_min persons_max persons_words "
            "persons_basis source told_by"
        )
        payload: dict[str, Any] = {name: said[name] for name in plain.split()}
        payload |= self._occurred()
        payload["election"] = self.observed.slug if self.observed else None
        payload["details"] = self.asked.answers(said)
        payload["audience"] = Audience.SECURITY_ONLY.value if said["security_only"] else None
        if follow_up_of:
            payload["follow_up_of"] = follow_up_of
            payload["follow_up_kind"] = said["follow_up_kind"] or FollowUpKind.ADDITION.value
        given = {name: value for name, value in payload.items() if value not in (None, "", {})}
        return json.dumps(given, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")

    def _occurred(self) -> dict[str, str]:
        """The clock on the wall of the place, with its offset; what is no time, as typed."""
        said = self.cleaned_data
        day, first, last = (said[name].strip() for name in ("day", "time_from", "time_to"))
        precision = said["occurred_precision"]
        if not (day or first or last):
            return {"occurred_precision": precision}
        if not (first or last):
            start, end = self._instant(day, "00:00"), self._instant(day, "23:59:59")
            return {
                "occurred_start": start,
                "occurred_end": end,
                "occurred_precision": precision or OccurredPrecision.DAY.value,
            }
        start = self._instant(day, first) if first else ""
        end = self._instant(day, last, after=start) if last else ""
        usual = OccurredPrecision.RANGE if last else OccurredPrecision.EXACT
        return {
            "occurred_start": start,
            "occurred_end": end,
            "occurred_precision": precision or usual.value,
        }

    def _instant(self, day: str, clock: str, after: str = "") -> str:
        """An end before its start is after midnight: counting goes on into the next day."""
        try:
            at = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(self.zone))
            if after and at < datetime.fromisoformat(after):
                at += timedelta(days=1)
        except (ValueError, OverflowError, TypeError):
            return f"{day} {clock}".strip()
        return at.isoformat()


def dressed(asked: Questions, fields: dict[str, forms.Field]) -> dict[str, forms.Field]:
    """For a thumb: yes, no or not known to tap; and who reads what is asked."""
    for question in asked.asked:
        field = fields[PREFIX + question.key]
        if question.kind == "tri":
            field.widget = forms.RadioSelect(attrs={"class": "segments"}, choices=question.choices)
        if question.kind == "number_rule":
            # Nothing is chosen for an observer: "counted" would be a claim nobody made.
            field.widget.widgets[-1].choices = [NOT_SAID, *PersonsBasis.choices[:-1]]
        if question.sealed:
            field.help_text = _("Only security officers read this. It is never published.")
    return fields


def nearby_stations(user: Any, election: Election, mine: list[Region]) -> list[Station]:
    """To choose from, when they are few enough to be sent to a phone."""
    stations = Station.objects.visible_to(user).of(election)
    if mine:
        within = Q()
        for region in mine:
            within |= Q(region__path__startswith=region.path)
        stations = stations.filter(within)
    found = list(stations[: MOST_STATIONS + 1])
    return found if len(found) <= MOST_STATIONS else []
