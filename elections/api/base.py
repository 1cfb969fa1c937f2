"""What every endpoint of the API is made of: strict queries, one envelope, cursors, ETags.

It lives on the lowest floor because each app has its own endpoints and none may import upward.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from rest_framework import viewsets
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.limiting import HEADERS, Limited
from elections.api.refusals import BadBody, BadInput, BadQuery, TooLarge, read_body
from elections.filtering import StrictFilterSet
from elections.keyset import BadCursor, Key, Page, walk
from elections.strict import Fault, Param, check_names, read_params

__all__ = [
    "PAGING",
    "BadBody",
    "BadInput",
    "BadQuery",
    "Endpoint",
    "Operation",
    "PublicRead",
    "TooLarge",
    "data_version",
    "etag",
    "not_modified",
    "read_body",
]
R = TypeVar("R")
LICENCE = "CC-BY-4.0"
LIMIT = Param(
    "limit",
    "integer",
    "Rows on a page, at most 1000. More is refused, not cut.",
    minimum=1,
    maximum=1000,
    default=100,
    example="50",
)
CURSOR = Param(
    "cursor", about="Where the page begins: taken from `next` or `previous` of another page."
)
COUNT = Param("count", "boolean", "Also say how many rows there are in all.", default=False)
PAGING = (LIMIT, CURSOR, COUNT)
# They change how rows are shown or how many, not which list is walked.
NOT_BINDING = frozenset({"cursor", "limit", "count", "fields", "labels", "format", "bom", "hxl"})
CORS = {"Access-Control-Allow-Origin": "*"}
CORS_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def data_version() -> int:
    """The newest public change (0 when there is none yet). The app that has changes tells it."""
    version: int = import_string(settings.API_DATA_VERSION)()
    return version


def etag(*parts: object) -> str:
    """A strong tag over what an answer is made of."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def not_modified(request: Request, tag: str) -> HttpResponseBase | None:
    """304 (or 412) if the client's conditions say so, before any row is read."""
    return get_conditional_response(request._request, etag=tag)


@dataclass(frozen=True)
class Operation:
    """What the documentation says of one action, beyond its parameters.

    `answer` and `body` are serializers, or JSON Schemas as dicts. `rows`: the answer is a list in
    the envelope. `files`: further media types of the answer; the only ones where there is no
    `answer`. `also`: further statuses it can end with, problems all of them but those below 400.
    `example`: a whole body; of a list, one row.
    """

    summary: str = ""
    answer: Any = None
    body: Any = None
    rows: bool = False
    example: Any = None
    body_example: Any = None
    success: tuple[int, ...] = (200,)
    files: tuple[str, ...] = ()
    also: Mapping[int, str] = field(default_factory=dict)


class Endpoint(Limited, viewsets.ViewSet):
    """Closed by default (the permission of the settings), strict about its query.

    `query_params` says for each action which parameters it knows; the values, read and checked,
    are in `self.query` before the action runs. `filters` names the FilterSet of an action, whose
    parameters are known, too; the action reads them with `elections.filtering.parse`.
    """

    query_params: ClassVar[Mapping[str, tuple[Param, ...]]] = {}
    filters: ClassVar[Mapping[str, type[StrictFilterSet]]] = {}
    documented: ClassVar[Mapping[str, Operation]] = {}
    query: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action in {None, "metadata"}:  # 405 and OPTIONS look at no query
            return
        params = self.query_params.get(self.action, ())
        known = {param.name: param.many for param in params}
        if self.action in self.filters:
            known |= self.filters[self.action].known()
        faults = check_names(request.query_params, known)
        self.query, unclear = read_params(request.query_params, params)
        if faults or unclear:
            raise BadQuery(faults + unclear)

    def check_permissions(self, request: Request) -> None:
        """OPTIONS tells the methods only, which the description tells everybody anyway."""
        if request.method != "OPTIONS":
            super().check_permissions(request)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    # --- lists ----------------------------------------------------------------------------

    def binding(self) -> str:
        """The list and its filters, as a cursor is bound to them."""
        chosen = sorted(
            (name, sorted(values))
            for name, values in self.request.query_params.lists()
            if name not in NOT_BINDING
        )
        return json.dumps([self.request.path, chosen])

    def page(self, rows: QuerySet[Any, Any], keys: Sequence[Key]) -> Page[Any]:
        """One page of `rows` after `cursor` and `limit` of the query. Raises BadQuery."""
        return self.page_by(partial(walk, rows, keys=keys))

    def page_by(self, walking: Callable[..., Page[R]]) -> Page[R]:
        """The page that `walking` finds for limit, cursor and binding. Raises BadQuery."""
        try:
            return walking(
                limit=self.query["limit"], cursor=self.query["cursor"], binding=self.binding()
            )
        except BadCursor as error:
            detail = _("This cursor does not belong to this list and these filters.")
            raise BadQuery([Fault("cursor", detail)]) from error

    def link(self, cursor: str | None) -> str | None:
        """This URL at another place of the list."""
        if cursor is None:
            return None
        pairs = [
            (name, value)
            for name, values in self.request.query_params.lists()
            for value in values
            if name != "cursor"
        ]
        path = f"{self.request.path}?{urlencode([*pairs, ('cursor', cursor)])}"
        return self.request.build_absolute_uri(path)

    def meta(self, filters: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        version = more.pop("data_version", None)
        return {
            "data_version": data_version() if version is None else version,
            "licence": LICENCE,
            "filters_applied": dict(filters or {}),
        } | more

    def listing(
        self,
        rows: QuerySet[Any, Any],
        keys: Sequence[Key],
        render: Callable[[Any], Any],
        filters: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Response:
        """The envelope of a list, paged. `rows` is already filtered and visible."""
        page = self.page(rows, keys)
        if self.query.get("count"):
            more["count"] = rows.count()
        return self.envelope([render(row) for row in page.rows], page, self.meta(filters, **more))

    def envelope(self, results: list[Any], page: Page[Any], meta: Mapping[str, Any]) -> Response:
        following, preceding = self.link(page.next), self.link(page.previous)
        body = {"results": results, "next": following, "previous": preceding, "meta": meta}
        return Response(body, headers=link_header(following, preceding))


def link_header(following: str | None, preceding: str | None) -> dict[str, str]:
    links = [
        f'<{url}>; rel="{rel}"' for url, rel in ((following, "next"), (preceding, "prev")) if url
    ]
    return {"Link": ", ".join(links)} if links else {}


class PublicRead(Endpoint):
    """What anybody may read, from any web page. A session is neither read nor made here."""

    permission_classes = [AllowAny]
    bucket = "read"

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [
            one
            for one in super().get_authenticators()
            if not isinstance(one, SessionAuthentication)
        ]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        headers = CORS | (CORS_PREFLIGHT if request.method == "OPTIONS" else {})
        for name, value in headers.items():
            answer[name] = value
        answer["Access-Control-Expose-Headers"] = ", ".join(("Link", "Location", "ETag", *HEADERS))
        return answer
