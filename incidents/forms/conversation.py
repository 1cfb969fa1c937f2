"""Forms of what people say about an incident or a report beside its facts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.forms.desk import (
    IncidentStepForm,
    LocalTimeField,
    ReportStepForm,
    area,
    reason,
)
from incidents.forms.names import NAMES
from incidents.vocabulary import ReferralBody
from incidents.workflow import notes_of, referrals_of
from observers.models import User

EXCERPT = 60


def excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()}…"


class AskForm(ReportStepForm):
    intro = _("They read it under “My reports”, on a phone that may be in other hands.")
    question = forms.CharField(
        label=NAMES["question"],
        max_length=1000,
        widget=area(3, dir="auto"),
        help_text=_("Repeat nothing of what they told you. Name nobody and no place."),
    )


class WithdrawQuestionForm(ReportStepForm):
    question = forms.ChoiceField(label=NAMES["question"])

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        asked = self.report.questions.filter(withdrawn_at=None)
        self.fields["question"].choices = [  # type: ignore[attr-defined]
            (str(row.pk), excerpt(row.text)) for row in asked
        ]


class NoteForm(IncidentStepForm):
    text = forms.CharField(
        label=NAMES["text"],
        max_length=10_000,
        widget=area(3, dir="auto"),
        help_text=_("The desk reads it, never the world. It can be struck, not changed."),
    )


class StrikeNoteForm(IncidentStepForm):
    intro = _("It stays readable, with your name and the reason.")
    note = forms.ChoiceField(label=NAMES["text"])
    reason = reason()

    def __init__(self, data: Any = None, *, by: User, **more: Any) -> None:
        self.by = by
        super().__init__(data, **more)

    def prepare(self) -> None:
        rows = notes_of(self.incident, by=self.by).filter(struck_at=None)
        self.fields["note"].choices = [  # type: ignore[attr-defined]
            (str(row.pk), excerpt(row.text)) for row in rows
        ]


class ReferForm(IncidentStepForm):
    body = forms.ChoiceField(
        label=NAMES["body"], choices=[("", _("choose")), *ReferralBody.choices]
    )
    body_name = forms.CharField(
        label=NAMES["body_name"],
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("Which one, such as the commission of a district."),
    )
    sent = forms.CharField(
        label=NAMES["sent"],
        max_length=5_000,
        required=False,
        widget=area(3, dir="auto"),
        help_text=_("Papers and words that left the mission."),
    )

    def prepare(self) -> None:
        self.fields["due_at"] = LocalTimeField(
            zone=self.zone, label=NAMES["due_at"], help_text=_("Local time of the capital.")
        )
        self.fields["due_at"].required = True

    def given(self) -> dict[str, Any]:
        return {**self.cleaned_data, "due_at": self.cleaned_data["due_at"].isoformat()}


class CompleteReferralForm(IncidentStepForm):
    referral = forms.ChoiceField(label=NAMES["referral"])
    outcome = forms.CharField(
        label=NAMES["reply"],
        max_length=5_000,
        widget=area(3, dir="auto"),
        help_text=_("What they answered or did; or that no answer came."),
    )

    def __init__(self, data: Any = None, *, by: User, **more: Any) -> None:
        self.by = by
        super().__init__(data, **more)

    def prepare(self) -> None:
        rows = referrals_of(self.incident, by=self.by).filter(completed_at=None)
        self.fields["referral"].choices = [  # type: ignore[attr-defined]
            (str(row.pk), row.body_name or row.get_body_display()) for row in rows
        ]
