"""What hangs on an account and belongs to incidents; the rest is in `observers.urls`."""

from django.urls import path

from incidents.views import account, webhooks

urlpatterns = [
    path("tokens/", account.page, name="account-tokens"),
    path("tokens/<uuid:pk>/revoke/", account.revoke_token, name="account-token-revoke"),
    path("exports/", account.make_export, name="account-exports"),
    path("exports/<uuid:pk>/revoke/", account.revoke_export, name="account-export-revoke"),
    path("webhooks/", webhooks.listed, name="account-webhooks"),
    path("webhooks/<uuid:pk>/", webhooks.one, name="account-webhook"),
    path("webhooks/<uuid:pk>/<slug:name>/", webhooks.step, name="account-webhook-step"),
    path(
        "webhooks/<uuid:pk>/deliveries/<uuid:delivery>/",
        webhooks.redeliver,
        name="account-webhook-redeliver",
    ),
]
