"""API tokens in the Authorization header; nowhere else, since addresses end up in logs."""

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from observers import tokens
from observers.models import ApiToken, User


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
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Dauys"'
