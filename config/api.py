"""Version 1 of the API, put together from the apps, and its own description."""

from functools import cache
from typing import Any, ClassVar

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import include, path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from config.problems import KINDS, PAGE, Kind, problem_response
from elections.api.base import Operation, PublicRead

OBJECT: dict[str, Any] = {"type": "object"}


class Schema(PublicRead):
    """The same for everybody, and made once: making it takes a second."""

    documented: ClassVar = {"list": Operation("This description", answer=OBJECT, example={})}

    def list(self, request: Request) -> Response:
        return Response(described())


@cache
def described() -> dict[str, Any]:
    generator: Any = SchemaGenerator  # has no types
    with translation.override("en"):  # the first to ask may speak another language
        schema: dict[str, Any] = generator().get_schema(request=None, public=True)
    return schema


class Problems(PublicRead):
    """Where “type” of a problem leads: what happened and what to do."""

    documented: ClassVar = {
        "list": Operation("Kinds of errors", answer=OBJECT, example={"results": []}),
        "retrieve": Operation(
            "One kind of error",
            answer=OBJECT,
            example={"code": "stale", "status": 412, "title": "Somebody else changed this first"},
        ),
    }

    def list(self, request: Request) -> Response:
        return Response({"results": [_told(kind) for kind in KINDS.values()]})

    def retrieve(self, request: Request, code: str) -> Response:
        if code not in KINDS:
            raise Http404
        return Response(_told(KINDS[code]))


def _told(kind: Kind) -> dict[str, Any]:
    return {
        "type": PAGE.format(code=kind.code),
        "code": kind.code,
        "status": kind.status,
        "title": str(kind.title),
        "advice": str(kind.advice),
    }


@csrf_exempt  # it takes nothing: the answer to a form is the same for all
@csp_update({"style-src": [UNSAFE_INLINE]})
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI writes style attributes; no other page may."""
    if request.method not in ("GET", "HEAD"):
        return problem_response(405, headers={"Allow": "GET, HEAD"})
    # Without the request: like all of the API it knows no cookie, nobody's name and one language.
    return HttpResponse(render_to_string("api/docs.html"))


urlpatterns = [
    path("", include("incidents.api.urls")),
    path("", include("elections.api.urls")),
    path("schema/", Schema.as_view({"get": "list"}), name="api-schema"),
    path("docs/", docs, name="api-docs"),
    path("problems/", Problems.as_view({"get": "list"}), name="api-problems"),
    path("problems/<str:code>/", Problems.as_view({"get": "retrieve"}), name="api-problem"),
]
