"""What partners read: the published incidents with the columns agreed with them.

A resource of its own, so that no cache and no open header of the public one can ever hold it.
"""

from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import PAGING, BadQuery, Endpoint, link_header
from elections.keyset import order
from elections.querysets import THE_WORLD
from elections.strict import Fault, Param
from incidents import agreed, codebook, exports, feed, partnering
from incidents.api import documented_partner, shaping
from incidents.api.permissions import AsPartner
from incidents.exports import labels_in
from incidents.filters import PublicationFilter, parse
from incidents.models import Publication
from incidents.partnering import AgreedShape
from incidents.querysets import partner_memberships
from observers.models import ApiToken, User

FORMAT = Param(
    "format",
    "choice",
    gettext_lazy("The same rows as JSON page, or as file: all rows, or as many as `limit` says."),
    choices=("json", "ndjson", "csv"),
    example="csv",
)
KEPT_NOWHERE = {"Cache-Control": "no-store", "Vary": "Authorization"}


class PartnerIncidents(Endpoint):
    """Each answer is written into a log that the partner and the administrator read."""

    permission_classes = [AsPartner]
    renderer_classes = [
        *shaping.DEFAULT_RENDERERS,
        shaping.NDJSONRenderer,
        shaping.CSVRenderer,
    ]
    query_params: ClassVar = {
        "list": (*PAGING, FORMAT, shaping.FIELDS, shaping.LABELS, shaping.BOM),
        "retrieve": (shaping.FIELDS, shaping.LABELS),
        "columns": (),
    }
    filters: ClassVar = {"list": PublicationFilter}
    documented: ClassVar = documented_partner.INCIDENTS

    def list(self, request: Request) -> HttpResponseBase:
        shape = self._shape()
        filterset = PublicationFilter(request.query_params, self._rows(), request=request)
        parsed = parse(filterset, also=None)
        if parsed.errors:
            raise BadQuery(parsed.errors)
        self._check_elections(parsed.applied.get("election") or [])
        format_ = self.query["format"] or request.accepted_renderer.format
        self._check_format(format_)
        if format_ == "json" or {"limit", "cursor"} & set(request.query_params):
            return self._page(parsed, filterset.keys, shape, format_)
        return self._file(order(parsed.queryset, filterset.keys), shape, format_, parsed.applied)

    def retrieve(self, request: Request, ref: str) -> HttpResponse:
        """Not agreed, not published any more, merged: 404. The public resource says which."""
        shape = self._shape()
        row = get_object_or_404(self._rows().values(*partnering.NEEDED), ref=ref.upper())
        self._note("json", {"ref": ref.upper()}, rows=1, data_version=feed.data_version())
        (document,) = partnering.documents([row], partner=self._partner())
        return HttpResponse(
            shape.text(document).encode(), content_type="application/json", headers=KEPT_NOWHERE
        )

    def columns(self, request: Request) -> Response:
        """What is agreed: no row of an incident, so nothing for the log."""
        body = {
            "version": codebook.VERSION,
            "columns": codebook.as_rows(agreed.AGREED),
            "agreed": self._reach(),
        }
        return Response(body, headers=KEPT_NOWHERE)

    def _partner(self) -> User:
        return cast(User, self.request.user)  # the permission let nobody else in

    def _rows(self) -> Any:
        return Publication.objects.visible_to(THE_WORLD).agreed_with(self._partner())

    def _shape(self) -> AgreedShape:
        names = self.query.get("fields") or list(agreed.BY_NAME)
        shaping.check_columns(names, agreed.BY_NAME)
        language = self.query.get("labels")
        chosen = tuple(column for column in agreed.ALL if column.name in set(names))
        return AgreedShape(chosen, labels_in(language) if language else None)

    def _reach(self) -> dict[str, Any]:
        """As far as membership and token go together."""
        held = partner_memberships(self._partner())
        token = cast(ApiToken, self.request.auth)
        regions = None if token.only_regions is None else sorted(token.only_regions)
        named = dict(token.regions.values_list("pk", "code")) if regions else {}
        return {
            "elections": [
                {
                    "election": one.election.slug,
                    "regions": sorted(region.code for region in one.regions.all()) or None,
                }
                for one in held
                if one.election
            ],
            "token_regions": regions and sorted(named.values()),
            "expires_at": token.expires_at.isoformat(timespec="seconds"),
        }

    def _check_elections(self, slugs: Any) -> None:
        """No rows would read as “nothing happened there”."""
        held = {one.election.slug for one in partner_memberships(self._partner()) if one.election}
        if outside := sorted(set(slugs) - held):
            said = _("You and this token are not agreed for: %(names)s.")
            raise PermissionDenied(said % {"names": ", ".join(outside)})

    def _check_format(self, format_: str) -> None:
        faults = []
        if self.query["count"] and format_ != "json":
            faults.append(Fault("count", _("Only a JSON page has a place for the count.")))
        if self.query["bom"] and format_ != "csv":
            faults.append(Fault("bom", _("Only CSV begins with a byte order mark.")))
        if faults:
            raise BadQuery(faults)

    def _page(self, parsed: Any, keys: Any, shape: AgreedShape, format_: str) -> HttpResponse:
        names = {key.field for key in keys} | set(partnering.NEEDED)
        page = self.page(parsed.queryset.values(*names), keys)
        newest = feed.data_version()
        self._note(format_, parsed.applied, rows=len(page.rows), data_version=newest)
        documents = partnering.documents(page.rows, partner=self._partner())
        body = b"".join(exports.stream(format_, documents, shape=shape, bom=self.query["bom"]))
        following, preceding = self.link(page.next), self.link(page.previous)
        if format_ == "json":
            meta = self.meta(parsed.applied, data_version=newest, agreed=self._reach())
            if self.query["count"]:
                meta["count"] = parsed.queryset.count()
            rest = codebook.dumps({"next": following, "previous": preceding, "meta": meta})
            body = b'{"results":' + body + b"," + rest[1:].encode()
        headers = link_header(following, preceding) | self._headers(format_)
        return HttpResponse(body, content_type=exports.MEDIA_TYPES[format_], headers=headers)

    def _file(
        self, rows: Any, shape: AgreedShape, format_: str, applied: dict[str, Any]
    ) -> HttpResponseBase:
        headers, kind = self._headers(format_), exports.MEDIA_TYPES[format_]
        if self.request.method == "HEAD":
            return HttpResponse(content_type=kind, headers=headers)
        self._note(format_, applied, rows=rows.count(), data_version=feed.data_version())
        documents = partnering.stream(rows, partner=self._partner())
        pieces = exports.stream(format_, documents, shape=shape, bom=bool(self.query["bom"]))
        return StreamingHttpResponse(pieces, content_type=kind, headers=headers)

    @staticmethod
    def _headers(format_: str) -> dict[str, str]:
        if format_ == "json":
            return KEPT_NOWHERE
        name = f'attachment; filename="dauys-partner-incidents.{format_}"'
        return {"Content-Disposition": name, **KEPT_NOWHERE}

    def _note(self, format_: str, applied: Any, *, rows: int, data_version: int) -> None:
        partnering.note_access(
            cast(ApiToken, self.request.auth),
            resource="partner/incidents",
            format_=format_,
            filters=applied,
            rows=rows,
            data_version=data_version,
        )
