"""Forms that change some of many values, so that two people can save different ones.

The form carries what it showed. Only what differs from that is a change; after a colleague saved
in between, the same form comes again with their values, and mine where I typed.
"""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.forms.desk import IncidentStepForm
from incidents.models import Incident

NOTHING_CHANGED = _("Nothing is different from what is saved.")


class MergingForm(IncidentStepForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        incident: Incident,
        step: str,
        mine: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        """`mine`: cleaned values that I typed and that were not saved."""
        self.mine = mine or {}
        self.collisions: list[str] = []  # fields that both of us changed
        super().__init__(data, incident=incident, step=step, **more)
        shown = self.saved()
        self.initial = shown | self.mine
        self.initial["seen"] = json.dumps(
            {
                name: plain(roundtrip(field, shown.get(name)))
                for name, field in self.fields.items()
                if name != "seen"
            }
        )

    def saved(self) -> dict[str, Any]:
        """The value of each field as it is in the database."""
        raise NotImplementedError

    def changed(self) -> dict[str, Any]:
        """Cleaned values of the fields that differ from what was shown."""
        seen = self.cleaned_data.get("seen") or {}
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in self.left_to_them and (name not in seen or plain(value) != seen[name])
        }

    @property
    def left_to_them(self) -> frozenset[str]:
        """Fields in which a colleague's value shall stay, whatever I typed; and `seen`."""
        return frozenset(["seen", *str(self.data.get("theirs") or "").split(",")])

    @property
    def nothing_left(self) -> bool:
        """Theirs everywhere: there is nothing of mine to save."""
        return bool(self.data.get("theirs")) and self.is_valid() and not self.changed()

    def collide(self, seen: dict[str, Any]) -> None:
        """`seen`: what the form showed that I typed into."""
        now = json.loads(self.initial["seen"])
        self.collisions = [name for name in self.mine if now.get(name) != seen.get(name)]

    def clean_seen(self) -> dict[str, Any]:
        """What came back unreadable counts as nothing seen: then every value is a change."""
        try:
            seen = json.loads(self.cleaned_data["seen"] or "{}")
        except (ValueError, RecursionError):
            return {}
        return seen if isinstance(seen, dict) else {}


def plain(value: Any) -> Any:
    """As JSON, and so that equal choices are equal in whatever order they came."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return sorted(value)
    return value


def roundtrip(field: forms.Field, value: Any) -> Any:
    """What comes back when a value is shown and sent unchanged."""
    try:
        if isinstance(field, forms.MultiValueField):
            parts = field.widget.decompress(value)
            pairs = zip(field.fields, parts, strict=True)
            return field.compress([roundtrip(part, piece) for part, piece in pairs])
        return field.clean(field.prepare_value(value))
    except forms.ValidationError:
        return value
