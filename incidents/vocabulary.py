"""The words that columns may hold. Codes are data and never change; labels are translated."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OccurredPrecision(TextChoices):
    EXACT = "exact", _("Exact time")
    HALF_HOUR = "half_hour", _("Within about 30 minutes")
    HOUR = "hour", _("Within about an hour")
    PART_OF_DAY = "part_of_day", _("Part of the day")
    DAY = "day", _("The day only")
    RANGE = "range", _("Some time in a period")
    RUN_UP = "run_up", _("In the run-up to the election")
    UNKNOWN = "unknown", _("Not known")


class PlacePrecision(TextChoices):
    STATION = "station", _("Polling station")
    ADDRESS = "address", _("Address")
    SETTLEMENT = "settlement", _("Town or village")
    DISTRICT = "district", _("District")
    REGION = "region", _("Region")
    SEVERAL_REGIONS = "several_regions", _("Several regions")
    COUNTRY = "country", _("The whole country")
    UNKNOWN = "unknown", _("Not known")


class PersonsBasis(TextChoices):
    COUNTED = "counted", _("Counted")
    ESTIMATED = "estimated", _("Estimated")
    CLAIMED = "claimed", _("As claimed by someone")
    NONE_GIVEN = "none_given", pgettext_lazy("basis of a number", "Not stated")


class Source(TextChoices):
    DIRECT_WITNESS = "direct_witness", _("Seen or heard directly")
    VICTIM = "victim", _("Told by the person it happened to")
    SECOND_HAND = "second_hand", _("Told by someone else")
    DOCUMENT = "document", _("Document")
    MEDIA = "media", _("News media")
    SOCIAL_MEDIA = "social_media", _("Social media")
    OFFICIAL = "official", _("Official source")
    MEASUREMENT = "measurement", _("Technical measurement")


class Danger(TextChoices):
    NONE = "none", _("Nobody is in danger")
    OBSERVER = "observer", _("The observer is in danger")
    OTHERS = "others", _("Other people are in danger")
    ONGOING = "ongoing", _("The danger continues")


class Audience(TextChoices):
    TEAM = "team", _("The operations room")
    SECURITY_ONLY = "security_only", _("Security officers only")


class FollowUpKind(TextChoices):
    ADDITION = "addition", _("Adds to an earlier report")
    CORRECTION = "correction", _("Corrects an earlier report")
    OUTCOME = "outcome", _("Tells how it ended")


class Channel(TextChoices):
    APP = "app", _("Phone app")
    PAGE = "page", _("Web page")
    API = "api", _("API")
    SMS = "sms", _("SMS")
    IMPORT = "import", _("Import")
    DESK = "desk", _("Entered by the desk")


class EnvelopeKind(TextChoices):
    """What a phone sends; see docs/decisions/0014. Empty for what was not in an envelope."""

    REPORT = "report", _("Report")
    ANSWER = "answer", _("Answer")
    CHECK_IN = "check_in", _("Check-in")
    EVIDENCE = "evidence", _("File")


class ClockQuality(TextChoices):
    """How far the time a phone gives can be trusted."""

    MEASURED = "measured", _("phone clock, corrected when it was sent")
    EARLIER = "earlier", _("phone clock, corrected by what was known when it was written")
    ORDER = "order", _("phone clock is of no use; placed between its other reports")
    RECEIPT = "receipt", _("phone clock is of no use; the time of receipt")


class EvidenceState(TextChoices):
    WAITING = "waiting", _("being looked at")
    READY = "ready", _("a clean copy is there")
    KEPT = "kept", _("kept, but no clean copy can be made")
    REFUSED = "refused", _("kept in quarantine")


class ReportState(TextChoices):
    RECEIVED = "received", pgettext_lazy("report", "Received")
    QUARANTINED = "quarantined", pgettext_lazy("report", "In quarantine")
    LINKED = "linked", pgettext_lazy("report", "Part of an incident")
    DISMISSED = "dismissed", pgettext_lazy("report", "Dismissed")


class IncidentStatus(TextChoices):
    OPEN = "open", pgettext_lazy("incident", "Open")
    IN_REVIEW = "in_review", pgettext_lazy("incident", "In review")
    PARKED = "parked", pgettext_lazy("incident", "Parked until more is known")
    CLOSED = "closed", pgettext_lazy("incident", "Closed")
    MERGED = "merged", pgettext_lazy("incident", "Merged into another")


class Outcome(TextChoices):
    CONFIRMED = "confirmed", pgettext_lazy("outcome", "Confirmed")
    UNCONFIRMED = "unconfirmed", pgettext_lazy("outcome", "Could not be confirmed")
    RESOLVED = "resolved", pgettext_lazy("outcome", "Put right on the spot")
    OUT_OF_SCOPE = "out_of_scope", pgettext_lazy("outcome", "Not about this election")
    DUPLICATE = "duplicate", pgettext_lazy("outcome", "Already covered by another incident")


class Severity(IntegerChoices):
    IRREGULAR = 1, pgettext_lazy("severity", "Irregular")
    SERIOUS = 2, pgettext_lazy("severity", "Serious")
    GRAVE = 3, pgettext_lazy("severity", "Grave")
    CRITICAL = 4, pgettext_lazy("severity", "Critical")


class Verification(TextChoices):
    REPORTED = "reported", pgettext_lazy("verification", "Reported")
    CORROBORATED = "corroborated", pgettext_lazy("verification", "Corroborated")
    VERIFIED = "verified", pgettext_lazy("verification", "Verified")
    DISPUTED = "disputed", pgettext_lazy("verification", "Disputed")
    REFUTED = "refuted", pgettext_lazy("verification", "Refuted")


class Grounds(TextChoices):
    """What a verification can rest on, as partners read it; never the desk's own words."""

    SEVERAL_SOURCES = "several_sources", _("Several independent sources")
    SEVERAL_ORGANISATIONS = "several_organisations", _("Observers of several organisations")
    FILE = "file", _("A photo, film or document is kept")
    OFFICIAL_RESPONSE = "official_response", _("An authority has answered")
    JUDGED = "judged", _("A person judged which sources are independent")


class Phase(TextChoices):
    """In the order of time."""

    PRE = "PRE", _("Before the election")
    EVE = "EVE", _("Last 24 hours before voting")
    OPN = "OPN", _("Opening of the polls")
    VOT = "VOT", _("Voting")
    CLS = "CLS", _("Closing of the polls")
    CNT = "CNT", _("Count at the station")
    TAB = "TAB", _("Tabulation")
    POST = "POST", _("After the election")


class DraftState(TextChoices):
    DRAFT = "draft", pgettext_lazy("public text", "Draft")
    SUBMITTED = "submitted", pgettext_lazy("public text", "Awaiting a second editor")
    APPROVED = "approved", pgettext_lazy("public text", "Approved")
    PUBLISHED = "published", pgettext_lazy("public text", "Published")
    WITHDRAWN = "withdrawn", pgettext_lazy("public text", "Withdrawn")


class ResponsePosition(TextChoices):
    """What an authority's answer amounts to (after the HURIDOCS list of official statements)."""

    ACKNOWLEDGES = "acknowledges", _("Acknowledges it")
    DENIES = "denies", _("Denies it")
    DENIES_RESPONSIBILITY = "denies_responsibility", _("Acknowledges it, denies responsibility")
    OTHER_EXPLANATION = "other_explanation", _("Explains it otherwise")
    ACCEPTS_RESPONSIBILITY = "accepts_responsibility", _("Accepts responsibility")
    ANNOUNCES_INQUIRY = "announces_inquiry", _("Announces an inquiry")
    DECLINES_TO_ANSWER = "declines_to_answer", _("Declines to answer")


class RelationKind(TextChoices):
    """Read from the source: it is part of, follows, was caused by, contradicts the target."""

    PART_OF = "part_of", _("Part of")
    FOLLOWS = "follows", _("Follows")
    CAUSED_BY = "caused_by", _("Caused by")
    CONTRADICTS = "contradicts", _("Contradicts")


class WithdrawReason(TextChoices):
    ERROR = "error", _("Withdrawn because of an error")
    SAFETY = "safety", _("Withdrawn for someone's safety")
    MERGED = "merged", _("Merged into another incident")


class ReferralBody(TextChoices):
    """Whom an incident is handed to outside the mission."""

    COMMISSION = "commission", _("Election commission")
    HIGHER_COMMISSION = "higher_commission", _("Higher election commission")
    POLICE = "police", _("Police")
    PROSECUTOR = "prosecutor", _("Prosecutor")
    COURT = "court", _("Court")
    OMBUDSMAN = "ombudsman", _("Ombudsman")
    LAWYER = "lawyer", _("Lawyer")
    OTHER = "other", pgettext_lazy("body", "Another body")


class AlertRule(TextChoices):
    """What a person must be told of at once."""

    DANGER = "danger", _("A person is in danger")
    CRITICAL = "critical", _("A critical incident")
    OVERDUE_REPORT = "overdue_report", _("A report waits too long")
    OVERDUE_INCIDENT = "overdue_incident", _("An incident waits too long")
    OVERDUE_REFERRAL = "overdue_referral", _("A referral was not answered in time")
    RESTS_ON = "rests_on", _("A publication rests on a source that no longer holds")


class AlertChannel(TextChoices):
    PAGE = "page", _("On the desk's pages")
    EMAIL = "email", _("E-mail")
    WEBHOOK = "webhook", _("Webhook")


class WebhookPause(TextChoices):
    """Why nothing is sent at the moment."""

    OWNER = "owner", _("Paused by its owner")
    FAILING = "failing", _("Paused: it failed for three days")
    GONE = "gone", _("Paused: the receiver answered that it is gone for good (410)")


class DeliveryProblem(TextChoices):
    """Why a message was not taken. Never an address or what the receiver said."""

    ADDRESS = "address", _("The address is not allowed")
    NO_PUBLIC_ADDRESS = "no_public_address", _("The name leads to no host on the open internet")
    CONNECTION = "connection", _("The connection failed")
    TLS = "tls", _("No secure connection could be made; check the certificate")
    TIMEOUT = "timeout", _("No answer in time")
    PROTOCOL = "protocol", _("The answer was not HTTP/1.1")
    STATUS = "status", _("The answer was not a success")
    NOT_PUBLIC = "not_public", _("Not sent: it is not public any more")
    INTERNAL = "internal", _("It could not be sent; our fault")


class ExportStage(TextChoices):
    QUEUED = "queued", _("Waiting for its turn")
    RUNNING = "running", _("Being made")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Could not be made")
