"""History as a person reads it: who, when, what changed from what to what, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from elections.models import Election, Region
from incidents import categories, details, wording
from incidents.floors import WHY
from incidents.forms.names import name_of
from incidents.models import Event
from incidents.vocabulary import (
    AlertRule,
    DraftState,
    IncidentStatus,
    OccurredPrecision,
    Outcome,
    PersonsBasis,
    Phase,
    PlacePrecision,
    ReferralBody,
    RelationKind,
    ReportState,
    ResponsePosition,
    Severity,
    Verification,
)
from observers.models import User

MOST = 200
DID: dict[str, Any] = {
    "file_report": lazy("Reported"),
    "receive_evidence": lazy("Sent a file"),
    "redraw_evidence": lazy("Looked at a file"),
    "open_original": lazy("Opened an original file"),
    "open_incident": lazy("Opened an incident from the report"),
    "link": lazy("Linked the report"),
    "unlink": lazy("Unlinked the report"),
    "dismiss": lazy("Dismissed the report"),
    "reinstate": lazy("Took the report up again"),
    "quarantine": lazy("Put the report in quarantine"),
    "clear": lazy("Cleared the report from quarantine"),
    "claim": lazy("Took it into review"),
    "release": lazy("Gave it back"),
    "park": lazy("Parked it"),
    "close": lazy("Closed it"),
    "reopen": lazy("Reopened it"),
    "merge": lazy("Merged it into another incident"),
    "absorb": lazy("Took in the reports of another incident"),
    "unmerge": lazy("Undid the merge"),
    "part": lazy("Gave the reports of another incident back"),
    "judge_source": lazy("Judged whether a report is independent"),
    "accept_alert": lazy("Accepted an alert"),
    "corroborate": lazy("Marked it as corroborated"),
    "verify": lazy("Marked it as verified"),
    "dispute": lazy("Marked it as disputed"),
    "refute": lazy("Marked it as refuted"),
    "unverify": lazy("Put it back to reported"),
    "edit": lazy("Changed the facts"),
    "grade": lazy("Set the severity"),
    "relate": lazy("Related it to another incident"),
    "respond": lazy("Added an official response"),
    "note": lazy("Wrote a note"),
    "strike_note": lazy("Struck a note"),
    "refer": lazy("Referred it to a body"),
    "complete_referral": lazy("Wrote down the outcome of a referral"),
    "ask": lazy("Asked the observer"),
    "withdraw_question": lazy("Took a question back"),
    "answer": lazy("Answered the desk’s question"),
    "release_answer": lazy("Released an answer from a locked phone"),
    "draft": lazy("Started the public text"),
    "write": lazy("Saved the public text"),
    "submit": lazy("Submitted the public text for approval"),
    "send_back": lazy("Sent the public text back"),
    "approve": lazy("Approved the public text"),
    "publish": lazy("Published"),
    "correct": lazy("Began a correction"),
    "withdraw": lazy("Withdrew it from the public"),
    "restore": lazy("Asked to restore the public text"),
    "confirm_publication": lazy("Found the public text still good"),
}
# Steps that the world sees.
MARKED = frozenset({"publish", "withdraw"})
# Said by the verb itself, or of no use to a person.
UNSAID = frozenset(
    {
        "sha256",
        "evidence",
        "evidence_state",
        "size",
        "digest",
        "content",
        "reports",
        "state",
        "checklist",
        "note_id",
        "question_id",
        "answer_id",
        "referral_id",
    }
)
WORDS: dict[str, type[TextChoices]] = {
    "status": IncidentStatus,
    "outcome": Outcome,
    "verification": Verification,
    "publication": DraftState,
    "state": ReportState,
    "place_precision": PlacePrecision,
    "occurred_precision": OccurredPrecision,
    "persons_basis": PersonsBasis,
    "phase": Phase,
    "position": ResponsePosition,
    "relation": RelationKind,
    "alert": AlertRule,
    "body": ReferralBody,
}
TIMES = frozenset({"occurred_start", "occurred_end", "embargo_until", "due_at"})


@dataclass(frozen=True)
class Speaker:
    """Says values of one election: names of regions, the capital's clock."""

    zone: str
    regions: Mapping[str, str]
    category: str = ""

    def say(self, field: str, value: Any) -> str:
        if value in (None, "", [], {}):
            return _("nobody") if field == "assignee" else _("not known")
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if field == "publication" and value == "none":
            return _("not begun")
        if field == "severity_rule" and value in WHY:
            return str(WHY[value])
        if field in WORDS and value in WORDS[field].values:
            return str(WORDS[field](value).label)
        if field == "severity" and value in Severity.values:
            return f"{value} {Severity(value).label}"
        return self._say_data(field, value)

    def _say_data(self, field: str, value: Any) -> str:
        if field == "regions" and isinstance(value, list):
            return ", ".join(self.regions.get(code, str(code)) for code in value)
        if field == "category":
            return _category(value)
        if field == "categories_secondary" and isinstance(value, list):
            return ", ".join(_category(code) for code in value)
        if field == "details" and isinstance(value, dict):
            return self._say_answers(value)
        if field in TIMES and (moment := parse_datetime(str(value))):
            return wording.clock(moment, self.zone)
        if isinstance(value, list):
            return ", ".join(str(item) for item in value)
        return str(value)

    def _say_answers(self, given: dict[str, Any]) -> str:
        readable = details.unsealed_part(self.category, given)
        said = wording.answers(self.category, readable, zone=self.zone)
        return "; ".join(
            f"{answer.label}: {', '.join(line.text for line in answer.lines)}" for answer in said
        ) or _("not known")


def _category(code: Any) -> str:
    known = categories.CATEGORIES.get(str(code))
    return known.name if known else str(code)


def speaker(election: Election, by: User, values: Iterable[Any], *, category: str = "") -> Speaker:
    """`values`: the dictionaries to be said; the regions they name are read in one query."""
    codes = {
        code
        for value in values
        if isinstance(value, Mapping)
        for code in (value.get("regions") or [] if isinstance(value.get("regions"), list) else [])
    }
    names = {}
    if codes:
        rows = Region.objects.visible_to(by).of(election).filter(code__in=codes)
        names = {row.code: row.name for row in rows}
    return Speaker(election.time_zone, names, category)


def of_incident(
    events: Iterable[Event], election: Election, by: User, *, category: str
) -> list[dict[str, Any]]:
    """Newest first, as desk/_history.html shows it."""
    found = list(events)
    said = [part for event in found for part in (event.before, event.after)]
    voice = speaker(election, by, said, category=category)
    return [
        _line(event, {**event.before, "status": status}, voice, unsaid={"incident"})
        for event, status in _with_status(found)
    ]


def of_report(events: Iterable[Event], election: Election, by: User) -> list[dict[str, Any]]:
    """Newest first; the incidents are named, where they stand is told on their own pages."""
    voice = speaker(election, by, [])
    return [_line(event, event.before, voice, unsaid={"status"}) for event in events]


def _with_status(newest_first: list[Event]) -> list[tuple[Event, str | None]]:
    """Each line with the status before it.

    A link tells only the status after it; that it reopened a parked incident shows here.
    """
    told = []
    status: str | None = None
    for event in reversed(newest_first):
        after = event.after.get("status")
        told.append((event, event.before.get("status") or status or after))
        status = after or status
    return told[::-1]


def _line(
    event: Event, before: Mapping[str, Any], voice: Speaker, *, unsaid: set[str]
) -> dict[str, Any]:
    return {
        "when": wording.clock(event.at, voice.zone),
        "iso": event.at.isoformat(),
        "when_utc": wording.utc(event.at),
        "who": event.actor.get_username() if event.actor else _("by itself, at its hour"),
        "text": DID.get(event.verb, event.verb),
        "report": event.report,
        "reason": event.reason,
        "marked": event.verb in MARKED,
        "changes": [
            line for line in changes(before, event.after, voice) if line["field"] not in unsaid
        ],
    }


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], voice: Speaker
) -> list[dict[str, str]]:
    """One for each field that is not the same; `before` is "" where nothing was said of it."""
    lines = []
    for field, value in after.items():
        if field in UNSAID or (field in before and before[field] == value):
            continue
        lines.append(
            {
                "field": field,
                "label": name_of(field),
                "before": voice.say(field, before[field]) if field in before else "",
                "after": voice.say(field, value),
            }
        )
    return lines
