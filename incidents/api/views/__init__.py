from incidents.api.views.desk import BulkSteps, DeskIncidents, DeskReports
from incidents.api.views.observer import Reports
from incidents.api.views.read import Changes, Incidents
from incidents.api.views.reference import Categories, Codebook, Index
from incidents.api.views.uploads import Uploads

__all__ = [
    "BulkSteps",
    "Categories",
    "Changes",
    "Codebook",
    "DeskIncidents",
    "DeskReports",
    "Incidents",
    "Index",
    "Reports",
    "Uploads",
]
