"""Frozen archives of everything published: which there are, and the files."""

import base64
import re
from typing import Any, ClassVar

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import LICENCE, PAGING, PublicRead, not_modified
from elections.keyset import Key
from elections.querysets import THE_WORLD
from incidents import snapshots
from incidents.api import shaping
from incidents.api.documented_snapshots import SNAPSHOTS as DOCUMENTED
from incidents.models import Snapshot
from incidents.snapshots.counting import in_utc

# The day, perhaps with a data version; anything else is no name of a snapshot.
NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(-[0-9]{1,19})?")
NEWEST = (Key("created_at", descending=True), Key("name", descending=True))
ZIP = "application/zip"


class WithdrawnSnapshot(APIException):
    """410: that there was one, why it went, what to read instead. Its digest finds old copies."""

    status_code = 410
    default_code = "withdrawn"

    def __init__(self, snapshot: Snapshot, request: Request) -> None:
        super().__init__(_("This snapshot was withdrawn. Delete your copy of it."))
        told = ("name", "data_version", "sha256", "withdrawn_at", "reason", "superseded_by")
        whole = _row(snapshot, request)
        self.more = {name: whole[name] for name in told}


class OfSnapshots(PublicRead):
    bucket = "prepared"
    documented: ClassVar = DOCUMENTED

    def found(self, name: str) -> Snapshot:
        """Raises WithdrawnSnapshot, asked at each request: a withdrawal holds from its commit."""
        if not NAME.fullmatch(name):
            raise Http404
        rows = Snapshot.objects.visible_to(THE_WORLD).select_related("superseded_by")
        snapshot: Snapshot = get_object_or_404(rows, name=name)
        if snapshot.state != "built":
            raise WithdrawnSnapshot(snapshot, self.request)
        return snapshot


class Snapshots(OfSnapshots):
    query_params: ClassVar = {"list": PAGING, "retrieve": ()}

    def list(self, request: Request) -> Response:
        rows = Snapshot.objects.visible_to(THE_WORLD).select_related("superseded_by")
        return self.listing(rows, NEWEST, lambda one: _row(one, request))

    def retrieve(self, request: Request, name: str) -> Response:
        snapshot = self.found(name)
        with translation.override("en"):
            cited = snapshots.citation(snapshot.data_version, in_utc(snapshot.data_at))
        return Response(
            {
                **_row(snapshot, request),
                "licence": LICENCE,
                "citation": f"{cited} SHA-256 {snapshot.sha256}.",
                "retracted_since": snapshots.retracted_since(snapshot),
            }
        )


class ZipRenderer(shaping.FileRenderer):
    media_type = ZIP
    format = "zip"


class SnapshotFile(OfSnapshots):
    renderer_classes = [*shaping.DEFAULT_RENDERERS, ZipRenderer]
    query_params: ClassVar = {"fetch": ()}

    def fetch(self, request: Request, name: str) -> HttpResponseBase:
        snapshot = self.found(name)
        called = f"dauys-{snapshot.name}.zip"
        headers = {
            "ETag": f'"{snapshot.sha256}"',
            # Kept by anybody, and asked for before it is given on: it may be withdrawn.
            "Cache-Control": "public, no-cache",
            "Repr-Digest": f"sha-256=:{_encoded(snapshot.sha256)}:",
            "Content-Disposition": f'attachment; filename="{called}"',
            "Content-Length": str(snapshot.size),
        }
        if unchanged := not_modified(request, headers["ETag"]):
            return unchanged
        file = snapshots.opened(snapshot)
        if request.method == "HEAD":
            file.close()
            return HttpResponse(content_type=ZIP, headers=headers)
        return FileResponse(
            file, as_attachment=True, filename=called, content_type=ZIP, headers=headers
        )


def _encoded(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def _row(snapshot: Snapshot, request: Request) -> dict[str, Any]:
    built, instead = snapshot.state == "built", snapshot.superseded_by
    place = reverse("api-snapshot-file", args=[snapshot.name])
    return {
        "name": snapshot.name,
        "state": snapshot.state,
        "data_version": snapshot.data_version,
        "data_as_of": _time(snapshot.data_at),
        "created_at": _time(snapshot.created_at),
        "incidents": snapshot.rows,
        "size": snapshot.size,
        "sha256": snapshot.sha256,
        "codebook": snapshot.codebook,
        "withdrawn_at": _time(snapshot.withdrawn_at),
        "reason": snapshot.why or None,
        "superseded_by": instead and request.build_absolute_uri(instead.get_absolute_url()),
        "url": request.build_absolute_uri(snapshot.get_absolute_url()),
        "file": request.build_absolute_uri(place) if built else None,
    }


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
