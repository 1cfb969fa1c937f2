from incidents.api.views.crosswalks import Crosswalks
from incidents.api.views.desk import BulkSteps, DeskIncidents, DeskReports
from incidents.api.views.exports import Exports
from incidents.api.views.observer import OwnReports, Reports
from incidents.api.views.partner import PartnerIncidents
from incidents.api.views.phone import Devices, Envelopes, ThisDevice
from incidents.api.views.read import Changes, Incidents
from incidents.api.views.reference import Categories, Codebook, Index
from incidents.api.views.snapshots import SnapshotFile, Snapshots
from incidents.api.views.stats import Stats
from incidents.api.views.uploads import Uploads
from incidents.api.views.webhooks import Webhooks

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
    "Exports",
    "Incidents",
    "Index",
    "OwnReports",
    "PartnerIncidents",
    "Reports",
    "SnapshotFile",
    "Snapshots",
    "Stats",
    "ThisDevice",
    "Uploads",
    "Webhooks",
]
