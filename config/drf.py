"""What all API views share, named only by dotted path in the settings.

Closed unless opened, JSON in and out, and every refusal an RFC 9457 problem.
"""

import json
import logging
import math
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, parsers, permissions, renderers
from rest_framework.request import Request

from config.problems import problem_response
from elections.api.refusals import BadInput, read_body
from incidents.cleaning import clean_json, parse_json
from incidents.errors import Refused

if TYPE_CHECKING:  # rest_framework.views imports this module while it is being made itself
    from rest_framework.views import APIView

__all__ = [
    "DenyAll",
    "JSONRenderer",
    "StrictJSONParser",
    "problem_details",
    "problem_response",
]
log = logging.getLogger(__name__)
RETRY_SECONDS = "5"


class DenyAll(permissions.BasePermission):
    """The default: a view that does not say who may use it is closed to everybody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False


class JSONRenderer(renderers.JSONRenderer):
    """UTF-8 as it is; a lone surrogate that got this far is escaped instead of failing."""

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        try:
            return super().render(data, *args, **kwargs)
        except UnicodeEncodeError:
            return json.dumps(data, default=str).encode()


class StrictJSONParser(parsers.BaseParser):
    """JSON under the rules of `incidents.cleaning`, its strings free of what breaks databases."""

    media_type = "application/json"
    most_values = 2000

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = read_body((parser_context or {})["request"]._request)
        value, _changed = clean_json(
            parse_json(raw, max_bytes=len(raw), max_nodes=self.most_values)
        )
        return value


def problem_details(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The answer to an exception. None for the unexpected: the 500 handler answers that."""
    if isinstance(exc, Refused):
        return _refused(exc)
    if isinstance(exc, exceptions.APIException):
        return _api_exception(exc)
    if isinstance(exc, Http404):
        return problem_response(404, "not-found")
    if isinstance(exc, PermissionDenied):
        return problem_response(403, "forbidden", str(exc))
    if isinstance(exc, RequestDataTooBig):
        return problem_response(413, "too-large")
    if isinstance(exc, SuspiciousOperation | UnreadablePostError):
        return problem_response(400, "bad-request")
    if isinstance(exc, OperationalError | InterfaceError):
        # Only the kind of the error: its text may hold values of the statement.
        log.error("The database did not answer: %s", type(exc).__name__)
        detail = _("The database does not answer. Nothing was saved.")
        return problem_response(503, "unavailable", detail, headers={"Retry-After": RETRY_SECONDS})
    return None


def _refused(refusal: Refused) -> HttpResponse:
    """A rule said no. Its `errors` go to “errors”, the fields of a stale version to “fields”."""
    by_field: Mapping[str, Any] = getattr(refusal, "errors", None) or {}
    errors = [
        {"field": field, "detail": line} for field, lines in by_field.items() for line in lines
    ]
    more: dict[str, Any] = {"fields": fields} if (fields := getattr(refusal, "fields", 0)) else {}
    wait = refusal.retry_after
    more["headers"] = {} if wait is None else {"Retry-After": str(wait)}
    return problem_response(refusal.status, refusal.code, refusal.message, errors=errors, **more)


def _api_exception(exc: exceptions.APIException) -> HttpResponse:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    if isinstance(exc, BadInput):
        return problem_response(400, exc.default_code, str(exc.detail), errors=exc.errors)
    if isinstance(exc, exceptions.ValidationError):
        return problem_response(400, "invalid", errors=_field_errors(exc.detail))
    code = str(exc.default_code)
    if isinstance(exc, exceptions.ParseError):
        code = "unreadable"
    detail = "" if isinstance(exc, exceptions.NotFound) else str(exc.detail)
    more = getattr(exc, "more", {})  # further members, such as those of a tombstone
    return problem_response(exc.status_code, code, detail, headers=headers, **more)


def _field_errors(detail: Any, field: str = "") -> list[dict[str, str]]:
    """DRF's nested errors as a flat list; nested fields are joined by dots."""
    if isinstance(detail, Mapping):
        return [
            error
            for name, inner in detail.items()
            for error in _field_errors(inner, f"{field}.{name}".strip("."))
        ]
    if isinstance(detail, list | tuple):
        return [error for inner in detail for error in _field_errors(inner, field)]
    return [{"field": field, "detail": str(detail)}]
