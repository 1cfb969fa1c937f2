"""Only what is needed of allauth: no sign-up, no e-mail, no reset by e-mail.

A forgotten password is set anew by an administrator who knows the person.
"""

from allauth.account import views as allauth_views
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from observers import views

# The framework's forms take PUT for POST; nobody is told of a third way to sign in.
form = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", form(allauth_views.login), name="account_login"),
    path("logout/", form(allauth_views.logout), name="account_logout"),
    path("inactive/", require_safe(allauth_views.account_inactive), name="account_inactive"),
    path("password/", form(views.change_password), name="account_change_password"),
]
