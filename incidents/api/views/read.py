"""What anybody may read: the published incidents and their feed."""

import uuid
from typing import Any, ClassVar
from urllib.parse import quote

from django.db.models import Q
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import (
    PAGING,
    BadQuery,
    PublicRead,
    etag,
    link_header,
    not_modified,
)
from elections.keyset import order
from elections.models import Election
from elections.querysets import THE_WORLD
from elections.strict import Fault, Param
from incidents import codebook, exports, feed
from incidents.api import documented, shaping
from incidents.api.serializers import VersionSerializer
from incidents.filters import PublicationFilter, chosen_elections, parse
from incidents.models import Publication, PublicationVersion
from incidents.vocabulary import WithdrawReason


class Withdrawn(APIException):
    """410 with a tombstone: reference, dates and reason, no text."""

    status_code = 410
    default_code = "withdrawn"

    def __init__(self, publication: Publication) -> None:
        super().__init__(_("This publication was withdrawn. Remove your copy of its text."))
        self.more = {
            "ref": publication.ref,
            "id": str(publication.id),
            "withdrawn_at": publication.withdrawn_at and publication.withdrawn_at.isoformat(),
            "reason": publication.withdrawn_reason,
            "public_note": publication.public_note or None,
        }


class PublishedRows(PublicRead):
    """A list made of stored documents: a page, or all of it as a file."""

    file_name = "dauys-incidents"

    def answer(self, request: Request, rows: Any, shape: exports.Table) -> HttpResponseBase:
        """`rows` are visible ones; the filters of the query choose among them."""
        filterset = PublicationFilter(request.query_params, rows, request=request)
        parsed = parse(filterset, also=None)
        if parsed.errors:
            raise BadQuery(parsed.errors)
        format_ = self.query["format"] or request.accepted_renderer.format
        self._check_format(format_)
        newest = feed.data_version(self._elections(request, parsed.applied))
        tag = etag(newest, codebook.VERSION, format_, request.build_absolute_uri())
        if unchanged := not_modified(request, tag):
            return unchanged
        keys = filterset.keys
        answer: HttpResponseBase
        if format_ == "json" or {"limit", "cursor"} & set(request.query_params):
            answer = self._page(parsed, keys, shape, format_, newest)
        else:
            answer = self._file(order(parsed.queryset, keys), shape, format_)
        answer["ETag"] = tag
        return answer

    def _check_format(self, format_: str) -> None:
        """What a format cannot hold is refused rather than left out."""
        faults = []
        if self.query["count"] and format_ != "json":
            faults.append(Fault("count", _("Only a JSON page has a place for the count.")))
        if self.query["bom"] and format_ != "csv":
            faults.append(Fault("bom", _("Only CSV begins with a byte order mark.")))
        if faults:
            raise BadQuery(faults)

    @staticmethod
    def _elections(request: Request, applied: dict[str, Any]) -> Any:
        """Those asked for: a change in another election leaves the answer as it was."""
        if not applied.get("election"):
            return None
        return Election.objects.visible_to(THE_WORLD).filter(slug__in=applied["election"])

    def _page(
        self, parsed: Any, keys: Any, shape: exports.Table, format_: str, newest: int
    ) -> HttpResponse:
        names = {key.field for key in keys} | {"document"}
        page = self.page(parsed.queryset.values(*names), keys)
        documents = [row["document"] for row in page.rows]
        body = b"".join(exports.stream(format_, documents, shape=shape, bom=self.query["bom"]))
        following, preceding = self.link(page.next), self.link(page.previous)
        if format_ == "json":
            meta = self.meta(parsed.applied, data_version=newest)
            if self.query["count"]:
                meta["count"] = parsed.queryset.count()
            rest = codebook.dumps({"next": following, "previous": preceding, "meta": meta})
            body = b'{"results":' + body + b"," + rest[1:].encode()
        headers = link_header(following, preceding) | self._file_headers(format_)
        return HttpResponse(body, content_type=exports.MEDIA_TYPES[format_], headers=headers)

    def _file_headers(self, format_: str) -> dict[str, str]:
        if format_ == "json":
            return {}
        return {"Content-Disposition": f'attachment; filename="{self.file_name}.{format_}"'}

    def _file(self, rows: Any, shape: exports.Table, format_: str) -> HttpResponseBase:
        headers = self._file_headers(format_)
        content_type = exports.MEDIA_TYPES[format_]
        if self.request.method == "HEAD":
            return HttpResponse(content_type=content_type, headers=headers)
        self.spend("export")
        pieces = exports.stream(
            format_, exports.rows(rows), shape=shape, bom=bool(self.query["bom"])
        )
        return StreamingHttpResponse(pieces, content_type=content_type, headers=headers)


class Incidents(PublishedRows):
    """Published incidents, from their stored documents: nothing else is here to leak."""

    renderer_classes = [
        *shaping.DEFAULT_RENDERERS,
        shaping.NDJSONRenderer,
        shaping.CSVRenderer,
        shaping.GeoJSONRenderer,
    ]
    query_params: ClassVar = {
        "list": (*PAGING, shaping.FORMAT, shaping.FIELDS, shaping.LABELS, shaping.BOM),
        "retrieve": (shaping.FIELDS, shaping.LABELS),
        "versions": (),
    }
    filters: ClassVar = {"list": PublicationFilter}
    documented: ClassVar = documented.INCIDENTS

    def list(self, request: Request) -> HttpResponseBase:
        shape = shaping.shape_of(self.query, request)
        return self.answer(request, Publication.objects.visible_to(THE_WORLD), shape)

    def retrieve(self, request: Request, key: str) -> HttpResponseBase:
        publication = self._published(key)
        if not publication.live:
            return self._moved(publication)
        tag = etag(publication.last_seq, codebook.VERSION, request.build_absolute_uri())
        if unchanged := not_modified(request, tag):
            return unchanged
        text = shaping.shape_of(self.query, request).text(publication.document)
        headers = {"ETag": tag, "Link": f'<{_licence_url(publication.licence)}>; rel="license"'}
        return HttpResponse(text.encode(), content_type="application/json", headers=headers)

    def versions(self, request: Request, key: str) -> HttpResponseBase:
        publication = self._published(key)
        if not publication.live:
            return self._moved(publication)
        rows = PublicationVersion.objects.visible_to(THE_WORLD).filter(publication=publication)
        return Response(
            {
                "results": VersionSerializer(rows, many=True).data,
                "next": None,
                "previous": None,
                "meta": self.meta(),
            }
        )

    def _published(self, key: str) -> Publication:
        """By reference, in any case of letters, or by id; withdrawn ones too."""
        try:
            wanted = Q(id=uuid.UUID(key))
        except ValueError:
            wanted = Q(ref=key.upper())
        rows = Publication.objects.visible_to(THE_WORLD, withdrawn=True)
        return get_object_or_404(rows, wanted)

    def _moved(self, publication: Publication) -> HttpResponse:
        """308 to the survivor of a merge. Raises Withdrawn when there is none to read."""
        into = publication.merged_into_ref
        seen = Publication.objects.visible_to(THE_WORLD, withdrawn=True).filter(ref=into)
        survivor = seen.filter(Q(live=True) | Q(withdrawn_reason=WithdrawReason.MERGED)).first()
        if not into or survivor is None:
            raise Withdrawn(publication)
        name = self.request.resolver_match.view_name  # type: ignore[union-attr]
        url = reverse(name, kwargs={"key": survivor.ref})
        query = self.request.META.get("QUERY_STRING", "")
        body = {"ref": publication.ref, "id": str(publication.id), "merged_into": survivor.ref}
        return HttpResponse(
            codebook.dumps(body),
            status=308,
            content_type="application/json",
            headers={"Location": f"{url}?{query}" if query else url},
        )


def _licence_url(licence: str) -> str:
    known = {"CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/"}
    return known.get(licence, f"https://spdx.org/licenses/{quote(licence)}.html")


class Changes(PublicRead):
    """Follow the published incidents: repeat with `next_since`, for ever."""

    documented: ClassVar = documented.CHANGES
    query_params: ClassVar = {
        "list": (
            Param(
                "since",
                "integer",
                gettext_lazy("Changes after this number; 0 is a full load."),
                maximum=2**63 - 1,
                default=0,
                example="0",
            ),
            PAGING[0],
            Param(
                "election",
                about=gettext_lazy("Short name of the election."),
                many=True,
                example="kz-2021-mazhilis",
            ),
        )
    }

    def list(self, request: Request) -> HttpResponseBase:
        elections = self._elections(request)
        tag = etag(feed.data_version(elections), codebook.VERSION, request.build_absolute_uri())
        since = self.query["since"]
        if unchanged := not_modified(request, tag):
            return unchanged
        batch = feed.since(since, limit=self.query["limit"], viewer=THE_WORLD, elections=elections)
        if since > batch.data_version:
            detail = _("The feed has not come so far: its newest number is %(newest)s.")
            raise BadQuery([Fault("since", detail % {"newest": batch.data_version})])
        rest = {
            "next_since": batch.next_since,
            "has_more": batch.has_more,
            "meta": self.meta(self._applied(), data_version=batch.data_version),
        }
        body = f'{{"results":[{",".join(batch.lines)}],{codebook.dumps(rest)[1:]}'
        return HttpResponse(body.encode(), content_type="application/json", headers={"ETag": tag})

    def _applied(self) -> dict[str, Any]:
        return {n: v for n, v in self.query.items() if n in self.request.query_params}

    def _elections(self, request: Request) -> Any:
        chosen, faults = chosen_elections(self.query, THE_WORLD)
        if faults:
            raise BadQuery(faults)
        return chosen if self.query["election"] else None
