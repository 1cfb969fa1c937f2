"""Files of phones, by tus 1.0 with creation, expiration and checksum; see docs/decisions/0014."""

import base64
import binascii
import json
import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import Endpoint
from incidents import envelopes
from incidents.api import documented_uploads
from incidents.errors import Invalid, Refused
from incidents.evidence import finishing, uploading
from incidents.evidence.uploading import Checksum
from incidents.models import Upload

VERSION = "1.0.0"
PIECE = "application/offset+octet-stream"
ALGORITHMS = {"sha1": 20, "sha256": 32}
DIGITS = 18


class OtherVersion(Refused):
    status = 412
    code = "other_version"

    def __init__(self) -> None:
        super().__init__(_("Send the header “Tus-Resumable: 1.0.0”."))


class Uploads(Endpoint):
    """The envelope is signed and the id cannot be guessed: no session and no token is read."""

    permission_classes = [AllowAny]
    query_params: ClassVar = {"begin": (), "standing": (), "append": ()}
    documented: ClassVar = documented_uploads.UPLOADS

    def get_authenticators(self) -> list[BaseAuthentication]:
        return []

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Tus-Resumable"] = VERSION
        answer["Cache-Control"] = "no-store"
        if answer.status_code in {405, 412} or request.method == "OPTIONS":
            answer["Tus-Version"] = VERSION
        return answer

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        most = envelopes.sealed_size(settings.EVIDENCE_LIMIT)
        return Response(
            status=204,
            headers={
                "Tus-Extension": "creation,expiration,checksum",
                "Tus-Max-Size": str(most),
                "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
            },
        )

    def begin(self, request: Request) -> Response:
        _require_version(request)
        begun = uploading.begin(_envelope(request), length=_number(request, "Upload-Length"))
        upload = finishing.finish(begun.upload)
        place = reverse("api-upload", args=[upload.pk])
        headers = _standing(upload) | {"Location": request.build_absolute_uri(place)}
        return Response(status=201 if begun.created else 200, headers=headers)

    def standing(self, request: Request, key: uuid.UUID) -> Response:
        upload = finishing.finish(_find(request, key))
        return Response(status=200, headers=_standing(upload))

    def append(self, request: Request, key: uuid.UUID) -> Response:
        found = _find(request, key)
        if request.content_type.partition(";")[0].strip().lower() != PIECE:
            raise UnsupportedMediaType(request.content_type)
        upload = uploading.append(
            found,
            offset=_number(request, "Upload-Offset"),
            source=request._request,
            checksum=_checksum(request),
        )
        return Response(status=204, headers=_standing(finishing.finish(upload)))


def _find(request: Request, key: uuid.UUID) -> Upload:
    upload = uploading.find(key)
    if upload is None:
        raise Http404
    _require_version(request)
    return upload


def _require_version(request: Request) -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise OtherVersion


def _standing(upload: Upload) -> dict[str, str]:
    """How far it has come; once it is kept, the receipt."""
    headers = {
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(upload.length),
    }
    if (receipt := finishing.receipt(upload)) is None:
        headers["Upload-Expires"] = _date(upload.touched_at + uploading.KEPT_FOR)
    else:
        headers["Dauys-Receipt"] = base64.b64encode(json.dumps(receipt).encode()).decode()
    return headers


def _date(moment: datetime) -> str:
    return http_date(moment.timestamp())


def _envelope(request: Request) -> bytes:
    """From “Upload-Metadata: envelope <base64>”; other keys are nobody's business."""
    pairs = (pair.split() for pair in request.headers.get("Upload-Metadata", "").split(","))
    given = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    try:
        return base64.b64decode(given["envelope"], validate=True)
    except (KeyError, ValueError):
        message = _("Send “Upload-Metadata: envelope” and the envelope in base64.")
        raise Invalid({"Upload-Metadata": [message]}) from None


def _number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS):
        raise Invalid({name: [_("Send a whole number of bytes in this header.")]})
    return int(text)


def _checksum(request: Request) -> Checksum | None:
    if (text := request.headers.get("Upload-Checksum")) is None:
        return None
    algorithm, _space, encoded = text.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if ALGORITHMS.get(algorithm) != len(digest) or not digest:
        raise Invalid({"Upload-Checksum": [_("Send sha1 or sha256 and the digest in base64.")]})
    return Checksum(algorithm, digest)
