"""Observers send reports and see what became of them; nothing else."""

import re
import uuid
from typing import ClassVar, cast

from django.http import Http404
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import PAGING, Endpoint, read_body
from elections.keyset import Key
from incidents import intake
from incidents.api import documented
from incidents.api.permissions import MaySendReports
from incidents.api.serializers import OwnReportSerializer, ReceiptSerializer
from incidents.models import Report
from incidents.vocabulary import Channel
from observers.models import User

# Phones write upper case; RFC 9562 says both are the same id.
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
NEWEST_FIRST = (Key("received_at", descending=True), Key("id"))


class Reports(Endpoint):
    permission_classes = [MaySendReports]
    query_params: ClassVar = {"list": PAGING, "file": ()}
    documented: ClassVar = documented.REPORTS

    def list(self, request: Request) -> Response:
        own = Report.objects.visible_to(request.user).filter(author=request.user.pk)
        return self.listing(own, NEWEST_FIRST, OwnReportSerializer().to_representation)

    def file(self, request: Request, key: str) -> Response:
        """The bytes go to intake as they came: what cannot be understood is kept there."""
        if not UUID.fullmatch(key):
            raise Http404
        if request.content_type.partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType(request.content_type)
        receipt = intake.file_report(
            by=cast(User, request.user),  # the permission let nobody else in
            report_id=uuid.UUID(key),
            raw=read_body(request._request),
            channel=Channel.API,
        )
        status = 201 if receipt.created else 200
        return Response(ReceiptSerializer(receipt.report).data, status=status)
