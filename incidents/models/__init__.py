from incidents.models.conversation import Answer, Note, Question
from incidents.models.export import Export
from incidents.models.history import Counter, Event
from incidents.models.incident import Incident, OfficialResponse, Relation, ReportLink
from incidents.models.merge import Merge
from incidents.models.publication import (
    Change,
    Draft,
    Publication,
    PublicationCategory,
    PublicationRegion,
    PublicationVersion,
)
from incidents.models.referral import Referral
from incidents.models.report import Evidence, RawReport, Report, Upload
from incidents.models.saved import SavedExport
from incidents.models.snapshot import Snapshot
from incidents.models.tally import Counted, Tally
from incidents.models.watch import Alert, AlertDelivery, DeskMark, Lease, SavedView
from incidents.models.webhook import Delivery, Subscription

__all__ = [
    "Alert",
    "AlertDelivery",
    "Answer",
    "Change",
    "Counted",
    "Counter",
    "Delivery",
    "DeskMark",
    "Draft",
    "Event",
    "Evidence",
    "Export",
    "Incident",
    "Lease",
    "Merge",
    "Note",
    "OfficialResponse",
    "Publication",
    "PublicationCategory",
    "PublicationRegion",
    "PublicationVersion",
    "Question",
    "RawReport",
    "Referral",
    "Relation",
    "Report",
    "ReportLink",
    "SavedExport",
    "SavedView",
    "Snapshot",
    "Subscription",
    "Tally",
    "Upload",
]
