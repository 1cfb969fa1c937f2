"""The checklist of a public text as a form: a question, an answer, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.checklist import Answer, Item
from incidents.forms.desk import IncidentStepForm, RestoreForm
from incidents.publishing.asking import REASON_LIMIT


@dataclass(frozen=True)
class Asked:
    """`outdated`: it was answered for words that have changed since."""

    item: Item
    answer: forms.BoundField
    reason: forms.BoundField
    outdated: bool


class ChecklistForm(IncidentStepForm):
    """`items`: what is asked of the text; `answers`: what was answered, also of older words."""

    def __init__(
        self,
        data: Any = None,
        *,
        items: list[Item],
        answers: dict[str, dict[str, str]],
        **more: Any,
    ) -> None:
        self.items, self.answers = items, answers
        super().__init__(data, **more)

    def prepare(self) -> None:
        for item in self.items:
            before = self.answers.get(item.key, {})
            current = before.get("digest") == item.digest
            self.fields[f"answer_{item.key}"] = forms.ChoiceField(
                label=item.question,
                choices=Answer.choices,
                widget=forms.RadioSelect,
                initial=before.get("answer") if current else None,
            )
            self.fields[f"reason_{item.key}"] = forms.CharField(
                label=_("Why"),
                max_length=REASON_LIMIT,
                required=False,
                initial=before.get("reason", ""),
            )

    def clean(self) -> dict[str, Any]:
        for item in self.items:
            kept = self.cleaned_data.get(f"answer_{item.key}") == Answer.KEPT
            reason = f"reason_{item.key}"
            if kept and reason not in self.errors and not self.cleaned_data.get(reason):
                self.add_error(reason, _("Say why it may be published."))
        return self.cleaned_data

    def given(self) -> dict[str, Any]:
        answers = {
            item.key: {
                "answer": self.cleaned_data[f"answer_{item.key}"],
                "reason": self.cleaned_data[f"reason_{item.key}"],
            }
            for item in self.items
        }
        asked = {f"{part}_{key}" for part in ("answer", "reason") for key in answers}
        rest = {name: value for name, value in self.cleaned_data.items() if name not in asked}
        return rest | {"checklist": answers}

    def asked(self) -> Iterator[Asked]:
        for item in self.items:
            digest = self.answers.get(item.key, {}).get("digest")
            yield Asked(
                item=item,
                answer=self[f"answer_{item.key}"],
                reason=self[f"reason_{item.key}"],
                outdated=bool(digest) and digest != item.digest,
            )

    def others(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith(("answer_", "reason_"))]


class SubmitForm(ChecklistForm):
    """The text goes to a second editor when everything is answered."""


class AskToRestoreForm(ChecklistForm, RestoreForm):
    """A restored text is asked anew: something may have happened to its sources since."""


class ConfirmForm(IncidentStepForm):
    intro = _("Say what you looked at, and why the text is still good.")
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
