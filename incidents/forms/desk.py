"""One form for each step of the desk. A form reads what was typed; the verb decides.

`given()` are the arguments of the verb; what the verb refuses is written beside the fields.
"""

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from incidents import categories, wording
from incidents.errors import Invalid
from incidents.forms.names import NAMES, name_of
from incidents.models import Incident, Report
from incidents.vocabulary import Audience, Outcome, RelationKind, Severity, WithdrawReason
from incidents.workflow import grading

REF_INPUT = {"list": "other-incidents", "autocomplete": "off", "size": 24, "class": "ref"}


def area(rows: int = 2, **attrs: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


def reason(label: Any = None, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label or NAMES["reason"], max_length=500, widget=area(), **kwargs)


class LocalTimeField(forms.Field):
    """An instant, typed and shown in the time of the place."""

    widget = forms.DateTimeInput

    def __init__(self, *, zone: str, **kwargs: Any) -> None:
        self.zone = ZoneInfo(zone)
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "size": 17})
        super().__init__(widget=widget, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")
        return value

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            moment = parse_datetime(str(value))
        except ValueError:
            moment = None
        if moment is None or not 1 < moment.year < 9999:
            raise forms.ValidationError(_("Write a time such as 2021-01-10T11:05."))
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)


class StepForm(forms.Form):
    """`blames`: the name a verb uses for what is wrong -> the field that asked for it."""

    intro: ClassVar[Any] = ""
    blames: ClassVar[dict[str, str]] = {}

    def given(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    def take_refusal(self, refused: Invalid) -> None:
        for name, sentences in refused.errors.items():
            field = self.blames.get(name, name)
            for sentence in sentences:
                if field in self.fields:
                    self.add_error(field, str(sentence))
                elif name in ("", "content", "changes", "response"):
                    self.add_error(None, str(sentence))
                else:
                    self.add_error(None, f"{name_of(name)}: {sentence}")


# --- On a report ------------------------------------------------------------------------------


class ReportStepForm(StepForm):
    def __init__(self, data: Any = None, *, report: Report, step: str) -> None:
        self.report = report
        super().__init__(data, auto_id=f"{step}_%s")


class ReportReasonForm(ReportStepForm):
    reason = reason()


class OpenIncidentForm(ReportStepForm):
    title = forms.CharField(
        label=NAMES["title"],
        max_length=200,
        help_text=_("For the desk only. The world reads a text that an editor writes."),
    )
    category = forms.ChoiceField(label=NAMES["category"])

    def __init__(self, data: Any = None, *, report: Report, step: str) -> None:
        super().__init__(data, report=report, step=step)
        self.fields["category"].choices = categories.choices()  # type: ignore[attr-defined]
        self.fields["category"].initial = report.category or "OTH99"


class NamesIncident(forms.Form):
    incident = forms.CharField(
        label=_("Reference of the incident"),
        max_length=24,
        widget=forms.TextInput(attrs=REF_INPUT),
    )

    def clean_incident(self) -> str:
        return str(self.cleaned_data["incident"]).strip().upper()


class LinkForm(NamesIncident, ReportStepForm):
    """To an incident by its reference."""


class UnlinkForm(ReportStepForm):
    incident = forms.ChoiceField(label=NAMES["incident"])
    reason = reason()

    def __init__(self, data: Any = None, *, report: Report, step: str) -> None:
        super().__init__(data, report=report, step=step)
        linked = report.incidents.order_by("opened_at")
        self.fields["incident"].choices = [  # type: ignore[attr-defined]
            (one.ref, f"{one.ref} · {one.title}") for one in linked
        ]


# --- On an incident ---------------------------------------------------------------------------


class IncidentStepForm(StepForm):
    """`version`: of the incident as this person saw it; it travels with every step."""

    def __init__(self, data: Any = None, *, incident: Incident, step: str, **more: Any) -> None:
        self.incident = incident
        self.version = incident.version
        self.zone = incident.election.time_zone
        super().__init__(data, auto_id=f"{step}_%s", **more)
        self.prepare()

    def prepare(self) -> None:
        """Choices and hints that depend on the incident."""


class IncidentReasonForm(IncidentStepForm):
    reason = reason()


class ParkForm(IncidentReasonForm):
    intro = _("It opens again by itself when a new report is linked to it.")


class CloseForm(IncidentStepForm):
    outcome = forms.ChoiceField(
        label=NAMES["outcome"], choices=Outcome.choices, widget=forms.RadioSelect
    )
    reason = reason()


class MergeForm(IncidentStepForm):
    into = forms.CharField(
        label=_("Reference of the incident that stays"),
        max_length=24,
        widget=forms.TextInput(attrs=REF_INPUT),
    )
    reason = reason()

    def clean_into(self) -> str:
        return str(self.cleaned_data["into"]).strip().upper()


class UnmergeForm(IncidentReasonForm):
    intro = _(
        "The reports that came from here return, unless a colleague took them off since. "
        "An editor decides whether the public text appears again."
    )


class JudgeSourceForm(IncidentStepForm):
    intro = _("A person may know better than the rule whether two reports are one source.")
    report = forms.ChoiceField(label=_("Report"))
    independent = forms.TypedChoiceField(
        label=_("Is it a source of its own?"),
        choices=[
            ("yes", _("Yes, whatever it shares with others")),
            ("no", _("No, it depends on another")),
        ],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
    )
    reason = reason()

    def prepare(self) -> None:
        """Sealed reports are in no list; they count towards no number either."""
        rows = self.incident.reports.filter(audience=Audience.TEAM).order_by("received_at")
        self.fields["report"].choices = [  # type: ignore[attr-defined]
            (one.ref, f"{one.ref} · {one.author.get_username()}")
            for one in rows.select_related("author")
        ]


class GroundsForm(IncidentStepForm):
    grounds = forms.CharField(label=NAMES["grounds"], max_length=500, widget=area(3))


class CorroborateForm(GroundsForm):
    intro = _(
        "Two sources that do not depend on each other, or one direct witness with evidence that "
        "fits."
    )
    fitting_evidence = forms.BooleanField(
        label=_("One direct witness, and I have seen evidence that fits"), required=False
    )


class VerifyForm(GroundsForm):
    intro = _(
        "Name the method: whom you called back, which document, how the place or an official "
        "record was checked."
    )


class DisputeForm(GroundsForm):
    intro = _("Say who contradicts whom, and in what.")


class RefuteForm(GroundsForm):
    intro = _("Shown to be false. A refuted incident is never published.")


class GradeForm(IncidentStepForm):
    severity = forms.ChoiceField(label=NAMES["severity"], widget=forms.RadioSelect)
    reason = reason(required=False, help_text=_("Needed when it becomes less severe."))

    def prepare(self) -> None:
        least = grading.floor(self.incident)
        floor = least.level
        self.fields["severity"].choices = [  # type: ignore[attr-defined]
            (level, f"{level} {Severity(level).label}. {wording.severity_means(level)}")
            for level in Severity.values
            if level >= floor
        ]
        self.fields["severity"].initial = self.incident.severity
        if floor > 1:
            words = _("“%(category)s” is never less than %(floor)s.")
            if least.why != "category":
                words = _("Never less than %(floor)s: %(why)s.")
            self.fields["severity"].help_text = words % {
                "category": self.incident.category_known.name,
                "floor": floor,
                "why": least.words,
            }

    def given(self) -> dict[str, Any]:
        return {**self.cleaned_data, "severity": int(self.cleaned_data["severity"])}


class RelateForm(IncidentStepForm):
    kind = forms.ChoiceField(
        label=_("This incident"), choices=[("", _("choose")), *RelationKind.choices]
    )
    to = forms.CharField(
        label=_("Reference of the other incident"),
        max_length=24,
        widget=forms.TextInput(attrs=REF_INPUT),
    )
    reason = reason(_("Note"), required=False)

    def clean_to(self) -> str:
        return str(self.cleaned_data["to"]).strip().upper()


# --- The public text --------------------------------------------------------------------------


class ApproveForm(IncidentStepForm):
    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def prepare(self) -> None:
        self.fields["embargo_until"] = LocalTimeField(
            zone=self.zone,
            label=NAMES["embargo_until"],
            help_text=_("Local time of the capital. Leave empty to publish when you say so."),
        )


class SendBackForm(IncidentReasonForm):
    intro = _("The editor reads your reason. Nothing becomes public.")


class CorrectForm(IncidentStepForm):
    intro = _("The world keeps reading the present version until a second editor approves.")
    what_changed = forms.CharField(
        label=NAMES["what_changed"],
        max_length=500,
        widget=area(),
        help_text=_("One sentence; the world reads it beside the new version."),
    )


class WithdrawForm(IncidentStepForm):
    kind = forms.ChoiceField(
        label=NAMES["reason"],
        choices=[
            (kind.value, kind.label) for kind in (WithdrawReason.SAFETY, WithdrawReason.ERROR)
        ],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=NAMES["note"],
        max_length=500,
        required=False,
        widget=area(),
        help_text=_("The world reads it. Name nobody and no place."),
    )


class RestoreForm(IncidentReasonForm):
    intro = _("The text goes to a second editor. Nothing becomes public until they approve it.")
