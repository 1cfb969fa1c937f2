from django.urls import path

from incidents.views import field

urlpatterns = [
    path("", field.report, name="field-report"),
    path("sent/<uuid:pk>/", field.sent, name="field-sent"),
    path("mine/", field.mine, name="field-reports"),
]
