"""Observers send reports and see what became of them; nothing else."""

import re
import uuid
from typing import Any, ClassVar, cast

from django.db.models import Count, Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import PAGING, Endpoint, read_body
from elections.keyset import Key
from incidents import codebook, intake, workflow
from incidents.api import documented, documented_phone
from incidents.api.own import (
    LABELS,
    AnswerReceiptSerializer,
    OwnReportSerializer,
    read_answer,
    receipt_of,
)
from incidents.api.permissions import MaySendReports
from incidents.errors import Invalid
from incidents.models import Answer, Question, Report
from incidents.vocabulary import Channel
from observers.authentication import DeviceAuthentication
from observers.models import Device, User

# Phones write upper case; RFC 9562 says both are the same id.
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
NEWEST_FIRST = (Key("received_at", descending=True), Key("id"))


class OwnReports(Endpoint):
    """The one list that a phone may read, too: by signing the request."""

    authentication_classes = [*Endpoint.authentication_classes, DeviceAuthentication]
    permission_classes = [MaySendReports]
    query_params: ClassVar = {"list": (*PAGING, LABELS)}
    documented: ClassVar = documented_phone.OWN_REPORTS

    def list(self, request: Request) -> Response:
        """Listing a question is showing it: the desk learns that it arrived."""
        asked = Question.objects.visible_to(request.user).filter(withdrawn_at=None)
        answers = Answer.objects.visible_to(request.user)
        rows = own_reports(request).select_related("election")
        if isinstance(request.auth, Device):
            rows = rows.filter(election=request.auth.election_id)
        rows = rows.prefetch_related(
            Prefetch("questions", asked.prefetch_related(Prefetch("answers", answers)))
        ).annotate(arrived=Count("evidence", distinct=True))
        shown: list[Question] = []
        serializer = OwnReportSerializer(context={"labels": self.query["labels"]})

        def render(report: Report) -> dict[str, Any]:
            shown.extend(report.questions.all())
            return serializer.to_representation(report)

        answer = self.listing(rows, NEWEST_FIRST, render)
        workflow.mark_questions_shown(shown)
        return answer


def own_reports(request: Request) -> "QuerySet[Report, Report]":
    return Report.objects.visible_to(request.user).filter(author=request.user.pk)


class Reports(Endpoint):
    permission_classes = [MaySendReports]
    query_params: ClassVar = {"file": (), "answer": ()}
    documented: ClassVar = documented.REPORTS

    def answer(self, request: Request, key: uuid.UUID) -> Response:
        report = get_object_or_404(own_reports(request), pk=key)
        given = read_answer(request.data)
        asked = Question.objects.visible_to(request.user).filter(report=report)
        question = asked.select_related("report").filter(pk=given["question"]).first()
        if question is None:
            raise Invalid({"question": [_("This report has no such question.")]})
        receipt = workflow.answer(
            question,
            by=cast(User, request.user),
            answer_id=given["id"],
            text=given["text"],
            channel=Channel.API,
        )
        status = 201 if receipt.created else 200
        return Response(AnswerReceiptSerializer(receipt.answer).data, status=status)

    def file(self, request: Request, key: str) -> HttpResponse:
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
        return HttpResponse(
            codebook.dumps(receipt_of(receipt.report)),
            status=201 if receipt.created else 200,
            content_type="application/json",
        )
