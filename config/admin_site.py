"""The admin: accounts and reference data, for the role that keeps them.

What a signed-in administrator may touch is decided by `User.has_perm` (by role); this site decides
who comes in at all and sends everybody through the product's own sign-in.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from observers.roles import Role, has_role


class DauysAdminSite(admin.AdminSite):
    site_header = _("Dauys administration")
    site_title = _("Dauys administration")
    index_title = _("Accounts and reference data")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, Role.ADMIN)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """No second sign-in form beside the product's, which is the one with limits."""
        if self.has_permission(request):
            return redirect("admin:index", current_app=self.name)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


# The instance `admin.site` stands for; apps register with `@admin.register`.
site = admin.site
