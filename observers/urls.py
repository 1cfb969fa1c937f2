"""Only what is needed of allauth: no sign-up, no e-mail, no reset by e-mail.

A forgotten password is set anew by an administrator who knows the person.
"""

from allauth.account import views as allauth_views
from django.urls import path

from observers import views

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", allauth_views.login, name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("password/", views.change_password, name="account_change_password"),
]
