"""What anybody may read: the published incidents and their feed."""

import uuid
from collections.abc import Sequence
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
from elections.keyset import Page, order
from elections.querysets import THE_WORLD
from elections.strict import Fault, Param
from incidents import codebook, exporting, exports, feed
from incidents.api import documented, shaping, telling
from incidents.api.serializers import VersionSerializer
from incidents.filters import PublicationFilter, chosen_elections, parse
from incidents.models import Publication, PublicationVersion
from incidents.sheets import NOTHING
from incidents.vocabulary import WithdrawReason

# Made once: it holds no row and no time, each request narrows a copy.
PUBLISHED = Publication.objects.visible_to(THE_WORLD)


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
        chosen = filterset.election_ids if "election" in parsed.applied else None
        newest = feed.data_version(chosen)
        tag = etag(newest, codebook.VERSION, format_, request.build_absolute_uri())
        if unchanged := not_modified(request, tag):
            return unchanged
        answer: HttpResponseBase
        if format_ == "json" or {"limit", "cursor"} & set(request.query_params):
            answer = self._page(parsed, filterset, shape, format_, newest)
        else:
            form = self._form(parsed, format_, newest)
            answer = self._file(order(parsed.queryset, filterset.keys), shape, format_, form)
        if answer.status_code == 200:
            answer["ETag"] = tag
        return answer

    def _check_format(self, format_: str) -> None:
        """What a format cannot hold is refused rather than left out."""
        faults = []
        if self.query["count"] and format_ != "json":
            faults.append(Fault("count", _("Only a JSON page has a place for the count.")))
        if self.query["bom"] and format_ != "csv":
            faults.append(Fault("bom", _("Only CSV begins with a byte order mark.")))
        if self.query.get("hxl") and format_ not in {"csv", "xlsx"}:
            faults.append(Fault("hxl", _("Only CSV and XLSX have a row for hashtags.")))
        if faults:
            raise BadQuery(faults)

    def _page(
        self,
        parsed: Any,
        filterset: PublicationFilter,
        shape: exports.Table,
        format_: str,
        newest: int,
    ) -> HttpResponse:
        """By an index if there is one for what is asked; the rows and cursors are the same."""
        if walk := filterset.walk:
            page = self.page_by(walk.page)
        else:
            names = {key.field for key in filterset.keys} | {"document"}
            whole = self.page(parsed.queryset.values(*names), filterset.keys)
            documents = [row["document"].encode("utf-8", "replace") for row in whole.rows]
            page = Page(documents, whole.next, whole.previous)
        if format_ == "json" and isinstance(shape, exports.Shape) and shape.whole:
            body = b"[%b]" % b",".join(page.rows)
        else:
            texts = [document.decode() for document in page.rows]
            form = self._form(parsed, format_, newest)
            body = b"".join(exports.stream(format_, texts, shape=shape, **form))
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

    def _form(self, parsed: Any, format_: str, newest: int) -> dict[str, Any]:
        """What `exports.stream` and `exports.file` take beside rows and shape."""
        form = {name: bool(self.query.get(name)) for name in ("bom", "hxl")}
        about = exporting.about(parsed.applied, newest) if format_ == "xlsx" else NOTHING
        return {**form, "about": about}

    def _file(
        self, rows: Any, shape: exports.Table, format_: str, form: dict[str, Any]
    ) -> HttpResponseBase:
        headers = self._file_headers(format_)
        content_type = exports.MEDIA_TYPES[format_]
        if self.request.method == "HEAD":
            return HttpResponse(content_type=content_type, headers=headers)
        self.spend("export")
        if format_ == "xlsx" and (total := self._too_many(rows)):
            return self._later(total)
        pieces = exports.file(format_, rows, shape=shape, **form)
        return StreamingHttpResponse(pieces, content_type=content_type, headers=headers)

    @staticmethod
    def _too_many(rows: Any) -> int:
        """How many, when they are more than anybody would wait for; else 0."""
        most = exporting.MOST_AT_ONCE
        if rows.order_by()[: most + 1].count() <= most:
            return 0
        return int(rows.order_by().count())

    def _later(self, total: int) -> HttpResponseBase:
        """202: the clock makes it. The same rows asked for again are the same file."""
        export = exporting.ask(dict(self.request.query_params.lists()), total)
        return telling.export_answer(self.request, export, status=202)


class Incidents(PublishedRows):
    """Published incidents, from their stored documents: nothing else is here to leak."""

    renderer_classes = [
        *shaping.DEFAULT_RENDERERS,
        shaping.NDJSONRenderer,
        shaping.CSVRenderer,
        shaping.GeoJSONRenderer,
        shaping.XLSXRenderer,
    ]
    query_params: ClassVar = {
        "list": (
            *PAGING,
            shaping.FORMAT,
            shaping.FIELDS,
            shaping.LABELS,
            shaping.BOM,
            shaping.HXL,
        ),
        "retrieve": (shaping.FIELDS, shaping.LABELS),
        "versions": (),
    }
    filters: ClassVar = {"list": PublicationFilter}
    documented: ClassVar = documented.INCIDENTS

    def list(self, request: Request) -> HttpResponseBase:
        shape = shaping.shape_of(self.query, request)
        return self.answer(request, PUBLISHED, shape)

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
        elections = self._elections()
        tag = etag(feed.data_version(elections), codebook.VERSION, request.build_absolute_uri())
        since = self.query["since"]
        if unchanged := not_modified(request, tag):
            return unchanged
        batch = feed.since(since, limit=self.query["limit"], elections=elections)
        if since > batch.data_version:
            detail = _("The feed has not come so far: its newest number is %(newest)s.")
            raise BadQuery([Fault("since", detail % {"newest": batch.data_version})])
        rest = {
            "next_since": batch.next_since,
            "has_more": batch.has_more,
            "meta": self.meta(self._applied(), data_version=batch.data_version),
        }
        rest_of_it = codebook.dumps(rest)[1:].encode()
        body = b'{"results":[%b],%b' % (b",".join(batch.lines), rest_of_it)
        return HttpResponse(body, content_type="application/json", headers={"ETag": tag})

    def _applied(self) -> dict[str, Any]:
        return {n: v for n, v in self.query.items() if n in self.request.query_params}

    def _elections(self) -> Sequence[int] | None:
        if not self.query["election"]:
            return None
        chosen, faults = chosen_elections(self.query, THE_WORLD)
        if faults:
            raise BadQuery(faults)
        return list(chosen.values_list("pk", flat=True))
