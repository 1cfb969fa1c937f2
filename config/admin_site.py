"""The admin: accounts and reference data, for the role that keeps them.

What a signed-in administrator may touch is decided by `User.has_perm` (by role); this site decides
who comes in at all and sends everybody through the product's own sign-in.
"""

from collections.abc import Iterable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import DataError
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from observers.roles import Role, has_role

OWN_APPS = {"elections", "observers"}


class DauysAdminSite(admin.AdminSite):
    site_header = _("Dauys administration")
    site_title = _("Dauys administration")
    index_title = _("Accounts and reference data")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, Role.ADMIN)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """A value that no column can hold is an unreadable request and no mistake of ours."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                response = view(request, *args, **kwargs)
                # Drawn here: a form asks for what was chosen in it while it is drawn.
                drawn = isinstance(response, SimpleTemplateResponse)
                return response.render() if drawn else response
            except (OverflowError, DataError, ValidationError) as error:
                raise BadRequest from error

        return super().admin_view(guarded, cacheable)

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """Other packages register too (groups, e-mail addresses); it means nothing here."""
        models = (
            [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        )
        own = [model for model in models if model._meta.app_label in OWN_APPS]
        super().register(own, admin_class, **options)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """No second sign-in form beside the product's, which is the one with limits."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(  # type: ignore[override]  # the stubs know of a page, we lead elsewhere
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST":
            logout(request)
        return redirect("account_logout")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")


# The instance `admin.site` stands for; apps register with `@admin.register`.
site = admin.site
