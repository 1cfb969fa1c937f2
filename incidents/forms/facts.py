"""What the desk believes about an incident, as one form in five parts."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from elections.models import Region
from incidents import categories, details
from incidents.forms.desk import LocalTimeField
from incidents.forms.merging import MergingForm, plain
from incidents.forms.names import NAMES
from incidents.forms.questions import PREFIX, Questions
from incidents.models import Incident
from incidents.vocabulary import OccurredPrecision, PersonsBasis, Phase, PlacePrecision
from observers.models import User

MOST_BOXES = 40
PARTS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("What"), ("title", "category", "categories_secondary")),
    (
        _("Where"),
        (
            "regions",
            "regions_at_least",
            "station",
            "place_words",
            "place_precision",
            "latitude",
            "longitude",
        ),
    ),
    (
        _("When"),
        ("occurred_start", "occurred_end", "occurred_precision", "occurred_words", "phase"),
    ),
    (_("How many people"), ("persons_min", "persons_max", "persons_words", "persons_basis")),
)
LISTS = ("categories_secondary", "regions")


def _text(name: str, limit: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=NAMES[name], max_length=limit, required=False, **kwargs)


def _word(name: str, choices: Any, **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=NAMES[name], choices=choices, **kwargs)


def _count(name: str, most: int) -> forms.IntegerField:
    field = forms.IntegerField(label=NAMES[name], required=False, min_value=0, max_value=most)
    field.widget.attrs["inputmode"] = "numeric"
    return field


class FactsForm(MergingForm):
    title = forms.CharField(label=NAMES["title"], max_length=200)
    category = forms.ChoiceField(
        label=NAMES["category"],
        help_text=_("Another category asks other questions; they appear after you save."),
    )
    categories_secondary = forms.MultipleChoiceField(
        label=NAMES["categories_secondary"],
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "window"}),
    )
    regions = forms.MultipleChoiceField(label=NAMES["regions"], required=False)
    regions_at_least = _count("regions_at_least", 1000)
    station = _text(
        "station", 200, help_text=_("Commission and number, such as KZ-ALA:7, or the number.")
    )
    place_words = _text("place_words", 500)
    place_precision = _word("place_precision", PlacePrecision.choices)
    latitude = forms.FloatField(label=NAMES["latitude"], required=False)
    longitude = forms.FloatField(label=NAMES["longitude"], required=False)
    occurred_precision = _word("occurred_precision", OccurredPrecision.choices)
    occurred_words = _text(
        "occurred_words", 200, help_text=_("As it was said: “as ballots were cast”.")
    )
    phase = _word("phase", [("", _("not known")), *Phase.choices], required=False)
    persons_min = _count("persons_min", 10_000_000)
    persons_max = _count("persons_max", 10_000_000)
    persons_words = _text("persons_words", 200, help_text=_("As it was said: “dozens”."))
    persons_basis = _word("persons_basis", PersonsBasis.choices)

    def __init__(
        self,
        data: Any = None,
        *,
        incident: Incident,
        step: str,
        by: User,
        **more: Any,
    ) -> None:
        self.by = by
        # An incident holds no sealed answers: names stay in the reports.
        self.questions = Questions(incident.category, zone=incident.election.time_zone)
        super().__init__(data, incident=incident, step=step, **more)

    def prepare(self) -> None:
        groups = categories.choices()
        known = {code for _group, leaves in groups for code, _name in leaves}
        if self.incident.category not in known:
            code = self.incident.category
            groups = [(code, [(code, self.incident.category_known.name)]), *groups]
        for name in ("category", "categories_secondary"):
            self.fields[name].choices = groups  # type: ignore[attr-defined]
        self._offer_regions()
        for name in ("occurred_start", "occurred_end"):
            self.fields[name] = LocalTimeField(zone=self.zone, label=NAMES[name])
        self.fields |= self.questions.fields(self.incident.details, self.data)

    def _offer_regions(self) -> None:
        seen = Region.objects.visible_to(self.by).of(self.incident.election)
        rows = list(seen.exclude(parent=None).order_by("path"))
        field = self.fields["regions"]
        if len(rows) <= MOST_BOXES:
            rows.sort(key=lambda row: row.name)
            field.widget = forms.CheckboxSelectMultiple(attrs={"class": "columns"})
        else:
            field.widget = forms.SelectMultiple(attrs={"size": 10})
        field.choices = [  # type: ignore[attr-defined]
            (row.code, "\N{EM SPACE}" * (row.level - 1) + row.name) for row in rows
        ]

    def saved(self) -> dict[str, Any]:
        incident = self.incident
        values = {name: getattr(incident, name) for _part, names in PARTS for name in names}
        values["regions"] = list(incident.regions.values_list("code", flat=True))
        values["station"] = incident.station.code if incident.station else ""
        return values | self.questions.initial(incident.details)

    def given(self) -> dict[str, Any]:
        changed = self.changed()
        changes = {
            name: plain(value) for name, value in changed.items() if not name.startswith(PREFIX)
        }
        answered = any(name.startswith(PREFIX) for name in changed)
        if answered or ("category" in changes and self.incident.details):
            changes["details"] = self._details(changed, changes.get("category"))
        return {"changes": changes}

    def _details(self, changed: dict[str, Any], category: str | None) -> dict[str, Any]:
        """All answers as they would be; without those that a new category does not ask."""
        kept = dict(self.incident.details)
        for name, value in changed.items():
            if name.startswith(PREFIX):
                kept[name.removeprefix(PREFIX)] = value
        asked = {f.key for f in details.fields_for(category or self.incident.category)}
        return {
            key: value
            for key, value in kept.items()
            if key in asked and value not in (None, "", [])
        }

    def parts(self) -> Iterator[tuple[Any, list[forms.BoundField]]]:
        for title, names in PARTS:
            yield title, [self[name] for name in names]
        if asked := [self[name] for name in self.fields if name.startswith(PREFIX)]:
            yield self.incident.category_known.name, asked
