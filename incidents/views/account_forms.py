"""What a person says of a token or of a saved export of their own."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from elections.models import Election, Region
from incidents import codebook, saving
from incidents.cleaning import clean_text
from incidents.filters.reading import regions_by_code
from incidents.models import SavedExport
from observers import tokens
from observers.models import User
from observers.roles import DESK_ROLES, Role, roles
from observers.tokens import Scope

MOST_REGIONS = 50
LANGUAGES = [("en", "English"), ("ru", "Русский"), ("kk", "Қазақша")]
OFF = {"autocomplete": "off"}


def scopes_for(user: User) -> list[Scope]:
    """What this person may hand to a program of theirs."""
    held = roles(user)
    offered = []
    if Role.PARTNER in held or held & DESK_ROLES:
        offered.append(Scope.PUBLISHED_READ)
    if held & DESK_ROLES:
        offered.append(Scope.DESK)
    return offered


class _Named(forms.Form):
    name = forms.CharField(
        label=lazy("Name"),
        max_length=100,
        help_text=lazy("What it is for, so that you know later which one to revoke."),
        widget=forms.TextInput(OFF),
    )

    def clean_name(self) -> str:
        """Never told by what a database cannot hold."""
        name = clean_text(self.cleaned_data["name"], limit=100)[0].strip()
        if not any(letter.isprintable() and not letter.isspace() for letter in name):
            raise forms.ValidationError(_("Give it a name."))
        return name


class TokenForm(_Named):
    scopes = forms.MultipleChoiceField(
        label=lazy("What it may do"), widget=forms.CheckboxSelectMultiple
    )
    elections = forms.MultipleChoiceField(
        label=lazy("Only for these elections"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=lazy("Choose none for all elections you work in."),
    )
    regions = forms.CharField(
        label=lazy("Only in these regions"),
        required=False,
        max_length=1000,
        help_text=lazy(
            "Codes with commas, such as KZ-ALA; what lies below them is meant, too. "
            "Only for a token that reads and does nothing else."
        ),
        widget=forms.TextInput(OFF),
    )
    days = forms.IntegerField(
        label=lazy("Days until it ends"),
        min_value=1,
        max_value=tokens.LONGEST.days,
        initial=tokens.LIFETIME.days,
    )

    def __init__(
        self, data: Any = None, *, user: User, elections: "QuerySet[Election, Election]"
    ) -> None:
        super().__init__(data, prefix="token")
        self.user = user
        self.offered = elections
        scopes = scopes_for(user)
        self.fields["scopes"].choices = [(one.value, one.label) for one in scopes]  # type: ignore[attr-defined]
        self.fields["scopes"].initial = [scopes[0].value] if len(scopes) == 1 else []
        named = [(election.slug, election.name) for election in elections]
        self.fields["elections"].choices = named  # type: ignore[attr-defined]
        self.region_rows: list[Region] = []

    def clean_regions(self) -> str:
        text: str = self.cleaned_data["regions"]
        codes = list(dict.fromkeys(code.strip() for code in text.split(",") if code.strip()))
        if len(codes) > MOST_REGIONS:
            raise forms.ValidationError(
                _("Name at most %(most)s regions.") % {"most": MOST_REGIONS}
            )
        within = self.offered
        if chosen := self.cleaned_data.get("elections"):
            within = within.filter(slug__in=chosen)
        readable = [clean_text(code, limit=60)[0] for code in codes]
        self.region_rows, unknown = regions_by_code(readable, within, self.user)
        if unknown:
            raise forms.ValidationError([fault.detail.replace("%", "%%") for fault in unknown])
        return text

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if self.region_rows and set(said.get("scopes") or []) - {tokens.READS}:
            self.add_error("regions", _("Only a token that reads can be limited to regions."))
        return said

    @property
    def wanted(self) -> dict[str, Any]:
        """As `tokens.create` takes it."""
        said = self.cleaned_data
        chosen = said["elections"]
        return {
            "name": said["name"],
            "scopes": said["scopes"],
            "expires_in": timedelta(days=said["days"]),
            "elections": [one for one in self.offered if one.slug in chosen],
            "regions": self.region_rows,
        }


class ExportForm(_Named):
    query = forms.CharField(
        label=lazy("Which incidents"),
        required=False,
        max_length=4000,
        help_text=lazy(
            "Filter the list of incidents as you need it and paste its address here. "
            "Empty: all published incidents."
        ),
        widget=forms.TextInput(OFF),
    )
    format = forms.ChoiceField(label=lazy("Format"))
    labels = forms.ChoiceField(label=lazy("Names beside the codes"), required=False)
    columns = forms.MultipleChoiceField(
        label=lazy("Only these columns"),
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "window"}),
        help_text=lazy("Choose none for all of them."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix="export")
        offered: dict[str, list[tuple[str, Any]]] = {
            "format": [(one.value, one.label) for one in saving.FORMATS],
            "labels": [("", _("none")), *LANGUAGES],
            "columns": [(name, name) for name in codebook.BY_NAME],
        }
        for field, choices in offered.items():
            self.fields[field].choices = choices  # type: ignore[attr-defined]
        self.fields["format"].initial = SavedExport.Format.CSV

    def refuse(self, errors: dict[str, Any]) -> None:
        """What the verb said no to, at its fields."""
        for field, lines in errors.items():
            for line in lines:
                self.add_error(field or None, str(line))
