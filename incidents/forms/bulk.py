"""One step on many rows: what the person chose, and what the step needs besides."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.forms.desk import NamesIncident, StepForm, reason
from incidents.forms.names import NAMES
from incidents.vocabulary import Outcome, Severity


class BulkForm(StepForm):
    """A step that needs nothing."""


class BulkReasonForm(BulkForm):
    reason = reason()


class BulkLinkForm(NamesIncident, BulkForm):
    """To one incident by its reference."""


class BulkCloseForm(BulkForm):
    outcome = forms.ChoiceField(label=NAMES["outcome"], choices=Outcome.choices)
    reason = reason()


class BulkGradeForm(BulkForm):
    severity = forms.TypedChoiceField(
        label=NAMES["severity"],
        coerce=int,
        choices=[(level, f"{level} {label}") for level, label in Severity.choices],
    )
    reason = reason(required=False, help_text=_("Needed where it becomes less severe."))


class Chosen:
    """The rows as they were when they were chosen: `report:id:state`, `incident:ref:version`."""

    most: ClassVar[int] = 500

    def __init__(self, values: list[str]) -> None:
        pieces = [piece for value in values for piece in value.split()]
        self.rows = list(dict.fromkeys(pieces))

    @property
    def problem(self) -> Any:
        if not self.rows:
            return _("Choose at least one row.")
        if len(self.rows) > self.most:
            return _(
                "You chose %(number)s rows. Nothing was done: at most %(most)s are done at once."
            ) % {"number": len(self.rows), "most": self.most}
        return ""

    @property
    def packed(self) -> str:
        return " ".join(self.rows)
