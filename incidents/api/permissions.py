"""Who may knock at a door. Which rows and which steps are behind it is asked elsewhere."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from incidents.querysets import desk_memberships, partner_memberships
from incidents.webhooks import may_subscribe
from observers.models import ApiToken, Device, User
from observers.tokens import Scope


class _Scoped(BasePermission):
    """Signed in: by a session, or by a token made for this."""

    scope: Scope
    message = _("This token was not made for this. Ask for one with the right scope.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        token = request.auth
        return not isinstance(token, ApiToken) or self.scope in token.scopes


class MaySendReports(_Scoped):
    scope = Scope.REPORTS_WRITE


class OnDesk(_Scoped):
    scope = Scope.DESK
    message = _("This is for coordinators, editors and security, by session or desk token.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and bool(desk_memberships(request.user))


class KeepsWebhooks(_Scoped):
    scope = Scope.WEBHOOKS
    message = _("This is for partners and for the desk, by session or by a token for webhooks.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and may_subscribe(cast(User, request.user))


class AsPartner(_Scoped):
    """By a token only: its name stands in the log of what was read."""

    scope = Scope.PUBLISHED_READ
    message = _("This is for partners, by a token that reads, and within its limits.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        known = isinstance(request.auth, ApiToken) and super().has_permission(request, view)
        return known and bool(partner_memberships(request.user))


class ByPhone(BasePermission):
    """An enrolled phone that has proved who it is, and nobody else."""

    message = _("This is for a phone that was enrolled. Enrol it, then sign each request.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, Device)
