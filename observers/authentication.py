"""API tokens and signatures of phones in the Authorization header; nowhere else, since addresses
end up in logs."""

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from observers import proving, tokens
from observers.models import ApiToken, Device, User


class TokenAuthentication(BaseAuthentication):
    """`request.auth` is the ApiToken. A header with another scheme is left to others."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = tokens.find(text.strip().decode("latin-1"))
        if token is None:
            # One answer for unknown, expired, revoked and a closed account.
            raise AuthenticationFailed(
                _("This token is not valid: unknown, expired or revoked. Ask for a new one.")
            )
        token.user.asked_with = token
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Dauys"'


class DeviceAuthentication(BaseAuthentication):
    """`request.auth` is the Device. No endpoint has this unless it names it."""

    def authenticate(self, request: Request) -> tuple[User, Device] | None:
        scheme, _space, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"dauys-device":
            return None
        device = proving.prove(
            text.strip().decode("latin-1"),
            method=request.method or "",
            path=request._request.get_full_path(),
        )
        if device is None:
            # One answer for unknown, locked, out of date, badly signed and no longer sent out.
            raise AuthenticationFailed(
                _("This phone could not prove who it is. Ask for a new challenge and try again.")
            )
        return device.user, device

    def authenticate_header(self, request: Request) -> str:
        return 'Dauys-Device realm="Dauys"'
