"""The checklist of a text: what it asks, what was answered, what is still open."""

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from elections.folding import fold_words
from elections.models import Contestant, Region
from incidents import checklist, details
from incidents.checklist import Answer, Around, Item
from incidents.cleaning import clean_text
from incidents.composing import compose
from incidents.errors import Invalid
from incidents.models import Draft, Evidence, Incident, Report
from incidents.vocabulary import Audience, ReportState
from observers.models import Membership, User

REASON_LIMIT = 300
Answers = dict[str, dict[str, str]]


def checklist_of(
    incident: Incident, content: dict[str, Any], public: dict[str, Any] | None = None
) -> list[Item]:
    return checklist.generate(public or compose(incident, content), _around(incident))


def organisations_behind(incident: Incident) -> int:
    """As the reports tell that all of the desk may read."""
    return len(_organisations(incident, _reports(incident)))


def open_items(items: list[Item], answers: Answers) -> list[Item]:
    """Those without an answer to exactly this text."""
    return [item for item in items if answers.get(item.key, {}).get("digest") != item.digest]


def take_answers(draft: Draft, items: list[Item], given: Any, by: User) -> None:
    """Keep the answers given and those that still belong to something. Raises Invalid."""
    if not isinstance(given, dict):
        raise Invalid({"checklist": [_("Must be an object: the key of an item, its answer.")]})
    asked = {item.key: item for item in items}
    problems = [
        _("There is no such item now: %s.") % str(key)[:60] for key in given if key not in asked
    ]
    fresh: Answers = {}
    for key, answer in given.items():
        if key in asked:
            problems += _read(asked[key], answer, fresh)
    if problems:
        raise Invalid({"checklist": problems})
    who = {"by": by.get_username(), "at": timezone.now().isoformat(timespec="seconds")}
    kept = {key: old for key, old in draft.checklist.items() if key in asked}
    draft.checklist = kept | {key: answer | who for key, answer in fresh.items()}


def _read(item: Item, given: Any, fresh: Answers) -> list[Any]:
    """Puts a valid answer into `fresh`, or says what is wrong with it."""
    fits = (
        isinstance(given, dict)
        and set(given) <= {"answer", "reason"}
        and given.get("answer") in Answer.values
        and isinstance(given.get("reason", ""), str)
    )
    if not fits:
        choices = ", ".join(Answer.values)
        return [
            _("Answer with one of %(choices)s: %(key)s.") % {"choices": choices, "key": item.key}
        ]
    reason = clean_text(given.get("reason", ""), limit=REASON_LIMIT)[0]
    if given["answer"] == Answer.KEPT and not reason:
        return [_("Say why it may be published. %(question)s") % {"question": item.question}]
    fresh[item.key] = {"answer": given["answer"], "reason": reason, "digest": item.digest}
    return []


def require_answers(draft: Draft, items: list[Item]) -> None:
    if left := open_items(items, draft.checklist):
        raise Invalid({"checklist": [item.question for item in left]})


def _around(incident: Incident) -> Around:
    """From the reports that all of the desk may read; a sealed one must not show by a question."""
    reports = _reports(incident)
    raw = Evidence.objects.filter(
        Q(media_type__startswith="image/") | Q(media_type__startswith="video/"),
        report__in=reports,
        derivative="",
    )
    return Around(
        organisations=len(_organisations(incident, reports)),
        reports=tuple(report.text for report in reports),
        names=tuple(name for report in reports for name in _names(report)),
        known=_known(incident),
        locked=tuple(report.ref for report in reports if _locked(report)),
        photos=tuple(sorted(set(raw.values_list("report__ref", flat=True)))),
        languages=dict(settings.LANGUAGES),
    )


def _reports(incident: Incident) -> list[Report]:
    counted = incident.reports.filter(audience=Audience.TEAM, state=ReportState.LINKED)
    rows = counted.select_related("author", "team", "device")
    return list(rows.order_by("received_at", "pk"))


def _locked(report: Report) -> bool:
    revoked = report.device is not None and report.device.revoked_at is not None
    return revoked or not report.author.is_active


def _organisations(incident: Incident, reports: list[Report]) -> set[Any]:
    """Whoever belongs to none stands for themselves."""
    rows = Membership.objects.filter(
        election=incident.election_id,
        user__in=[report.author_id for report in reports],
        organisation__isnull=False,
    )
    of_author = dict(rows.values_list("user", "organisation"))
    return {
        (report.team and report.team.organisation_id)
        or of_author.get(report.author_id)
        or report.author.person
        for report in reports
    }


def _names(report: Report) -> list[str]:
    """What was typed as somebody's name or contact, and who filed it."""
    readable = details.unsealed_part(report.category, report.details)
    sealed = [value for key, value in report.details.items() if key not in readable]
    author = report.author
    typed = [report.told_by, author.first_name, author.last_name, author.get_username()]
    return [text for text in [*typed, *sealed] if isinstance(text, str) and text]


def _known(incident: Incident) -> frozenset[str]:
    """Words of places, parties and authorities of this election."""
    fields = ("name_en", "name_ru", "name_kk")
    rows = [
        *Region.objects.of(incident.election).values_list(*fields),
        *Contestant.objects.filter(election=incident.election_id)
        .exclude(kind="candidate")
        .values_list(*fields),
        tuple(incident.election.names.values()),
        *incident.responses.values_list("issuer", "office"),
    ]
    return frozenset(word for row in rows for name in row for word in fold_words(name or ""))
