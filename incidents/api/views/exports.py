"""Files of published incidents that are made in the background."""

import uuid
from typing import ClassVar

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from elections.api.base import PublicRead
from incidents import exporting, exports
from incidents.api import shaping, telling
from incidents.api.documented_exports import EXPORTS


class Exports(PublicRead):
    """Whoever knows the random id may ask how far it has come, and have the file."""

    renderer_classes = [*shaping.DEFAULT_RENDERERS, shaping.XLSXRenderer]
    documented: ClassVar = EXPORTS

    def retrieve(self, request: Request, key: uuid.UUID) -> HttpResponseBase:
        export = exporting.find(key)
        if export is None:
            raise Http404
        return telling.export_answer(request, export)

    def file(self, request: Request, signed: str) -> HttpResponseBase:
        export = exporting.follow(signed)
        if export is None:
            raise Http404
        headers = {
            "Content-Disposition": 'attachment; filename="dauys-incidents.xlsx"',
            "Content-Length": str(export.size),
            "ETag": f'"{export.sha256}"',
            "Cache-Control": "no-store",
        }
        media_type = exports.MEDIA_TYPES["xlsx"]
        pieces = exporting.contents(export)
        if request.method == "HEAD":
            return HttpResponse(content_type=media_type, headers=headers)
        return StreamingHttpResponse(pieces, content_type=media_type, headers=headers)
