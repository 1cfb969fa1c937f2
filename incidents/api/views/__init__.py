from incidents.api.views.crosswalks import Crosswalks
from incidents.api.views.desk import BulkSteps, DeskIncidents, DeskReports
from incidents.api.views.observer import OwnReports, Reports
from incidents.api.views.phone import Devices, Envelopes, ThisDevice
from incidents.api.views.read import Changes, Incidents
from incidents.api.views.reference import Categories, Codebook, Index
from incidents.api.views.snapshots import SnapshotFile, Snapshots
from incidents.api.views.uploads import Uploads

__all__ = [
    "BulkSteps",
    "Categories",
    "Changes",
    "Codebook",
    "Crosswalks",
    "DeskIncidents",
    "DeskReports",
    "Devices",
    "Envelopes",
    "Incidents",
    "Index",
    "OwnReports",
    "Reports",
    "SnapshotFile",
    "Snapshots",
    "ThisDevice",
    "Uploads",
]
