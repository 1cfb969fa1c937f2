"""A file that is made in the background, as its reader is told of it."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from incidents import exporting
from incidents.codebook import dumps
from incidents.models import Export
from incidents.vocabulary import ExportStage

ASK_AGAIN = 5  # seconds


def export_answer(request: Request, export: Export, *, status: int = 200) -> HttpResponse:
    """Its state, and while there is one a link to the file. Not cached: the next may differ."""
    at = request.build_absolute_uri(reverse("api-export", args=[export.pk]))
    headers = {"Cache-Control": "no-store", "Location": at}
    if export.stage in exporting.UNFINISHED:
        headers["Retry-After"] = str(ASK_AGAIN)
    return HttpResponse(
        dumps(_told(request, export, at)),
        status=status,
        content_type="application/json",
        headers=headers,
    )


def _told(request: Request, export: Export, at: str) -> dict[str, Any]:
    done = export.stage == ExportStage.DONE
    link = reverse("api-export-file", args=[exporting.link(export)]) if done else ""
    return {
        "id": str(export.pk),
        "url": at,
        "status": export.stage,
        "format": "xlsx",
        "rows_done": export.rows_done,
        "rows_total": export.rows_total,
        "query": export.query,
        "created_at": export.created_at.isoformat(timespec="seconds"),
        "expires_at": export.expires_at.isoformat(timespec="seconds"),
        "data_version": export.data_version if done else None,
        "size": export.size if done else None,
        "sha256": export.sha256 if done else None,
        "download": request.build_absolute_uri(link) if done else None,
    }
