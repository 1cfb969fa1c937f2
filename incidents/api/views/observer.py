"""Observers send reports and see what became of them; nothing else."""

import re
import uuid
from typing import Any, ClassVar, cast

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import PAGING, Endpoint, read_body
from elections.keyset import Key
from incidents import intake, workflow
from incidents.api import documented
from incidents.api.own import (
    AnswerReceiptSerializer,
    OwnReportSerializer,
    ReceiptSerializer,
    read_answer,
)
from incidents.api.permissions import MaySendReports
from incidents.errors import Invalid
from incidents.models import Answer, Question, Report
from incidents.vocabulary import Channel
from observers.models import User

# Phones write upper case; RFC 9562 says both are the same id.
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
RECEIPT = ReceiptSerializer()  # one for all: making it costs more than the answer
NEWEST_FIRST = (Key("received_at", descending=True), Key("id"))


class Reports(Endpoint):
    permission_classes = [MaySendReports]
    query_params: ClassVar = {"list": PAGING, "file": (), "answer": ()}
    documented: ClassVar = documented.REPORTS

    def list(self, request: Request) -> Response:
        """Listing a question is showing it: the desk learns that it arrived."""
        asked = Question.objects.visible_to(request.user).filter(withdrawn_at=None)
        answers = Answer.objects.visible_to(request.user)
        own = self._own(request).prefetch_related(
            Prefetch("questions", asked.prefetch_related(Prefetch("answers", answers)))
        )
        shown: list[Question] = []
        serializer = OwnReportSerializer()

        def render(report: Report) -> dict[str, Any]:
            shown.extend(report.questions.all())
            return serializer.to_representation(report)

        answer = self.listing(own, NEWEST_FIRST, render)
        workflow.mark_questions_shown(shown)
        return answer

    def answer(self, request: Request, key: uuid.UUID) -> Response:
        report = get_object_or_404(self._own(request), pk=key)
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

    @staticmethod
    def _own(request: Request) -> "QuerySet[Report, Report]":
        return Report.objects.visible_to(request.user).filter(author=request.user.pk)

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
        return Response(RECEIPT.to_representation(receipt.report), status=status)
