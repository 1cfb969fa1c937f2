"""What an observer sends and gets back: receipts and questions, never the words of a report."""

from datetime import UTC
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from elections.strict import Param
from incidents import wording
from incidents.api.serializers import StrictSerializer
from incidents.codebook import LANGUAGES
from incidents.models import Answer, Question, Report
from incidents.vocabulary import ReportState

LABELS = Param(
    "labels", "choice", _("The language of names and questions."), choices=LANGUAGES, default="en"
)


class AnswerReceiptSerializer(serializers.ModelSerializer[Answer]):
    """What the observer gets back: never the words, which the phone may no longer hold."""

    class Meta:
        model = Answer
        fields = ["id", "question", "sha256", "received_at"]
        read_only_fields = fields


class OwnQuestionSerializer(serializers.ModelSerializer[Question]):
    """A question to the observer, and receipts of what they answered."""

    answers = AnswerReceiptSerializer(many=True, read_only=True)

    class Meta:
        model = Question
        fields = ["id", "asked_at", "text", "answers"]
        read_only_fields = fields


class OwnReportSerializer(serializers.ModelSerializer[Report]):
    """Receipt and fate; never the body, which the phone that sent it may no longer hold.

    A report in quarantine looks like one that waits: who holds the phone of an observer must not
    learn from it that the desk has noticed.
    """

    state = serializers.SerializerMethodField(help_text="received, linked or dismissed.")
    fate = serializers.SerializerMethodField(help_text="The same in words.")
    closed_reason = serializers.SerializerMethodField(
        help_text="Why the desk closed it; null while it is open."
    )
    files = serializers.SerializerMethodField(help_text="How many were to come, and came.")
    questions = OwnQuestionSerializer(many=True, read_only=True)
    unresolved = serializers.SerializerMethodField(help_text="Fields the desk has to clarify.")

    class Meta:
        model = Report
        fields = [
            "id",
            "ref",
            "sha256",
            "received_at",
            "state",
            "fate",
            "closed_reason",
            "seen_at",
            "files",
            "unresolved",
            "questions",
        ]
        read_only_fields = fields

    def get_unresolved(self, report: Report) -> list[str]:
        return sorted(report.unresolved)

    def get_state(self, report: Report) -> str:
        return shown_state(report)

    def get_fate(self, report: Report) -> str:
        """In the language that was asked for."""
        with translation.override(self.context.get("labels", "en")):
            return wording.fate(report)

    def get_closed_reason(self, report: Report) -> str | None:
        closed = report.state == ReportState.DISMISSED
        return report.state_reason if closed else None

    def get_files(self, report: Report) -> dict[str, int]:
        arrived: int = getattr(report, "arrived", 0)
        return {"announced": len(report.announced), "arrived": arrived}


def shown_state(report: Report) -> str:
    quarantined = report.state == ReportState.QUARANTINED
    return ReportState.RECEIVED.value if quarantined else report.state


LATER = frozenset({"fate", "closed_reason", "seen_at", "files", "questions"})


class ReceiptSerializer(OwnReportSerializer):
    """Without what the desk adds: a repeat gets the same receipt until the desk acts."""

    fate = closed_reason = files = questions = None  # type: ignore[assignment]

    class Meta(OwnReportSerializer.Meta):
        fields = [name for name in OwnReportSerializer.Meta.fields if name not in LATER]
        read_only_fields = fields


def receipt_of(report: Report) -> dict[str, Any]:
    """What ReceiptSerializer describes. Put together by hand: thousands ask for it at once."""
    return {
        "id": str(report.id),
        "ref": report.ref,
        "sha256": report.sha256,
        "received_at": report.received_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "state": shown_state(report),
        "unresolved": sorted(report.unresolved),
    }


class StrictText(serializers.CharField):
    """Text only: a number that became text would be another number in another program."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class StrictId(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=type(data).__name__)
        return super().to_internal_value(data)


class AnswerBodySerializer(StrictSerializer):
    """An answer under an id of your own; repeat it as often as you like."""

    id = StrictId()
    question = StrictId(help_text="Its id, as your list of reports tells it.")
    text = StrictText(
        trim_whitespace=False, max_length=20_000, help_text="Your answer, in any language."
    )


def read_answer(body: Any) -> dict[str, Any]:
    serializer = AnswerBodySerializer(data=body)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class EnrolmentSerializer(StrictSerializer):
    """What a phone redeems; the secret comes back in no answer."""

    secret = StrictText(max_length=200, help_text="As it stood in the link, or was typed.")
    public_key = StrictText(max_length=200, help_text="P-256, uncompressed, in base64url.")
    label = StrictText(  # type: ignore[assignment]
        max_length=100, allow_blank=True, help_text="What the phone is."
    )


def read_enrolment(body: Any) -> dict[str, Any]:
    serializer = EnrolmentSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
