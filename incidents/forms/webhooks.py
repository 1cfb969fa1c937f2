"""What a webhook is made of, on its page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from elections.models import Election
from elections.querysets import THE_WORLD
from incidents.categories import GROUPS
from incidents.posting import LONGEST_URL


class WebhookForm(forms.Form):
    """Its fields are named as the verb names them, so that a refusal finds its field."""

    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_URL,
        help_text=_("https://… of a program of yours. It gets a signed message for each change."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    name = forms.CharField(label=_("What you call it"), max_length=100, required=False)
    election = forms.ChoiceField(label=_("Election"), required=False)
    categories = forms.MultipleChoiceField(
        label=_("Only these groups"),
        required=False,
        help_text=_("Nothing chosen: all. What is withdrawn is always told."),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "columns"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        elections = [(one.slug, one.name) for one in Election.objects.visible_to(THE_WORLD)]
        choices: dict[str, list[tuple[str, str]]] = {
            "election": [("", str(_("All elections"))), *elections],
            "categories": [(group.code, group.name) for group in GROUPS.values()],
        }
        for name, offered in choices.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = offered
