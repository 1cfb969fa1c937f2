"""What a refused or failed request looks like: a page, or a problem under /api/.

The pages are rendered without the request. Whatever failed (session, database, host name), nothing
they show can fail with it.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from config.problems import problem_response

API_PREFIX = "/api/"
RETRY_SECONDS = "5"
# When even the template fails.
LAST_RESORT = (
    '<!DOCTYPE html><html lang="en"><title>Dauys</title><h1>Something went wrong here</h1>'
    "<p>What had been confirmed as received is safe. Try again in a minute.</p></html>"
)


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(API_PREFIX)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_api(request):
        return problem_response(400, "bad-request")
    return _page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """PermissionDenied may carry a sentence for the person."""
    reason = str(exception or "")
    if is_api(request):
        return problem_response(403, "forbidden", reason)
    return _page(request, 403, reason=reason)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_api(request):
        return problem_response(404, "not-found")
    return _page(request, 404)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Called by allauth when its limits are reached."""
    return _page(request, 429, headers={"Retry-After": "60"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if is_api(request):
        return problem_response(403, "forbidden", _("The CSRF token is missing or wrong."))
    return _page(request, 403, template="403_csrf.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """A database that does not answer is 503, worth a repeat; anything else is our mistake."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status, code = (503, "unavailable") if away else (500, "server-error")
    headers = {"Retry-After": RETRY_SECONDS} if away else {}
    if is_api(request):
        return problem_response(status, code, headers=headers)
    try:
        return _page(request, status, headers=headers)
    except Exception:  # noqa: BLE001 - any failure here would hide the first one
        return HttpResponse(LAST_RESORT, status=status, headers=headers)


def _page(
    request: HttpRequest,
    status: int,
    *,
    template: str = "",
    headers: dict[str, str] | None = None,
    **context: str,
) -> HttpResponse:
    # Errors found before the language was chosen still speak the person's language.
    language = translation.get_language_from_request(request)
    with translation.override(language):
        text = render_to_string(template or f"{status}.html", context)
    return HttpResponse(text, status=status, headers=headers or {})
