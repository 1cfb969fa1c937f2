"""What a public text rests on, compared with what holds now."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from incidents import shaking
from incidents.models import Draft, Incident, Publication, Report, ReportLink
from incidents.vocabulary import Audience, Verification
from incidents.workflow.independence import independent_sources
from observers.models import Device, User

CAUSES: dict[str, Any] = {
    "refuted": _("The incident was refuted."),
    "disputed": _("The incident is disputed; the text does not say so."),
    "less_sure": _("The desk is less sure than the text says."),
    "fewer_sources": _("Fewer independent sources stand behind it than it was published with."),
    "quarantined": _("The report %(report)s is in quarantine."),
    "unlinked": _("The report %(report)s is no longer part of the incident."),
    "dismissed": _("The report %(report)s was dismissed."),
    "corrected": _("The report %(report)s corrects what it rests on."),
    "access_revoked": _("The author of the report %(report)s has lost access."),
    "held": _("Its hour came and it was not published: something changed since the approval."),
}
# Follow from what the incident is; they come and go with it.
STANDING = ("refuted", "disputed", "less_sure", "fewer_sources")
OF_STEP = {"quarantine": "quarantined", "unlink": "unlinked", "dismiss": "dismissed"}
_SURENESS = (Verification.REPORTED, Verification.CORROBORATED, Verification.VERIFIED)


def words_of(entry: dict[str, Any]) -> str:
    return str(CAUSES[entry["cause"]] % {"report": entry["report"]})


def look_again(incidents: Iterable[Any]) -> None:
    """Compare what is public of these incidents (primary keys) with what the desk believes."""
    wanted = [pk for pk in incidents if pk]
    live = Publication.objects.filter(incident__in=wanted, live=True)
    for publication in live.select_related("incident"):
        standing = [
            {"cause": cause, "detail": detail, "report": ""}
            for cause, detail in _standing(publication, publication.incident)
        ]
        drafts = Draft.objects.select_for_update(of=("self",), no_key=True)
        draft = drafts.filter(incident=publication.incident_id).first()
        if draft is None:
            continue
        before = (draft.shaken_at, draft.shaken_by)
        draft.shaken_by = [
            entry
            for entry in draft.shaken_by
            if entry["cause"] not in STANDING or any(shaking.is_same(entry, s) for s in standing)
        ]
        for entry in standing:
            shaking.add(draft, entry)
        if not shaking.open_entries(draft):
            draft.shaken_at = None
        if before != (draft.shaken_at, draft.shaken_by):
            draft.save(update_fields=["shaken_at", "shaken_by"])


def _standing(publication: Publication, incident: Incident) -> Iterable[tuple[str, str]]:
    now, said = incident.verification, publication.verification
    if now == Verification.REFUTED:
        yield "refuted", ""
    elif now == Verification.DISPUTED and said != now:
        yield "disputed", ""
    elif now in _SURENESS and said in _SURENESS[_SURENESS.index(Verification(now)) + 1 :]:
        yield "less_sure", now
    sources = independent_sources(incident)
    if sources < (publication.sources or 0):
        yield "fewer_sources", str(sources)


def report_moved(report: Report, step: str, before: set[Any]) -> None:
    """After a step on a report; `before`: the incidents it was part of, locked by the caller."""
    after = set(ReportLink.objects.filter(report=report).values_list("incident", flat=True))
    cause = OF_STEP.get(step)
    if cause:
        shaking.shake(before - after if step == "unlink" else before, cause, report=report)
    look_again(before | after)


def note_lost_access() -> None:
    """Mark what rests on reports whose author was locked out or whose phone was revoked.

    Access is taken away below this floor, so it is looked for: with every tick and whenever
    somebody opens the list of texts. Each report is told once.
    """
    for link in _links_of_the_lost():
        entry = {"cause": "access_revoked", "detail": "", "report": link.report.ref}
        told = link.incident.draft.shaken_by
        if not any(shaking.is_same(known, entry) for known in told):
            with transaction.atomic():  # one draft at a time: no other door waits for two of them
                shaking.shake([link.incident_id], "access_revoked", report=link.report)


def _links_of_the_lost() -> list[ReportLink]:
    """Beginning with the few who lost access: every report there is would take a second."""
    authors = list(User.objects.filter(is_active=False).values_list("pk", flat=True))
    devices = list(Device.objects.exclude(revoked_at=None).values_list("pk", flat=True))
    if not authors and not devices:
        return []
    reports = {
        *Report.objects.filter(author__in=authors).values_list("pk", flat=True),
        *Report.objects.filter(device__in=devices).values_list("pk", flat=True),
    }
    links = ReportLink.objects.filter(
        report__in=reports,
        report__audience=Audience.TEAM,
        incident__in=Draft.objects.filter(shaking.RESTING).values("incident"),
    )
    return list(links.select_related("report", "incident__draft").order_by("incident", "pk"))


def settle(draft: Draft, by: User | None) -> None:
    """Nothing shakes it any more. Lost access is remembered: it would be found again."""
    settled = by.get_username() if by else "clock"
    draft.shaken_by = [
        entry | {"settled": entry.get("settled") or settled} for entry in draft.shaken_by
    ]
    draft.shaken_at = None


def start_anew(draft: Draft, by: User | None) -> None:
    """After a publication or a withdrawal only what could be found again is kept."""
    settle(draft, by)
    draft.shaken_by = [e for e in draft.shaken_by if e["cause"] == "access_revoked"]


def see(draft: Draft, by: User, *, live: bool) -> None:
    """A second editor approved with these causes before their eyes.

    What the world still reads goes on resting on them until the new text is out.
    """
    let_go(draft)
    draft.shaken_by = [entry | {"seen": True} for entry in draft.shaken_by]
    if not live:
        settle(draft, by)


def let_go(draft: Draft) -> None:
    """Its missed hour matters no more: it is approved anew, or being written again."""
    draft.shaken_by = [entry for entry in draft.shaken_by if entry["cause"] != "held"]
    if not shaking.open_entries(draft):
        draft.shaken_at = None


def unseen(draft: Draft) -> list[dict[str, Any]]:
    """Causes that nobody had before their eyes when the text was approved."""
    return [
        entry
        for entry in shaking.open_entries(draft)
        if entry["cause"] != "held" and not entry.get("seen")
    ]
