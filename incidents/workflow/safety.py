"""Safety cases: somebody of ours may be in danger, and one person of the desk is on it.

One open case a person and election, whatever sets it off: a call for help after a missed check-in
makes the same case graver. It ends when somebody writes down how it ended.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.models import Election
from incidents import alerts, history
from incidents.cleaning import clean_text
from incidents.errors import Invalid, NotAllowed, WrongState
from incidents.models import Alert, Report
from observers.models import CheckIn, Membership, SafetyCase, User
from observers.roles import Role, active_membership

WORDS = 500


def called(check_in: CheckIn, *, report: Report | None, channel: str) -> SafetyCase:
    """A call for help: opens a case, or makes the open one graver. In the caller's transaction."""
    case, new = _open(check_in.user, check_in.election, trigger=SafetyCase.Trigger.SOS, by=None)
    if case.check_in_id is None:
        case.trigger, case.check_in = SafetyCase.Trigger.SOS, check_in
        case.report = report.pk if report else None
        case.team = check_in.team or case.team
        case.save(update_fields=["trigger", "check_in", "report", "team"])
    said = {"case": str(case.pk), "trigger": "sos", "new": new}
    _record("open_safety_case", case, by=check_in.user, channel=channel, after=said, report=report)
    return case


def hold_open(person: User, election: Election) -> None:
    """Lock the open case of this person, if there is one. In the caller's transaction."""
    rows = SafetyCase.objects.open().filter(user=person, election=election).order_by("pk")
    list(rows.select_for_update(of=("self",), no_key=True).values_list("pk"))


def open_case(
    person: User,
    election: Election,
    *,
    by: User,
    trigger: str = SafetyCase.Trigger.DESK,
    channel: str = "page",
) -> SafetyCase:
    """The open one of this person, if there is one. Raises NotAllowed."""
    cared_for = Membership.objects.in_care_of(by).filter(user=person, election=election)
    if not cared_for.exists():
        raise NotAllowed(_("This person is not among those you look after. Ask a colleague."))
    with transaction.atomic():
        case, new = _open(person, election, trigger=trigger, by=by)
        if new:
            said = {"case": str(case.pk), "trigger": str(trigger)}
            _record("open_safety_case", case, by=by, channel=channel, after=said)
    return case


def take_case(
    case: SafetyCase, *, by: User, holder: UUID | None = None, channel: str = "page"
) -> SafetyCase:
    """ "I am on it." `holder`: who had it when the page was drawn; the second of two people at
    once finds it taken. Raises NotAllowed and WrongState."""
    with transaction.atomic():
        held = _held(case, by)
        if held.taken_by_id == by.pk:
            return held
        if held.taken_by_id != holder and held.taken_by is not None:
            raise WrongState(
                _("%(name)s is on it already.") % {"name": held.taken_by.get_username()}
            )
        said = {"case": str(held.pk)}
        before = {"taken_by": str(held.taken_by_id or "")}
        held.taken_by, held.taken_at = by, timezone.now()
        held.save(update_fields=["taken_by", "taken_at"])
        for alert in Alert.objects.visible_to(by).waiting().filter(report=held.report):
            # The mail that comes until somebody is there has found somebody.
            alerts.accept(alert, by=by, channel=channel)
        _record("take_safety_case", held, by=by, channel=channel, before=before, after=said)
    return held


def close_case(case: SafetyCase, *, by: User, outcome: str, channel: str = "page") -> SafetyCase:
    """With words on how it ended. Raises NotAllowed, Invalid and WrongState."""
    words = clean_text(outcome, limit=WORDS + 1)[0].strip()
    with transaction.atomic():
        held = _held(case, by)
        if not words:
            raise Invalid({"outcome": [_("Write how it ended: where is the person now?")]})
        if len(words) > WORDS:
            raise Invalid({"outcome": [_("At most %(most)s characters.") % {"most": WORDS}]})
        held.closed_at, held.closed_by, held.outcome = timezone.now(), by, words
        held.save(update_fields=["closed_at", "closed_by", "outcome"])
        said = {"case": str(held.pk)}
        _record("close_safety_case", held, by=by, channel=channel, after=said, reason=words)
    return held


def _open(
    person: User, election: Election, *, trigger: str, by: User | None
) -> tuple[SafetyCase, bool]:
    # Two who open one at once wait for each other here.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=person.pk)
    if found := SafetyCase.objects.open().filter(user=person, election=election).first():
        return found, False
    membership = active_membership(person, election, Role.OBSERVER)
    team = membership.team if membership else None
    case = SafetyCase.objects.create(
        user=person, election=election, team=team, trigger=trigger, opened_by=by
    )
    return case, True


def _held(case: SafetyCase, by: User) -> SafetyCase:
    """The row, locked and still open."""
    if not SafetyCase.objects.on_desk(by).filter(pk=case.pk).exists():
        raise NotAllowed(_("This is not yours to take up. Ask a colleague who looks after them."))
    rows = SafetyCase.objects.select_for_update(of=("self",), no_key=True)
    held = rows.select_related("taken_by", "election", "user").get(pk=case.pk)
    if held.closed_at is not None:
        raise WrongState(_("A colleague has closed it already."))
    return held


def _record(verb: str, case: SafetyCase, *, report: Report | None = None, **said: Any) -> None:
    """On the report, too, if there is one: whoever opens it sees that somebody is on it."""
    about = report
    if about is None and case.report is not None:
        about = Report.objects.filter(pk=case.report).first()
    history.record(verb, election=case.election, report=about, **said)
