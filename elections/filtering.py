"""FilterSets that refuse what they do not understand; one class serves page, API and export.

django-filter as delivered answers a misspelt parameter with all rows and takes the last of two
values. Here every value is read by a function of `elections.strict`, and `parse` says what was
understood, in words for a person and in data for a program.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _

from elections.strict import Fault, Unclear, as_text, attempt, check_names, unknown_value
from elections.validating import FIRST_YEAR, LAST_YEAR

MOST_WORDS = 200
Reader = Callable[[list[str]], Any]


# --- Readers: from the raw values of one parameter to what the filter needs -------------------


def one(read: Callable[[str], Any]) -> Reader:
    return lambda raw: read(as_text(raw[0]))


def several(read: Callable[[str], Any]) -> Reader:
    """Repeated or separated by commas, both meaning or."""

    def reader(raw: list[str]) -> list[Any]:
        pieces = [as_text(piece) for value in raw for piece in value.split(",")]
        if len(pieces) > MOST_WORDS:
            raise Unclear(_("Give at most %(limit)s values.") % {"limit": MOST_WORDS})
        return list(dict.fromkeys(read(piece) for piece in pieces))

    return reader


def word_of(words: Callable[[], Iterable[str]]) -> Callable[[str], str]:
    def read(text: str) -> str:
        known = list(words())
        if text not in known:
            raise unknown_value(text, known)
        return text

    return read


@dataclass(frozen=True)
class Moment:
    """A time as typed: perhaps only a day, perhaps without offset."""

    value: datetime
    whole_day: bool

    def resolved(self, zone: str, *, end: bool) -> datetime:
        """The instant; a day without time is its first moment, as an end its last."""
        value = self.value
        if self.whole_day and end:
            value = value + timedelta(days=1) - timedelta(microseconds=1)
        return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))


def as_moment(text: str) -> Moment:
    """A date, or an RFC 3339 time. A "+" that a browser turned into a space is understood."""
    try:
        if day := parse_date(text):
            moment = Moment(datetime.combine(day, time()), whole_day=True)
        elif value := parse_datetime(text.replace(" ", "+") if "T" in text else text):
            moment = Moment(value, whole_day=False)
        else:
            raise ValueError
    except ValueError:
        detail = _("Give a day such as 2021-01-10 or a time such as 2021-01-10T07:00:00+06:00.")
        raise Unclear(detail) from None
    if not FIRST_YEAR <= moment.value.year <= LAST_YEAR:
        detail = _("Give a year from %(first)s to %(last)s.")
        raise Unclear(detail % {"first": FIRST_YEAR, "last": LAST_YEAR})
    return moment


# --- Fields and filters ---------------------------------------------------------------------


class _Typed(forms.TextInput):
    """A text box that keeps every value of a repeated parameter."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name) if name in data else None

    def format_value(self, value: Any) -> str | None:
        return ", ".join(value) if isinstance(value, list) else value


class _Chosen(forms.Select):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name) if name in data else None


class _ChosenSeveral(forms.SelectMultiple):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name) if name in data else None


class StrictField(forms.Field):
    def __init__(self, *, read: Reader, choices: Any = None, many: bool = False, **kwargs: Any):
        widget: forms.Widget = _Typed()
        if choices is not None:
            offered = choices() if callable(choices) else choices
            widget = _ChosenSeveral(choices=offered) if many else _Chosen(choices=offered)
        super().__init__(widget=widget, **kwargs)
        self.read = read

    def clean(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return self.read(value)
        except Unclear as unclear:
            params = {"nearest": unclear.nearest}
            # The params carry the suggestion; "%" in the sentence is not a placeholder.
            raise ValidationError(unclear.detail.replace("%", "%%"), params=params) from None


class StrictFilter(django_filters.Filter):  # type: ignore[misc]
    """`about`, `example` and `schema` describe the parameter in the API's documentation."""

    field_class = StrictField

    def __init__(
        self,
        read: Reader,
        *,
        many: bool = False,
        about: str | Promise = "",
        example: str = "",
        schema: Mapping[str, Any] | None = None,
        choices: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(read=read, many=many, choices=choices, **kwargs)
        self.read = read
        self.many = many
        self.about = about
        self.example = example
        self.schema = dict(schema or {"type": "string"})


@dataclass(frozen=True)
class Parsed:
    """`queryset` is empty when there are errors: half a question gets no answer."""

    choose: "Callable[[], QuerySet[Any, Any]]"
    applied: dict[str, Any]
    errors: list[Fault] = field(default_factory=list)

    @cached_property
    def queryset(self) -> "QuerySet[Any, Any]":
        """Made when somebody asks: a page that walks an index needs none."""
        return self.choose()


class StrictFilterSet(django_filters.FilterSet):  # type: ignore[misc]
    """Give it rows that are already `visible_to` somebody; it has none of its own.

    `page`: for an HTML form. All fields are built, and empty values count as absent, because
    that is how browsers send an untouched form. Without it there is no form: building and copying
    its fields for every request costs more than reading a page of rows.
    """

    base_filters: ClassVar[Mapping[str, StrictFilter]]
    filters: Any

    def __init__(
        self,
        data: QueryDict | None,
        queryset: "QuerySet[Any, Any]",
        *,
        request: Any = None,
        page: bool = False,
    ) -> None:
        data = QueryDict() if data is None else data
        self.page = page
        if page:
            super().__init__(without_empty(data), queryset, request=request)
        else:
            self.data, self.queryset, self.request = data, queryset, request
            self.filters = self.form_prefix = None
        self.is_bound = True

    def understood(self) -> tuple[dict[str, Any], list[Fault]]:
        """Each value by itself; `values` are those of the form where there is one."""
        faults: list[Fault] = []
        if self.page:
            for name, found in self.form.errors.as_data().items():
                faults += [
                    Fault(name, error.messages[0], (error.params or {}).get("nearest", ""))
                    for error in found
                ]
            self.values = self.form.cleaned_data
            return self.values, faults
        self.values = {}
        for name, one in self.base_filters.items():
            if name in self.data:
                raw = self.data.getlist(name)
                before = len(faults)
                value = attempt(name, partial(one.read, raw), faults)
                if len(faults) == before:
                    self.values[name] = value
        return self.values, faults

    def filter_queryset(self, queryset: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
        if self.filters is None:
            self.filters = deepcopy({name: self.base_filters[name] for name in self.values})
            for one in self.filters.values():
                one.parent, one.model = self, queryset.model
        for name, value in self.values.items():
            queryset = self.filters[name].filter(queryset, value)
        return queryset

    @classmethod
    def known(cls) -> dict[str, bool]:
        """Parameter names, and whether each may be repeated."""
        return {name: one.many for name, one in cls.base_filters.items()}

    def prepare(self, values: dict[str, Any]) -> list[Fault]:
        """Checks between parameters; may replace values. Runs when each alone is understood."""
        return []


def without_empty(data: QueryDict) -> QueryDict:
    kept = QueryDict(mutable=True)
    for name, values in data.lists():
        if given := [value for value in values if value.strip()]:
            kept.setlist(name, given)
    return kept


def parse(filterset: StrictFilterSet, *, also: Mapping[str, bool] | None) -> Parsed:
    """What the query asks for. `also`: other parameters the caller knows, and whether each may
    repeat; None when the caller has checked the names already."""
    errors = []
    if also is not None:
        errors = check_names(filterset.data, filterset.known() | dict(also))
    values, faults = filterset.understood()
    errors += faults
    if not errors:
        errors = filterset.prepare(values)
    if errors:
        return Parsed(filterset.queryset.none, {}, errors)
    applied = {n: echo(v) for n, v in values.items() if v is not None}
    return Parsed(lambda: filterset.filter_queryset(filterset.queryset), applied)


def echo(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [echo(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def resolve_times(
    values: dict[str, Any], pairs: Iterable[tuple[str, str]], zone: str = "UTC"
) -> list[Fault]:
    """Replace each pair of Moments by instants; a pair in the wrong order is a fault."""
    faults = []
    for first, last in pairs:
        for name in (first, last):
            if isinstance(moment := values.get(name), Moment):
                values[name] = moment.resolved(zone, end=name == last)
        start, end = values.get(first), values.get(last)
        if start and end and start > end:
            detail = _("“%(first)s” is later than “%(last)s”. Swap them.")
            faults.append(Fault(first, detail % {"first": first, "last": last}, last))
    return faults
