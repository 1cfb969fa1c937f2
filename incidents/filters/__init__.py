"""One FilterSet for each kind of list: the page, the API and the export read the same one."""

from elections.filtering import Parsed, parse
from incidents.filters.desk import DeskIncidentFilter, DeskReportFilter
from incidents.filters.published import (
    ORDERINGS,
    CountedFilter,
    PublicationFilter,
    chosen_elections,
)

__all__ = [
    "ORDERINGS",
    "CountedFilter",
    "DeskIncidentFilter",
    "DeskReportFilter",
    "Parsed",
    "PublicationFilter",
    "chosen_elections",
    "parse",
]
