"""What an observer sends and gets back: receipts and questions, never the words of a report."""

from typing import Any

from rest_framework import serializers

from incidents.api.serializers import StrictSerializer
from incidents.models import Answer, Question, Report


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
    """Receipt and fate; never the body, which the phone that sent it may no longer hold."""

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
            "seen_at",
            "unresolved",
            "questions",
        ]
        read_only_fields = fields

    def get_unresolved(self, report: Report) -> list[str]:
        return sorted(report.unresolved)


class ReceiptSerializer(OwnReportSerializer):
    """Without what the desk adds: a repeat gets the same receipt until the desk acts."""

    questions = None  # type: ignore[assignment]

    class Meta(OwnReportSerializer.Meta):
        fields = [
            name
            for name in OwnReportSerializer.Meta.fields
            if name not in ("seen_at", "questions")
        ]
        read_only_fields = fields


class _StrictText(serializers.CharField):
    """Text only: a number that became text would be another number in another program."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class _StrictId(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=type(data).__name__)
        return super().to_internal_value(data)


class AnswerBodySerializer(StrictSerializer):
    """An answer under an id of your own; repeat it as often as you like."""

    id = _StrictId()
    question = _StrictId(help_text="Its id, as your list of reports tells it.")
    text = _StrictText(
        trim_whitespace=False, max_length=20_000, help_text="Your answer, in any language."
    )


def read_answer(body: Any) -> dict[str, Any]:
    serializer = AnswerBodySerializer(data=body)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
