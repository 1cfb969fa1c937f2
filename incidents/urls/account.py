"""What hangs on an account and belongs to incidents; the rest is in `observers.urls`."""

from django.urls import path

from incidents.views import webhooks

urlpatterns = [
    path("", webhooks.listed, name="account-webhooks"),
    path("<uuid:pk>/", webhooks.one, name="account-webhook"),
    path("<uuid:pk>/<slug:name>/", webhooks.step, name="account-webhook-step"),
    path(
        "<uuid:pk>/deliveries/<uuid:delivery>/",
        webhooks.redeliver,
        name="account-webhook-redeliver",
    ),
]
