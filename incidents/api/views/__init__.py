from incidents.api.views.desk import BulkSteps, DeskIncidents, DeskReports
from incidents.api.views.observer import Reports
from incidents.api.views.phone import Envelopes
from incidents.api.views.read import Changes, Incidents
from incidents.api.views.reference import Categories, Codebook, Index

__all__ = [
    "BulkSteps",
    "Categories",
    "Changes",
    "Codebook",
    "DeskIncidents",
    "DeskReports",
    "Envelopes",
    "Incidents",
    "Index",
    "Reports",
]
