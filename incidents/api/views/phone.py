"""What an enrolled phone asks for, and the door for its envelopes."""

import re
import uuid
from typing import Any, ClassVar

from django.http import Http404
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import Endpoint, read_body
from incidents import arriving
from incidents.api import documented_phone

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Envelopes(Endpoint):
    """Anybody may carry an envelope: who sealed it is in its signature. No session is read."""

    authentication_classes: ClassVar[list[Any]] = []
    permission_classes = [AllowAny]
    documented: ClassVar = documented_phone.ENVELOPES

    def put(self, request: Request, key: str) -> Response:
        if not UUID.fullmatch(key):
            raise Http404
        if request.content_type.partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType(request.content_type)
        arrived = arriving.arrive(
            read_body(request._request),
            item=uuid.UUID(key),
            sent_clock=arriving.read_clock(request.headers.get("Dauys-Clock", "")),
        )
        return Response(arrived.receipt, status=201 if arrived.created else 200)
