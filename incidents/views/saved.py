"""The address of a saved export: for programs that can send nothing but an address."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents import saving
from incidents.errors import WrongState
from incidents.exports import MEDIA_TYPES

# The address is the key: no cache keeps the answer, no page reads it elsewhere, no link from
# it tells where it came from, no search engine lists it.
GUARDS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@require_safe
def saved(request: HttpRequest, pk: uuid.UUID, secret: str, ending: str) -> HttpResponseBase:
    """404 for whatever is not exactly this address, 410 once it is revoked."""
    export = saving.find(pk, secret)
    if export is None or export.format != ending:
        raise Http404
    if not saving.usable(export):
        return _over(request)
    try:
        pieces = saving.pieces(export)
    except WrongState as refused:
        return _over(request, str(refused))
    saving.touch(export)
    headers = GUARDS | {"Content-Disposition": f'attachment; filename="dauys-export.{ending}"'}
    kind = MEDIA_TYPES[export.format]
    if request.method == "HEAD":
        return HttpResponse(content_type=kind, headers=headers)
    return StreamingHttpResponse(pieces, content_type=kind, headers=headers)


def _over(request: HttpRequest, reason: str = "") -> HttpResponse:
    answer = render(request, "incidents/public/export_over.html", {"reason": reason}, status=410)
    for name, value in GUARDS.items():
        answer[name] = value
    return answer
