from incidents.models.history import Counter, Event
from incidents.models.incident import Incident, OfficialResponse, Relation, ReportLink
from incidents.models.publication import (
    Change,
    Draft,
    Publication,
    PublicationCategory,
    PublicationRegion,
    PublicationVersion,
)
from incidents.models.report import Evidence, RawReport, Report

__all__ = [
    "Change",
    "Counter",
    "Draft",
    "Event",
    "Evidence",
    "Incident",
    "OfficialResponse",
    "Publication",
    "PublicationCategory",
    "PublicationRegion",
    "PublicationVersion",
    "RawReport",
    "Relation",
    "Report",
    "ReportLink",
]
