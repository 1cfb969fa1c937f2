"""The detail questions of a category as form fields, and the answers back as intake reads them.

Made from `details.fields_for`: a question added to the data appears here by itself.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _

from incidents import details
from incidents.details import DetailField
from incidents.vocabulary import PersonsBasis, Source

PREFIX = "answer_"
NOT_ANSWERED = ("", _("not answered"))
MOST = 10_000_000
EMPTY_ROWS = 2


class LabelledParts(forms.MultiWidget):
    """Several inputs that make one answer, each with a label of its own."""

    template_name = "incidents/desk/_parts.html"
    use_fieldset = True

    def __init__(self, parts: Mapping[Any, forms.Widget], **kwargs: Any) -> None:
        self.labels = list(parts)
        super().__init__(list(parts.values()), **kwargs)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], self.labels, strict=True):
            part["label"] = label
        return context

    def decompress(self, value: Any) -> list[Any]:
        return [None] * len(self.widgets)


class MomentWidget(LabelledParts):
    """A day, and the hour when it is known, in local time."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        super().__init__(
            {
                _("Day"): forms.DateInput(attrs={"type": "date"}),
                _("Time"): forms.TimeInput(attrs={"type": "time"}),
            }
        )

    def decompress(self, value: Any) -> list[Any]:
        if not value:
            return [None, None]
        if day := parse_date(str(value)):
            return [day.isoformat(), None]
        moment = parse_datetime(str(value))
        if moment is None:
            return [None, None]
        local = moment.astimezone(self.zone)
        return [local.date().isoformat(), f"{local:%H:%M}"]


class MomentField(forms.MultiValueField):
    """ISO 8601: a date, or a time with its offset."""

    def __init__(self, *, zone: str, **kwargs: Any) -> None:
        self.zone = ZoneInfo(zone)
        super().__init__(
            fields=(forms.DateField(required=False), forms.TimeField(required=False)),
            widget=MomentWidget(zone),
            require_all_fields=False,
            **kwargs,
        )

    def compress(self, values: Any) -> str:
        if not values or values == [None, None]:
            return ""
        day, time = values
        if day is None:
            raise forms.ValidationError(_("Give the day, too."))
        if time is None:
            assert isinstance(day, date)  # noqa: S101 - DateField gives nothing else
            return day.isoformat()
        return datetime.combine(day, time, tzinfo=self.zone).isoformat()


class NumberRuleWidget(LabelledParts):
    def __init__(self) -> None:
        number = {"min": 0, "max": MOST, "inputmode": "numeric"}
        super().__init__(
            {
                _("At least"): forms.NumberInput(attrs=number),
                _("At most"): forms.NumberInput(attrs=number),
                _("In words"): forms.TextInput(attrs={"size": 14}),
                _("Where it comes from"): forms.Select(choices=PersonsBasis.choices),
            }
        )

    def decompress(self, value: Any) -> list[Any]:
        given = value if isinstance(value, Mapping) else {}
        basis = given.get("basis") or PersonsBasis.NONE_GIVEN
        return [given.get("min"), given.get("max"), given.get("words"), basis]


class NumberRuleField(forms.MultiValueField):
    """{"min", "max", "words", "basis"}, or None when nothing is said."""

    def __init__(self, **kwargs: Any) -> None:
        def whole() -> forms.Field:
            return forms.IntegerField(required=False, min_value=0, max_value=MOST)

        super().__init__(
            fields=(
                whole(),
                whole(),
                forms.CharField(required=False, max_length=200),
                forms.ChoiceField(required=False, choices=PersonsBasis.choices),
            ),
            widget=NumberRuleWidget(),
            require_all_fields=False,
            **kwargs,
        )

    def compress(self, values: Any) -> dict[str, Any] | None:
        low, high, words, basis = values or (None, None, "", "")
        if low is None and high is None and not words:
            return None
        return {"min": low, "max": high, "words": words, "basis": basis}


class RowsWidget(forms.MultiWidget):
    template_name = "incidents/desk/_rows.html"
    use_fieldset = True

    def decompress(self, value: Any) -> list[Any]:
        rows = list(value) if isinstance(value, list | tuple) else []
        return rows + [None] * (len(self.widgets) - len(rows))


class RowWidget(LabelledParts):
    def __init__(self, keys: tuple[str, ...], parts: Mapping[Any, forms.Widget]) -> None:
        self.keys = keys
        super().__init__(parts)

    def decompress(self, value: Any) -> list[Any]:
        given = value if isinstance(value, Mapping) else {}
        return [given.get(key) for key in self.keys]


class RowField(forms.MultiValueField):
    """One entry of a list as {key: text}; None when the row was left empty."""

    def __init__(self, columns: Mapping[str, tuple[Any, forms.Field]]) -> None:
        self.keys = tuple(columns)
        fields = [field for _label, field in columns.values()]
        parts = {label: field.widget for label, field in columns.values()}
        super().__init__(
            fields=fields,
            widget=RowWidget(self.keys, parts),
            require_all_fields=False,
            required=False,
        )

    def compress(self, values: Any) -> dict[str, str] | None:
        row = dict(zip(self.keys, values or [], strict=False))
        return row if any(row.values()) else None


class RowsField(forms.MultiValueField):
    """A list of entries; empty rows are left out."""

    def __init__(self, rows: list[RowField], **kwargs: Any) -> None:
        super().__init__(
            fields=rows,
            widget=RowsWidget([row.widget for row in rows]),
            require_all_fields=False,
            **kwargs,
        )

    def compress(self, values: Any) -> list[dict[str, str]]:
        return [row for row in values or [] if row]


def _choice(choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=[NOT_ANSWERED, *choices])


class Questions:
    """The questions of one category. `zone`: of the times typed; `sealed`: shown to security."""

    LISTS: ClassVar[tuple[str, ...]] = ("links", "series")

    def __init__(self, category: str, *, zone: str, sealed: bool = False) -> None:
        self.category = category
        self.zone = zone
        self.asked = [f for f in details.fields_for(category) if sealed or not f.sealed]

    def fields(self, known: Mapping[str, Any], data: Any = None) -> dict[str, forms.Field]:
        """`known`: answers so far; `data`: what was posted, for lists that were longer there."""
        return {PREFIX + f.key: self._field(f, known, data) for f in self.asked}

    def initial(self, known: Mapping[str, Any]) -> dict[str, Any]:
        return {PREFIX + f.key: known[f.key] for f in self.asked if f.key in known}

    def answers(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """What was answered, in the form `details.validate` reads; nothing for "not known"."""
        given = {f.key: cleaned.get(PREFIX + f.key) for f in self.asked}
        return {key: value for key, value in given.items() if value not in (None, "", [])}

    def _field(self, asked: DetailField, known: Mapping[str, Any], data: Any) -> forms.Field:
        common: dict[str, Any] = {"label": asked.name, "required": False}
        if asked.kind in ("tri", "choice"):
            return forms.ChoiceField(choices=[NOT_ANSWERED, *asked.choices], **common)
        if asked.kind == "multi":
            boxes = forms.CheckboxSelectMultiple(attrs={"class": "columns"})
            return forms.MultipleChoiceField(choices=asked.choices, widget=boxes, **common)
        if asked.kind == "datetime":
            return MomentField(zone=self.zone, **common)
        if asked.kind == "number_rule":
            return NumberRuleField(**common)
        if asked.kind in self.LISTS:
            rows = self._rows_wanted(asked, known, data)
            return RowsField([self._row(asked) for _n in range(rows)], **common)
        area = forms.Textarea(attrs={"rows": 2}) if asked.limit > 200 else forms.TextInput()
        return forms.CharField(max_length=asked.limit, widget=area, **common)

    def _rows_wanted(self, asked: DetailField, known: Mapping[str, Any], data: Any) -> int:
        entries = known.get(asked.key)
        wanted = (len(entries) if isinstance(entries, list) else 0) + EMPTY_ROWS
        pattern = re.compile(rf"{PREFIX}{re.escape(asked.key)}_(\d{{1,2}})_")
        posted = [int(m.group(1)) + 1 for name in data or () if (m := pattern.match(name))]
        return min(max([wanted, *posted]), 50)

    def _row(self, asked: DetailField) -> RowField:
        if asked.kind == "links":
            return RowField(
                {
                    "url": (_("Address"), forms.CharField(required=False, max_length=500)),
                    "source": (_("Made by"), _choice(asked.choices)),
                    "taken_on": (_("Taken on"), MomentField(zone=self.zone, required=False)),
                }
            )
        return RowField(
            {
                "status": (_("Status"), _choice(asked.choices)),
                "as_of": (_("As of"), MomentField(zone=self.zone, required=False)),
                "source": (_("Who says so"), _choice(Source.choices)),
                "source_words": (
                    _("In words"),
                    forms.CharField(required=False, max_length=200),
                ),
            }
        )
