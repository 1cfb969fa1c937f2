"""What the world reads, and what an authority said about it."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incidents import composing, presenting, publishing
from incidents.forms.desk import IncidentStepForm, area
from incidents.forms.merging import MergingForm
from incidents.forms.names import NAMES
from incidents.forms.questions import RowField, RowsField
from incidents.models import Incident
from incidents.vocabulary import PlacePrecision, ResponsePosition

TIMES = {
    "as_known": _("As exactly as it is known"),
    "hour": _("Only the hour"),
    "day": _("Only the day"),
}
PARTS = ("title", "summary")
CLAIMS = [
    ("", _("choose")),
    ("number", pgettext_lazy("claim of an authority", "number")),
    ("status", pgettext_lazy("claim of an authority", "status")),
    ("charges", pgettext_lazy("claim of an authority", "charges")),
    ("scope", pgettext_lazy("claim of an authority", "applies to")),
]


class PublicTextForm(MergingForm):
    place_precision = forms.ChoiceField(
        label=NAMES["public_place"],
        widget=forms.RadioSelect,
        help_text=_("A station where one observer stood names that observer."),
    )
    time = forms.ChoiceField(
        label=NAMES["time"], widget=forms.RadioSelect, choices=list(TIMES.items())
    )
    both_sides = forms.BooleanField(
        label=NAMES["both_sides"],
        required=False,
        help_text=_("A disputed incident is published only with both."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        incident: Incident,
        step: str,
        content: dict[str, Any],
        **more: Any,
    ) -> None:
        self.content = content
        super().__init__(data, incident=incident, step=step, **more)

    def prepare(self) -> None:
        for language, name in settings.LANGUAGES:
            written_in = {"lang": language, "dir": "auto"}
            self.fields[f"title_{language}"] = forms.CharField(
                label=f"{NAMES['public_title']}, {name}",
                required=False,
                max_length=composing.LIMITS["title"],
                widget=area(2, **written_in),
            )
            self.fields[f"summary_{language}"] = forms.CharField(
                label=f"{NAMES['summary']}, {name}",
                required=False,
                max_length=composing.LIMITS["summary"],
                widget=area(10, **written_in),
            )
        self._offer_coarser()

    def _offer_coarser(self) -> None:
        """Each choice with what the world would read, and why a coarser one may be wiser."""
        shown = SeenBy(self.incident, self.content)
        places = composing.place_choices(self.incident)
        self.fields["place_precision"].choices = [  # type: ignore[attr-defined]
            (place.value, shown.choice(place.label, "where", place_precision=place.value))
            for place in places
        ]
        self.fields["time"].choices = [  # type: ignore[attr-defined]
            (time, shown.choice(label, "when", time=time)) for time, label in TIMES.items()
        ]
        if publishing.organisations_behind(self.incident) > 1:
            return
        if PlacePrecision.STATION in places:
            self.fields["place_precision"].help_text = _(
                "Only one organisation is known to have been at this station. Whoever reads its "
                "number can name the observer; the region is enough for most readers."
            )
        if self.incident.occurred_precision in ("exact", "half_hour"):
            self.fields["time"].help_text = _(
                "Only one organisation was there, and the minute may show who; the hour is enough "
                "for most readers."
            )

    def saved(self) -> dict[str, Any]:
        values = {name: self.content.get(name) for name in ("place_precision", "time")}
        values["both_sides"] = self.content.get("both_sides") is True
        for part in PARTS:
            for language in composing.LANGUAGES:
                values[f"{part}_{language}"] = self.content.get(part, {}).get(language, "")
        return values

    def given(self) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for name, value in self.changed().items():
            part, _underscore, language = name.partition("_")
            if part in PARTS:
                texts = content.setdefault(part, dict(self.content.get(part, {})))
                texts[language] = value
            else:
                content[name] = value
        return {"content": content}

    def languages(self) -> Iterator[tuple[str, str, list[forms.BoundField]]]:
        for language, name in settings.LANGUAGES:
            yield language, name, [self[f"{part}_{language}"] for part in PARTS]


class SeenBy:
    """What the world would read of place and time, choice by choice."""

    def __init__(self, incident: Incident, content: dict[str, Any]) -> None:
        self.incident = incident
        self.content = composing.read_content(incident, content)

    def choice(self, label: Any, part: str, **chosen: str) -> str:
        public = composing.compose(self.incident, self.content | chosen)
        places = presenting.places_of(self.incident.election, [public])
        said = presenting.told(public, places)[part]
        return f"{label}: {said}" if said else str(label)


class RespondForm(IncidentStepForm):
    """The words of an authority stand beside the incident and change none of its facts."""

    intro = _("It stands beside the incident and changes none of its facts.")
    issuer = forms.CharField(label=NAMES["issuer"], max_length=200)
    office = forms.CharField(label=NAMES["office"], max_length=200, required=False)
    said_on = forms.DateField(
        label=NAMES["said_on"],
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    position = forms.ChoiceField(
        label=NAMES["position"], choices=[("", _("choose")), *ResponsePosition.choices]
    )
    quote = forms.CharField(
        label=NAMES["quote"],
        max_length=10_000,
        required=False,
        widget=area(4, dir="auto"),
        help_text=_("In the language it was said."),
    )
    quote_language = forms.ChoiceField(
        label=NAMES["quote_language"],
        required=False,
        choices=[("", _("not known")), *settings.LANGUAGES],
    )
    translation = forms.CharField(
        label=NAMES["translation"], max_length=10_000, required=False, widget=area(4, dir="auto")
    )
    channel = forms.CharField(label=NAMES["channel"], max_length=200, required=False)
    source = forms.CharField(label=NAMES["source"], max_length=500, required=False)
    link = forms.CharField(
        label=NAMES["link"], max_length=500, required=False, widget=forms.URLInput
    )

    def prepare(self) -> None:
        self.fields["claims"] = RowsField(
            [self._claim() for _n in range(4)],
            required=False,
            label=NAMES["claims"],
            help_text=_("Such as: number, not given. Or: status, released."),
        )

    def _claim(self) -> RowField:
        return RowField(
            {
                "field": (_("About"), forms.ChoiceField(required=False, choices=CLAIMS)),
                "value": (_("Claim"), forms.CharField(required=False, max_length=200)),
            }
        )

    def clean_claims(self) -> list[dict[str, str]]:
        claims: list[dict[str, str]] = self.cleaned_data["claims"]
        if any(not (claim["field"] and claim["value"]) for claim in claims):
            raise forms.ValidationError(_("Each claim needs what it is about, and the claim."))
        return claims

    def given(self) -> dict[str, Any]:
        response = dict(self.cleaned_data)
        said_on = response.pop("said_on")
        return {"response": response | {"said_on": said_on.isoformat() if said_on else None}}
