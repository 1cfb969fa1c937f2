"""What an enrolled phone asks for, and the door for its envelopes."""

import re
import uuid
from typing import Any, ClassVar, cast

from allauth.core import ratelimit
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from rest_framework.exceptions import Throttled, UnsupportedMediaType
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import Endpoint, not_modified, read_body
from incidents import arriving, fieldwork
from incidents.api import documented_phone
from incidents.api.own import LABELS, read_enrolment
from incidents.api.permissions import ByPhone
from incidents.api.reference import fingerprint, reference_for
from incidents.vocabulary import Channel
from observers import keys, proving
from observers.authentication import DeviceAuthentication
from observers.models import Device

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Envelopes(Endpoint):
    """Anybody may carry an envelope: who sealed it is in its signature. No session is read."""

    authentication_classes = []
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


class Devices(Endpoint):
    """Before a phone is known: it redeems its invitation, and gets challenges to sign."""

    authentication_classes = []
    permission_classes = [AllowAny]
    documented: ClassVar = documented_phone.DEVICES

    def enrol(self, request: Request) -> Response:
        if not ratelimit.consume(request._request, action="enrol"):
            raise Throttled(60)
        given = read_enrolment(request.data)
        device, created = fieldwork.enrol(given.pop("secret"), channel=Channel.APP, **given)
        return Response(_welcome(device), status=201 if created else 200)

    def challenge(self, request: Request) -> Response:
        """Kept nowhere, here or on the way."""
        said = {"challenge": proving.challenge(), "server_time": timezone.now()}
        return Response(said, headers={"Cache-Control": "no-store"})


def _welcome(device: Device) -> dict[str, Any]:
    election = device.election
    assert election is not None  # noqa: S101 - an invitation is for one
    sealing, receipt = keys.sealing_key(election), keys.receipt_key()
    return {
        "device": str(device.pk),
        "election": election.slug,
        "sealing_key": {"id": sealing.id, "public": keys.to_text(sealing.point)},
        "receipt_key": {"id": receipt.id, "public": keys.to_text(receipt.point)},
    }


class ThisDevice(Endpoint):
    """Compressed: nothing in it is secret and nothing of the request comes back, so its length
    tells nothing."""

    authentication_classes = [DeviceAuthentication, *Endpoint.authentication_classes]
    permission_classes = [ByPhone]
    query_params: ClassVar = {"retrieve": (LABELS,)}
    documented: ClassVar = documented_phone.THIS_DEVICE

    @method_decorator(gzip_page)
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def retrieve(self, request: Request) -> HttpResponseBase:
        reference = reference_for(cast(Device, request.auth), self.query["labels"])
        tag = fingerprint(reference)
        if unchanged := not_modified(request, tag):
            return unchanged
        return Response(reference | {"server_time": timezone.now()}, headers={"ETag": tag})
