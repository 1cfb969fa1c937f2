"""What holds for every request, whatever it asks for."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from config.errors import bad_request, is_api
from config.problems import problem_response
from observers import plain_pages
from observers.roles import asked_once

Next = Callable[[HttpRequest], HttpResponse]
PRIVATE_PREFIXES = ("/desk/", "/report/", "/account/", "/admin/")
# Only the page of an observer may ask for these, and only from the person holding the phone.
SENSORS = "camera=(), microphone=(), geolocation=()"
FIELD_SENSORS = "camera=(self), microphone=(self), geolocation=(self)"


class PrivateByDefault:
    """Nothing shown to somebody known is kept by a browser or a cache on the way."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # A session cookie or a token is enough: asking who it is would cost a query.
        known = (
            settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
        )
        if known or request.path_info.startswith(PRIVATE_PREFIXES):
            response["Cache-Control"] = "no-store"
        field = request.path_info.startswith("/report/")
        response["Permissions-Policy"] = FIELD_SENSORS if field else SENSORS
        return response


class ContentPolicy(CSPMiddleware):
    """Pages have the policy of the settings. Answers of the API, which show nothing, have one
    that allows nothing and is made once: django-csp makes its own for each answer."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not is_api(request) or response.get("Content-Type", "").startswith("text/html"):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, "default-src 'none'; frame-ancestors 'none'")
        return response


class CleanRequest:
    """Refuses addresses that no text column can hold, before anything tries to."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Django escapes bytes of the path it cannot decode, so the escapes are undone here.
        path = unquote_to_bytes(request.path_info)
        query = unquote_to_bytes(request.META.get("QUERY_STRING", "").encode("latin-1", "replace"))
        if _readable(path) and _readable(query):
            return self.get_response(request)
        if is_api(request):
            detail = "The address holds NUL or bytes that are not UTF-8. Remove them, ask again."
            return problem_response(400, "bad-request", detail)
        return bad_request(request)


class AskedOnce:
    """A request asks once what its person may see. The next one asks anew: revocation holds."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with asked_once():
            return self.get_response(request)


class PlainPages:
    """A session begun with an enrolment code opens the observer's pages and nothing else."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        whoever = request.user
        request.field_device = None  # type: ignore[attr-defined]
        request.user = SimpleLazyObject(  # type: ignore[assignment]
            lambda: plain_pages.bounded(request, whoever)
        )
        return self.get_response(request)


def _readable(raw: bytes) -> bool:
    """UTF-8 without NUL; Python's decoder refuses lone surrogates."""
    try:
        return "\0" not in raw.decode()
    except UnicodeDecodeError:
        return False


class Locale(LocaleMiddleware):
    """Pages speak the reader's language. The API has one, English, and no word of it varies."""

    def process_request(self, request: HttpRequest) -> None:
        if is_api(request):
            translation.activate("en")
            request.LANGUAGE_CODE = "en"
            return
        super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if is_api(request):
            return response
        # The language comes from a cookie first.
        patch_vary_headers(response, ["Cookie"])
        return super().process_response(request, response)
