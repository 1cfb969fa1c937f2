"""Who may take which step from which state: one table per axis.

The same tables stand in docs/workflow.md, written for people; a test compares the two, since a
test that derives its expectation from this file would be blind. Rights: the roles of an
observation mission folded into six (docs/glossary.md).
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from observers.roles import Role

C, E, S = Role.COORDINATOR, Role.EDITOR, Role.SECURITY
ANY_LIVE_STATUS = frozenset({"open", "in_review", "parked", "closed"})


@dataclass(frozen=True)
class Step:
    """`target` None: the step does not move its axis. `needs`: arguments that may not be empty.

    `appends`: it adds a line beside the facts, which conflicts with nothing; no version is asked.
    """

    name: str
    label: str | Promise
    sources: frozenset[str]
    target: str | None
    roles: frozenset[Role]
    needs: tuple[str, ...] = ()
    warning: str | Promise = ""
    appends: bool = False

    def __str__(self) -> str:
        return self.name


def _step(
    name: str,
    label: str | Promise,
    sources: str | frozenset[str],
    target: str | None,
    *roles: Role,
    needs: str = "",
    warning: str | Promise = "",
    appends: bool = False,
) -> Step:
    states = frozenset(sources.split()) if isinstance(sources, str) else sources
    needed = tuple(needs.split())
    return Step(name, label, states, target, frozenset(roles), needed, warning, appends)


def _table(*steps: Step) -> dict[str, Step]:
    return {step.name: step for step in steps}


REPORT = _table(
    _step("open_incident", _("Open an incident"), "received", "linked", C, S, needs="title"),
    _step("link", _("Link to an incident"), "received linked", "linked", C, S, needs="incident"),
    _step("unlink", _("Unlink"), "linked", "received", C, S, needs="incident reason"),
    _step("dismiss", _("Dismiss"), "received", "dismissed", C, S, needs="reason"),
    _step("reinstate", _("Take up again"), "dismissed", "received", C, S, needs="reason"),
    _step(
        "quarantine",
        _("Quarantine"),
        "received linked dismissed",
        "quarantined",
        C,
        S,
        needs="reason",
    ),
    _step("clear", _("Clear from quarantine"), "quarantined", "received", S, needs="reason"),
    # Not of a report in quarantine: its phone may be in other hands.
    _step("ask", _("Ask the observer"), "received linked", None, C, S, needs="question"),
    _step(
        "withdraw_question",
        _("Take the question back"),
        "received linked dismissed quarantined",
        None,
        C,
        S,
        needs="question",
    ),
)

STATUS = _table(
    _step("claim", _("Take it into review"), "open in_review", "in_review", C),
    _step("release", _("Give it back"), "in_review", "open", C),
    _step(
        "park", _("Park: cannot be confirmed now"), "open in_review", "parked", C, needs="reason"
    ),
    _step("close", _("Close"), "open in_review parked", "closed", C, needs="outcome reason"),
    _step("reopen", _("Reopen"), "parked closed", "open", C, needs="reason"),
    _step(
        "merge",
        _("Merge into another incident"),
        ANY_LIVE_STATUS,
        "merged",
        C,
        needs="into reason",
        warning=_(
            "The reports move to the other incident. The world is sent on from this reference."
        ),
    ),
    # Back to the status it had, whichever that was.
    _step(
        "unmerge",
        _("Undo the merge"),
        "merged",
        None,
        C,
        needs="reason",
        warning=_(
            "The reports that came from here return. A public text waits for an editor again."
        ),
    ),
)

VERIFICATION = _table(
    _step(
        "corroborate",
        _("Mark as corroborated"),
        "reported disputed",
        "corroborated",
        C,
        needs="grounds",
    ),
    _step("verify", _("Mark as verified"), "corroborated", "verified", C, needs="grounds"),
    _step(
        "dispute",
        _("Mark as disputed"),
        "reported corroborated verified",
        "disputed",
        C,
        needs="grounds",
    ),
    _step(
        "refute",
        _("Mark as refuted"),
        "reported corroborated verified disputed",
        "refuted",
        C,
        needs="grounds",
    ),
    _step(
        "unverify",
        _("Put back to reported"),
        "corroborated verified disputed refuted",
        "reported",
        C,
        needs="reason",
    ),
)

# What is known about an incident: any status but merged; these move no axis.
FACTS = _table(
    _step("edit", _("Change the facts"), ANY_LIVE_STATUS, None, C, needs="changes"),
    _step("grade", _("Set the severity"), ANY_LIVE_STATUS, None, C, needs="severity"),
    _step("relate", _("Relate to another incident"), ANY_LIVE_STATUS, None, C, needs="to kind"),
    _step(
        "judge_source",
        _("Judge whether a report is independent"),
        ANY_LIVE_STATUS,
        None,
        C,
        needs="report independent reason",
    ),
    _step("respond", _("Add an official response"), ANY_LIVE_STATUS, None, C, E, needs="response"),
    _step("note", _("Add a note"), ANY_LIVE_STATUS, None, C, E, S, needs="text", appends=True),
    _step(
        "strike_note",
        _("Strike the note"),
        ANY_LIVE_STATUS,
        None,
        C,
        E,
        S,
        needs="note reason",
        appends=True,
    ),
    _step(
        "refer",
        _("Refer it to a body"),
        "open in_review parked",
        None,
        C,
        E,
        needs="body due_at",
    ),
    _step(
        "complete_referral",
        _("Write down the outcome"),
        ANY_LIVE_STATUS,
        None,
        C,
        E,
        needs="referral outcome",
    ),
)

PUBLICATION = _table(
    _step("draft", _("Start the public text"), "none", "draft", E),
    _step(
        "write", _("Save the public text"), "draft submitted approved", "draft", E, needs="content"
    ),
    _step("submit", _("Submit for approval"), "draft", "submitted", E),
    _step(
        "send_back",
        _("Send back to the editor"),
        "submitted approved",
        "draft",
        E,
        S,
        needs="reason",
    ),
    _step(
        "approve",
        _("Approve"),
        "submitted",
        "approved",
        E,
        warning=_("You confirm that exactly this text may be read by everybody."),
    ),
    _step(
        "publish",
        _("Publish"),
        "approved",
        "published",
        E,
        warning=_("The world sees this text at once, on the site, in the API and in the feed."),
    ),
    _step("correct", _("Write a correction"), "published", "draft", E, needs="what_changed"),
    _step(
        "withdraw",
        _("Withdraw"),
        "published draft submitted approved",
        "withdrawn",
        E,
        S,
        needs="kind",
        warning=_(
            "The text disappears at once. A note remains that something was withdrawn, and why."
        ),
    ),
    _step("restore", _("Ask to restore"), "withdrawn", "submitted", E, needs="reason"),
    _step(
        "confirm_publication",
        _("It is still good"),
        "submitted approved published",
        None,
        E,
        needs="reason",
        warning=_("The world goes on reading exactly this text."),
    ),
)

INCIDENT_AXES: dict[str, dict[str, Step]] = {
    "status": STATUS,
    "verification": VERIFICATION,
    "facts": FACTS,
    "publication": PUBLICATION,
}
