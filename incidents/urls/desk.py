from django.urls import path

from incidents.views import (
    desk,
    desk_alerts,
    desk_bulk,
    desk_files,
    desk_handover,
    desk_incident,
    desk_news,
    desk_presence,
    desk_report,
    desk_texts,
    desk_views,
)

urlpatterns = [
    path("", desk.queue, name="desk-queue"),
    path("news/", desk_news.news, name="desk-news"),
    path("bulk/", desk_bulk.bulk, name="desk-bulk"),
    path("handover/", desk_handover.handover, name="desk-handover"),
    path("here/<uuid:subject>/", desk_presence.here, name="desk-here"),
    path("views/", desk_views.save, name="desk-view-save"),
    path("views/<uuid:pk>/delete/", desk_views.delete, name="desk-view-delete"),
    path("reports/<uuid:pk>/", desk_report.report, name="desk-report"),
    path("reports/<uuid:pk>/steps/<slug:step>/", desk_report.report_step, name="desk-report-step"),
    path("incidents/<str:ref>/", desk_incident.incident, name="desk-incident"),
    path(
        "incidents/<str:ref>/steps/<slug:step>/",
        desk_incident.incident_step,
        name="desk-incident-step",
    ),
    path("evidence/<str:signed>/", desk_files.file, name="desk-file"),
    path("alerts/", desk_alerts.listing, name="desk-alerts"),
    path("alerts/<uuid:pk>/accept/", desk_alerts.accept, name="desk-alert-accept"),
    path("drafts/", desk_texts.drafts, name="desk-drafts"),
    path("arrivals/", desk_texts.arrivals, name="desk-arrivals"),
]
