"""What people say about a report or an incident beside its facts; never public."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident
from incidents.models.report import Report
from incidents.querysets import AnswerQuerySet, OfIncidentQuerySet, QuestionQuerySet


class Note(models.Model):
    """A line in the desk's own thread. It is struck with a reason, never edited or deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField(default=timezone.now)
    text = models.TextField()
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    struck_reason = models.CharField(max_length=500, blank=True)

    objects = OfIncidentQuerySet["Note"].as_manager()

    class Meta:
        ordering = ["written_at", "id"]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.written_at:%Y-%m-%d %H:%M}"


class Question(models.Model):
    """What the desk wants to know of the person who sent a report."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="questions")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    text = models.CharField(max_length=1000)
    # The observer's list showed it; None: not yet fetched.
    shown_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = QuestionQuerySet["Question"].as_manager()

    class Meta:
        ordering = ["asked_at", "id"]

    def __str__(self) -> str:
        return f"{self.report_id} {self.asked_at:%Y-%m-%d %H:%M}"


class Answer(models.Model):
    """The observer's words, as they came. `id` is the sender's, so that twice is once."""

    id = models.UUIDField(primary_key=True)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    received_at = models.DateTimeField(default=timezone.now)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    # A person of the desk has read it; until then it heads the queue.
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = AnswerQuerySet["Answer"].as_manager()

    class Meta:
        ordering = ["received_at", "id"]

    def __str__(self) -> str:
        return f"{self.question_id} {self.received_at:%Y-%m-%d %H:%M}"
