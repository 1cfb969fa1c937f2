"""How notes, questions, answers and referrals look in the API."""

from typing import Any

from rest_framework import serializers

from incidents.models import Answer, Note, Question, Referral


class NoteSerializer(serializers.ModelSerializer[Note]):
    author = serializers.SlugRelatedField[Any]("username", read_only=True)
    struck_by = serializers.SlugRelatedField[Any]("username", read_only=True)

    class Meta:
        model = Note
        fields = ["id", "author", "written_at", "text", "struck_at", "struck_by", "struck_reason"]
        read_only_fields = fields


class AnswerSerializer(serializers.ModelSerializer[Answer]):
    class Meta:
        model = Answer
        fields = ["id", "received_at", "text", "sha256", "seen_at"]
        read_only_fields = fields


class QuestionSerializer(serializers.ModelSerializer[Question]):
    asked_by = serializers.SlugRelatedField[Any]("username", read_only=True)
    answers = AnswerSerializer(many=True, read_only=True)

    class Meta:
        model = Question
        fields = ["id", "asked_by", "asked_at", "text", "shown_at", "withdrawn_at", "answers"]
        read_only_fields = fields


class ReferralSerializer(serializers.ModelSerializer[Referral]):
    referred_by = serializers.SlugRelatedField[Any]("username", read_only=True)
    completed_by = serializers.SlugRelatedField[Any]("username", read_only=True)

    class Meta:
        model = Referral
        fields = [
            "id",
            "body",
            "body_name",
            "sent",
            "referred_by",
            "referred_at",
            "due_at",
            "outcome",
            "completed_by",
            "completed_at",
        ]
        read_only_fields = fields
