from django.urls import path

from incidents.views import field, field_answers

urlpatterns = [
    path("", field.report, name="field-report"),
    path("sent/<uuid:pk>/", field.sent, name="field-sent"),
    path("mine/", field.mine, name="field-reports"),
    path("questions/<uuid:pk>/", field_answers.answer, name="field-answer"),
]
