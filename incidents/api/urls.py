from django.urls import path

from incidents.api import views

urlpatterns = [
    path("", views.Index.as_view({"get": "list"}), name="api-index"),
    path("categories/", views.Categories.as_view({"get": "list"}), name="api-categories"),
    path("codebook/", views.Codebook.as_view({"get": "list"}), name="api-codebook"),
    path("incidents/", views.Incidents.as_view({"get": "list"}), name="api-incidents"),
    path(
        "incidents/<str:key>/", views.Incidents.as_view({"get": "retrieve"}), name="api-incident"
    ),
    path(
        "incidents/<str:key>/versions/",
        views.Incidents.as_view({"get": "versions"}),
        name="api-incident-versions",
    ),
    path("stats/", views.Stats.as_view({"get": "list"}), name="api-stats"),
    path("changes/", views.Changes.as_view({"get": "list"}), name="api-changes"),
    path("crosswalks/", views.Crosswalks.as_view({"get": "list"}), name="api-crosswalks"),
    path(
        "crosswalks/<str:name>/",
        views.Crosswalks.as_view({"get": "retrieve"}),
        name="api-crosswalk",
    ),
    path(
        "partner/incidents/",
        views.PartnerIncidents.as_view({"get": "list"}),
        name="api-partner-incidents",
    ),
    path(
        "partner/incidents/<str:ref>/",
        views.PartnerIncidents.as_view({"get": "retrieve"}),
        name="api-partner-incident",
    ),
    path(
        "partner/columns/",
        views.PartnerIncidents.as_view({"get": "columns"}),
        name="api-partner-columns",
    ),
    path("exports/<uuid:key>/", views.Exports.as_view({"get": "retrieve"}), name="api-export"),
    path(
        "exports/file/<str:signed>/",
        views.Exports.as_view({"get": "file"}),
        name="api-export-file",
    ),
    path("snapshots/", views.Snapshots.as_view({"get": "list"}), name="api-snapshots"),
    path(
        "snapshots/<str:name>/", views.Snapshots.as_view({"get": "retrieve"}), name="api-snapshot"
    ),
    path(
        "snapshots/<str:name>/file/",
        views.SnapshotFile.as_view({"get": "fetch"}),
        name="api-snapshot-file",
    ),
    path("reports/", views.OwnReports.as_view({"get": "list"}), name="api-reports"),
    path("reports/<str:key>/", views.Reports.as_view({"put": "file"}), name="api-report"),
    path(
        "reports/<uuid:key>/answers/",
        views.Reports.as_view({"post": "answer"}),
        name="api-report-answers",
    ),
    path("devices/", views.Devices.as_view({"post": "enrol"}), name="api-devices"),
    path(
        "devices/challenge/",
        views.Devices.as_view({"get": "challenge"}),
        name="api-device-challenge",
    ),
    path("devices/me/", views.ThisDevice.as_view({"get": "retrieve"}), name="api-device"),
    path("envelopes/<str:key>/", views.Envelopes.as_view({"put": "put"}), name="api-envelope"),
    path("uploads/", views.Uploads.as_view({"post": "begin"}), name="api-uploads"),
    path(
        "uploads/<uuid:key>/",
        views.Uploads.as_view({"head": "standing", "patch": "append"}),
        name="api-upload",
    ),
    path(
        "webhooks/", views.Webhooks.as_view({"get": "list", "post": "create"}), name="api-webhooks"
    ),
    path(
        "webhooks/<uuid:key>/",
        views.Webhooks.as_view({"get": "retrieve", "delete": "unsubscribe"}),
        name="api-webhook",
    ),
    *(
        path(
            f"webhooks/<uuid:key>/{verb}/",
            views.Webhooks.as_view({"post": verb}),
            name=f"api-webhook-{verb}",
        )
        for verb in ("rotate", "pause", "resume", "test")
    ),
    path(
        "webhooks/<uuid:key>/deliveries/",
        views.Webhooks.as_view({"get": "log"}),
        name="api-webhook-deliveries",
    ),
    path(
        "webhooks/<uuid:key>/deliveries/<uuid:delivery>/redeliver/",
        views.Webhooks.as_view({"post": "redeliver"}),
        name="api-webhook-redeliver",
    ),
    path("desk/reports/", views.DeskReports.as_view({"get": "list"}), name="api-desk-reports"),
    path(
        "desk/reports/<uuid:key>/steps/",
        views.DeskReports.as_view({"post": "step"}),
        name="api-desk-report-steps",
    ),
    path(
        "desk/incidents/", views.DeskIncidents.as_view({"get": "list"}), name="api-desk-incidents"
    ),
    path(
        "desk/incidents/<str:ref>/",
        views.DeskIncidents.as_view({"get": "retrieve"}),
        name="api-desk-incident",
    ),
    path(
        "desk/incidents/<str:ref>/steps/",
        views.DeskIncidents.as_view({"post": "step"}),
        name="api-desk-incident-steps",
    ),
    path("desk/steps/", views.BulkSteps.as_view({"post": "take"}), name="api-desk-steps"),
]
