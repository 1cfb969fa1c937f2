"""What the desk calls each field: on forms, in history, and where two versions are compared."""

from typing import Any

from django.utils.translation import gettext_lazy as _

NAMES: dict[str, Any] = {
    # the four axes and what belongs to them
    "status": _("Status"),
    "outcome": _("Outcome"),
    "severity": _("Severity"),
    "verification": _("Verification"),
    "publication": _("Public text"),
    "assignee": _("Reviewed by"),
    "state": _("State"),
    # facts of an incident
    "title": _("Working title"),
    "category": _("Category"),
    "categories_secondary": _("Other categories"),
    "station": _("Polling station"),
    "regions": _("Regions"),
    "regions_at_least": _("In at least this many regions"),
    "place_precision": _("How exactly the place is known"),
    "place_words": _("Place in words"),
    "latitude": _("Latitude"),
    "longitude": _("Longitude"),
    "occurred_start": _("Happened from"),
    "occurred_end": _("Happened until"),
    "occurred_precision": _("How exactly the time is known"),
    "occurred_words": _("Time in words"),
    "phase": _("Phase of the election"),
    "persons_min": _("People, at least"),
    "persons_max": _("People, at most"),
    "persons_words": _("People, in words"),
    "persons_basis": _("Where the number comes from"),
    "details": _("Details"),
    # what only a report has
    "region": _("Region"),
    "place": _("Place in words"),
    "told_by": _("Told by"),
    "danger": _("Danger"),
    "audience": _("Who may read it"),
    "language": _("Language"),
    "accuracy_m": _("Accuracy of the point"),
    "follow_up_of": _("Follows up"),
    "follow_up_kind": _("How it follows up"),
    "captured_clock": _("Clock of the phone when it was written"),
    "sent_clock": _("Clock of the phone when it was sent"),
    # steps
    "reason": _("Reason"),
    "grounds": _("Grounds"),
    "fitting_evidence": _("Fitting evidence"),
    "independent_sources": _("Independent sources"),
    "into": _("Into which incident"),
    "incident": _("Incident"),
    "to": _("To which incident"),
    "kind": _("Kind"),
    "relation": _("Relation"),
    "merged_into": _("Merged into"),
    "merged_from": _("Merged from"),
    "reports": _("Reports"),
    "version": _("Version"),
    # a response of an authority
    "response": _("Official response"),
    "issuer": _("Who said it"),
    "office": _("Office"),
    "said_on": _("Said on"),
    "position": _("What it amounts to"),
    "quote": _("In their words"),
    "quote_language": _("Language of the quote"),
    "translation": _("Translation"),
    "channel": _("Where it was said"),
    "source": _("Source"),
    "link": _("Link"),
    "claims": _("What it claims"),
    # the public text
    "content": _("Public text"),
    "public_title": _("Title"),
    "summary": _("Summary"),
    "public_place": _("Place as the world reads it"),
    "time": _("Time as the world reads it"),
    "both_sides": _("Both sides are in the text"),
    "what_changed": _("What changed"),
    "note": _("Note for the world"),
    "embargo_until": _("Not before"),
    "digest": _("Fingerprint of the text"),
    "checklist": _("Checklist"),
}


def name_of(field: str) -> str:
    return str(NAMES.get(field, field))
