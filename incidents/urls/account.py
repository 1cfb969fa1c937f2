from django.urls import path

from incidents.views import account

urlpatterns = [
    path("tokens/", account.page, name="account-tokens"),
    path("tokens/<uuid:pk>/revoke/", account.revoke_token, name="account-token-revoke"),
    path("exports/", account.make_export, name="account-exports"),
    path("exports/<uuid:pk>/revoke/", account.revoke_export, name="account-export-revoke"),
]
