"""Steps as the desk offers them: which form, in which order, with what warning."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from incidents import publishing
from incidents.forms import conversation
from incidents.forms import desk as forms
from incidents.forms.checklist import AskToRestoreForm, ChecklistForm, ConfirmForm, SubmitForm
from incidents.forms.facts import FactsForm
from incidents.forms.texts import PublicTextForm, RespondForm
from incidents.models import Draft, Incident, Report
from incidents.transitions import INCIDENT_AXES, Step
from observers.models import User
from observers.roles import Role, roles

REPORT_FORMS: dict[str, type[forms.ReportStepForm]] = {
    "open_incident": forms.OpenIncidentForm,
    "link": forms.LinkForm,
    "unlink": forms.UnlinkForm,
    "dismiss": forms.ReportReasonForm,
    "reinstate": forms.ReportReasonForm,
    "quarantine": forms.ReportReasonForm,
    "clear": forms.ReportReasonForm,
    "ask": conversation.AskForm,
    "withdraw_question": conversation.WithdrawQuestionForm,
}
INCIDENT_FORMS: dict[str, type[forms.IncidentStepForm]] = {
    "park": forms.ParkForm,
    "close": forms.CloseForm,
    "reopen": forms.IncidentReasonForm,
    "merge": forms.MergeForm,
    "unmerge": forms.UnmergeForm,
    "judge_source": forms.JudgeSourceForm,
    "corroborate": forms.CorroborateForm,
    "verify": forms.VerifyForm,
    "dispute": forms.DisputeForm,
    "refute": forms.RefuteForm,
    "unverify": forms.IncidentReasonForm,
    "edit": FactsForm,
    "grade": forms.GradeForm,
    "relate": forms.RelateForm,
    "respond": RespondForm,
    "note": conversation.NoteForm,
    "strike_note": conversation.StrikeNoteForm,
    "refer": conversation.ReferForm,
    "complete_referral": conversation.CompleteReferralForm,
    "write": PublicTextForm,
    "send_back": forms.SendBackForm,
    "approve": forms.ApproveForm,
    "correct": forms.CorrectForm,
    "withdraw": forms.WithdrawForm,
    "submit": SubmitForm,
    "restore": AskToRestoreForm,
    "confirm_publication": ConfirmForm,
}
# Forms that need the whole page; the incident's page links to them in these words.
WHOLE_PAGE: dict[str, Any] = {
    "edit": _("Change the facts"),
    "write": _("Write the public text"),
    "respond": _("Add an official response"),
}
# Forms that know who fills them in.
OF_A_PERSON = (FactsForm, conversation.StrikeNoteForm, conversation.CompleteReferralForm)
# Offered at the thing they are about, not in the list of steps.
AT_ITS_PLACE = frozenset(
    {"note", "strike_note", "refer", "complete_referral", "ask", "withdraw_question"}
)
# Asked on a page of its own as soon as there is something to answer.
ASKING: dict[str, Any] = {"submit": _("Answer the checklist and submit")}
DANGEROUS = frozenset({"withdraw", "merge", "refute", "quarantine", "dismiss"})
# The first of these that is allowed is the next thing to do, and the one filled button.
NEXT_ON_REPORT = ("open_incident", "clear", "reinstate")
NEXT = ("publish", "approve", "claim", "corroborate", "verify", "submit", "write", "draft")
AXES: tuple[tuple[str, Any], ...] = (
    ("verification", _("How sure we are")),
    ("facts", _("What we know")),
    ("status", _("Where the work stands")),
    ("publication", _("The public text")),
)
DONE: dict[str, Any] = {
    "open_incident": _("An incident is open. The report is part of it."),
    "link": _("The report is part of the incident now."),
    "unlink": _("The report is no longer part of that incident."),
    "dismiss": _("The report is dismissed. It can be taken up again."),
    "reinstate": _("The report waits in the queue again."),
    "quarantine": _("The report is in quarantine."),
    "clear": _("The report is cleared and waits in the queue."),
    "ask": _("The question is sent. They find it under “My reports”."),
    "withdraw_question": _("The question is taken back. They no longer find it."),
    "claim": _("You are reviewing it. Colleagues see your name."),
    "release": _("It waits for somebody to review it."),
    "park": _("It is parked. A new report opens it again."),
    "close": _("It is closed."),
    "reopen": _("It is open again."),
    "merge": _("It is merged. Its reports are part of the other incident."),
    "unmerge": _("The merge is undone. The reports that came from here are back."),
    "judge_source": _("It is written down whether the report is a source of its own."),
    "corroborate": _("It is marked as corroborated."),
    "verify": _("It is marked as verified."),
    "dispute": _("It is marked as disputed."),
    "refute": _("It is marked as refuted. It cannot be published."),
    "unverify": _("It is back to reported."),
    "edit": _("The facts are saved."),
    "grade": _("The severity is saved."),
    "relate": _("The two incidents are related."),
    "respond": _("The official response stands beside the incident."),
    "note": _("The note is kept."),
    "strike_note": _("The note is struck. It stays readable."),
    "refer": _("It is referred. When the time is over, it is overdue here."),
    "complete_referral": _("The outcome is written down."),
    "draft": _("The public text is begun. Write it, then submit it."),
    "write": _("The public text is saved. Nobody outside the desk sees it yet."),
    "submit": _("The text waits for a second editor."),
    "send_back": _("The text is with its editor again."),
    "approve": _("The text is approved. It is not public yet."),
    "publish": _("It is public now, on the site, in the API and in the feed."),
    "correct": _("A correction is begun. The world reads the present version meanwhile."),
    "withdraw": _("It is withdrawn. The world reads only that it was, and why."),
    "restore": _("The text waits for a second editor. Nothing is public yet."),
    "confirm_publication": _("The text stays as it is. What shook it is settled."),
}


@dataclass(frozen=True)
class Offer:
    """A step with its form, ready to be drawn. `url` takes the form by POST, shows it by GET."""

    step: Step
    form: forms.StepForm
    url: str

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def label(self) -> Any:
        if self.name in ASKING and self.whole_page:
            return ASKING[self.name]
        return WHOLE_PAGE.get(self.name, self.step.label)

    @property
    def danger(self) -> bool:
        return self.name in DANGEROUS

    @property
    def whole_page(self) -> bool:
        return self.name in WHOLE_PAGE or (self.name in ASKING and not self.bare)

    @property
    def bare(self) -> bool:
        """A button and nothing to fill in."""
        return not self.form.visible_fields()


def on_report(step: Step, report: Report, data: Any = None) -> Offer:
    form = REPORT_FORMS[step.name](data, report=report, step=step.name)
    return Offer(step, form, reverse("desk-report-step", args=[report.pk, step.name]))


def incident_step(name: str) -> Step | None:
    return next((table[name] for table in INCIDENT_AXES.values() if name in table), None)


def on_incident(step: Step, incident: Incident, by: User, data: Any = None, **more: Any) -> Offer:
    """`more`: for forms that merge, `mine`: what I typed and could not save."""
    kind = INCIDENT_FORMS.get(step.name, forms.IncidentStepForm)
    if kind in OF_A_PERSON:
        more["by"] = by
    if kind is PublicTextForm or issubclass(kind, ChecklistForm):
        draft = Draft.objects.visible_to(by).filter(incident=incident).first()
        more |= _of_text(kind, incident, draft)
    form = kind(data, incident=incident, step=step.name, **more)
    if step.name == "approve":
        form.initial["digest"] = _digest(incident, by)
    return Offer(step, form, reverse("desk-incident-step", args=[incident.ref, step.name]))


def _of_text(kind: type[Any], incident: Incident, draft: Draft | None) -> dict[str, Any]:
    """What the form of a public text, or of its checklist, is made from."""
    if kind is PublicTextForm:
        return {"content": draft.content if draft else {}}
    return {
        "items": publishing.checklist_of(incident, draft.content) if draft else [],
        "answers": draft.checklist if draft else {},
    }


def _digest(incident: Incident, by: User) -> str:
    """Of the text on this page: the approval is of that text and of no later one."""
    draft = Draft.objects.visible_to(by).filter(incident=incident).first()
    return publishing.public_digest(incident, draft) if draft else ""


def reads_sealed(row: Incident | Report, by: User) -> bool:
    """Names, birth dates, contacts: security's, even from the rest of the desk."""
    return Role.SECURITY in roles(by, row.election)


def axis_of(step: Step) -> str:
    for axis, table in INCIDENT_AXES.items():
        if step.name in table:
            return axis
    return ""


def next_of(steps: Iterable[Step], order: tuple[str, ...]) -> Step | None:
    offered = {step.name: step for step in steps}
    return next((offered[name] for name in order if name in offered), None)
