"""Accounts are made by an administrator. Where a person goes after signing in."""

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from elections.addresses import address_of
from observers import plain_pages
from observers.roles import DESK_ROLES, Role, roles

if TYPE_CHECKING:
    from observers.roles import Visitor

# Names of routes; who works on the desk lands there, whatever else he may do.
DOORS = (
    (DESK_ROLES, "desk-queue"),
    (frozenset({Role.ADMIN}), "admin:index"),
    (frozenset({Role.OBSERVER}), "field-report"),
    (frozenset({Role.PARTNER}), "account-tokens"),
)
# allauth announces every sign-in and sign-out; only this is worth a sentence.
ANNOUNCED = {
    "account/messages/password_changed.txt": _(
        "Your password is changed and you are signed out everywhere. Sign in with the new one."
    )
}


def door(user: "Visitor") -> str:
    """The address of the page where this person's work begins."""
    held = roles(user)
    for wanted, name in DOORS:
        if held & wanted:
            return reverse(name)
    return reverse("public-home")


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _(
            "This username and password do not match. Check both and try again."
        ),
        "too_many_login_attempts": _(
            "Too many wrong attempts. Wait five minutes, then try again."
        ),
        "enter_current_password": _("This is not your current password. Type it again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """allauth's own fails with a 500 when a request came around one of two proxies."""
        return address_of(request)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Who signs in with a password is bound to no code any more."""
        request.session.pop(plain_pages.DEVICE, None)
        super().login(request, user)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return door(request.user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_login")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if text := ANNOUNCED.get(message_template or ""):
            messages.add_message(request, level, str(text))
