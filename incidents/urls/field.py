from django.urls import path, re_path

from incidents.views import (
    field,
    field_answers,
    field_enrol,
    field_here,
    phone,
    phone_worker,
)

urlpatterns = [
    path("", field.report, name="field-report"),
    path("sent/<uuid:pk>/", field.sent, name="field-sent"),
    path("mine/", field.mine, name="field-reports"),
    path("questions/<uuid:pk>/", field_answers.answer, name="field-answer"),
    path("worker.js", phone_worker.worker, name="phone-worker"),
    path("wiped/", phone_worker.wiped, name="phone-wiped"),
    path("here/", field_here.here, name="field-here"),
    path("enrol/", field_enrol.enrol, name="field-enrol-page"),
    path("phone/manifest.webmanifest", phone.manifest, name="phone-manifest"),
    re_path(r"^phone/(?P<language>en|ru|kk)/$", phone.shell, name="phone-shell"),
]
