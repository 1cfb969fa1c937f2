from django.urls import path

from incidents.views import desk, desk_alerts, desk_incident, desk_report, desk_texts

urlpatterns = [
    path("", desk.queue, name="desk-queue"),
    path("reports/<uuid:pk>/", desk_report.report, name="desk-report"),
    path("reports/<uuid:pk>/steps/<slug:step>/", desk_report.report_step, name="desk-report-step"),
    path("incidents/<str:ref>/", desk_incident.incident, name="desk-incident"),
    path(
        "incidents/<str:ref>/steps/<slug:step>/",
        desk_incident.incident_step,
        name="desk-incident-step",
    ),
    path("alerts/", desk_alerts.listing, name="desk-alerts"),
    path("alerts/<uuid:pk>/accept/", desk_alerts.accept, name="desk-alert-accept"),
    path("drafts/", desk_texts.drafts, name="desk-drafts"),
    path("arrivals/", desk_texts.arrivals, name="desk-arrivals"),
]
