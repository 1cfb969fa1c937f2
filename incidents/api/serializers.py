"""How rows look in the API, and what a step may be given. Published incidents need none of this:
their document was rendered when they were published."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from elections.api.base import BadBody
from elections.strict import Fault, nearest, shown
from incidents import steps, vocabulary, wording
from incidents.api.conversation import (
    NoteSerializer,
    QuestionSerializer,
    ReferralSerializer,
)
from incidents.codebook import COLUMNS, Column
from incidents.details import DETAIL_SETS
from incidents.models import Event, Incident, OfficialResponse, PublicationVersion, Report
from incidents.transitions import REPORT

LARGEST = 2**31 - 1
REPORT_FIELDS = (
    "id ref election received_at channel author team category text language "
    "occurred_start occurred_end occurred_precision station station_as_typed region "
    "place_words longitude latitude accuracy_m persons_min persons_max persons_words "
    "persons_basis details source told_by danger audience follow_up_of follow_up_kind "
    "sent_clock captured_clock clock_offset_s captured_at clock_quality device device_seq "
    "unresolved sha256 state state_reason seen_at incidents questions"
)
EVENT_FIELDS = "seq at actor channel verb reason before after version report"
RESPONSE_FIELDS = (
    "id issuer office said_on channel quote quote_language translation position claims source link"
)
INCIDENT_FIELDS = (
    "id ref election title category categories_secondary severity verification status "
    "outcome publication station regions regions_at_least place_precision place_words "
    "longitude latitude occurred_start occurred_end occurred_precision occurred_words "
    "phase persons_min persons_max persons_words persons_basis details assignee "
    "merged_into version opened_at changed_at"
)


# --- What the world reads: for the documentation, made from the list of columns ------------


def documented_field(column: Column) -> serializers.Field[Any, Any, Any, Any]:
    # Not required: `fields` may leave any of them out.
    text: dict[str, Any] = {"help_text": column.about["en"], "allow_null": True, "required": False}
    if column.name == "responses":
        return serializers.ListField(child=serializers.DictField(), **text)
    if column.type == "list":
        return serializers.ListField(child=serializers.CharField(), **text)
    if column.type == "object":
        return serializers.DictField(**text)
    if column.type == "integer" or column.vocabulary == "severity":
        return serializers.IntegerField(**text)
    kinds: dict[str, type[serializers.Field[Any, Any, Any, Any]]] = {
        "number": serializers.FloatField,
        "datetime": serializers.DateTimeField,
        "url": serializers.URLField,
    }
    return kinds.get(column.type, serializers.CharField)(**text)


PublishedIncident = type(
    "PublishedIncident",
    (serializers.Serializer,),
    {
        "__doc__": "A published incident: exactly the columns of the codebook.",
        **{column.name: documented_field(column) for column in COLUMNS},
    },
)


class VersionSerializer(serializers.ModelSerializer[PublicationVersion]):
    what_changed = serializers.SerializerMethodField()

    class Meta:
        model = PublicationVersion
        fields = ["version", "published_at", "what_changed"]
        read_only_fields = fields

    def get_what_changed(self, row: PublicationVersion) -> str:
        return wording.what_changed(row.what_changed, returned=row.returned)


# --- The desk ------------------------------------------------------------------------------


SEALED = frozenset(
    field.key for found in DETAIL_SETS.values() for field in found.fields if field.sealed
)


def unsealed(answers: Any) -> Any:
    """Answers without those that only security reads: names, contacts, consent."""
    if not isinstance(answers, dict):
        return answers
    return {key: value for key, value in answers.items() if key not in SEALED}


class _Sealing(serializers.ModelSerializer[Any]):
    """`security_in` of the context: elections whose sealed answers this person may read."""

    def may_read_sealed(self, election: Any) -> bool:
        return election in self.context.get("security_in", ())


class DeskReportSerializer(_Sealing):
    election = serializers.SlugRelatedField[Any]("slug", read_only=True)
    author = serializers.SlugRelatedField[Any]("username", read_only=True)
    team = serializers.StringRelatedField[Any]()
    station = serializers.SlugRelatedField[Any]("code", read_only=True)
    region = serializers.SlugRelatedField[Any]("code", read_only=True)
    incidents = serializers.SlugRelatedField[Any]("ref", many=True, read_only=True)
    questions = QuestionSerializer(many=True, read_only=True)
    details = serializers.SerializerMethodField()
    unresolved = serializers.SerializerMethodField(help_text="Field → as it was typed.")

    class Meta:
        model = Report
        fields = REPORT_FIELDS.split()
        read_only_fields = fields

    def get_details(self, report: Report) -> dict[str, Any]:
        answers: dict[str, Any] = report.details
        return answers if self.may_read_sealed(report.election_id) else unsealed(answers)

    def get_unresolved(self, report: Report) -> dict[str, Any]:
        if self.may_read_sealed(report.election_id):
            return dict(report.unresolved)
        return {
            name: typed
            for name, typed in report.unresolved.items()
            if name.removeprefix("details.") not in SEALED
        }


class EventSerializer(_Sealing):
    actor = serializers.SlugRelatedField[Any]("username", read_only=True)
    report = serializers.SlugRelatedField[Any]("ref", read_only=True)
    before = serializers.SerializerMethodField()
    after = serializers.SerializerMethodField()

    class Meta:
        model = Event
        fields = EVENT_FIELDS.split()
        read_only_fields = fields

    def get_before(self, event: Event) -> dict[str, Any]:
        return self._told(event, event.before)

    def get_after(self, event: Event) -> dict[str, Any]:
        return self._told(event, event.after)

    def _told(self, event: Event, change: dict[str, Any]) -> dict[str, Any]:
        if "details" not in change or self.may_read_sealed(event.election_id):
            return change
        return change | {"details": unsealed(change["details"])}


class ResponseSerializer(serializers.ModelSerializer[OfficialResponse]):
    class Meta:
        model = OfficialResponse
        fields = RESPONSE_FIELDS.split()
        read_only_fields = fields


class DeskIncidentSerializer(_Sealing):
    """One line of the queue."""

    election = serializers.SlugRelatedField[Any]("slug", read_only=True)
    station = serializers.SlugRelatedField[Any]("code", read_only=True)
    regions = serializers.SlugRelatedField[Any]("code", many=True, read_only=True)
    assignee = serializers.SlugRelatedField[Any]("username", read_only=True)
    merged_into = serializers.SlugRelatedField[Any]("ref", read_only=True)
    publication = serializers.SerializerMethodField(help_text="State of the public text.")
    details = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = INCIDENT_FIELDS.split()
        read_only_fields = fields

    def get_publication(self, incident: Incident) -> str:
        draft = getattr(incident, "draft", None)
        return draft.state if draft else "none"

    def get_details(self, incident: Incident) -> dict[str, Any]:
        answers: dict[str, Any] = incident.details
        return answers if self.may_read_sealed(incident.election_id) else unsealed(answers)


class AllowedStepSerializer(serializers.Serializer[Any]):
    step = serializers.CharField(source="name")
    label = serializers.CharField()  # type: ignore[assignment]
    needs = serializers.ListField(child=serializers.CharField())
    warning = serializers.CharField()


class RelationSerializer(serializers.Serializer[Any]):
    """Read from `source`: it is part of, follows, was caused by or contradicts `target`."""

    source = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=vocabulary.RelationKind.choices)
    target = serializers.CharField()
    note = serializers.CharField()


class ChecklistItemSerializer(serializers.Serializer[Any]):
    """What has to be answered before the text is submitted; `answer` empty while it is open."""

    key = serializers.CharField()
    kind = serializers.CharField()
    language = serializers.CharField()
    question = serializers.CharField()
    answer = serializers.CharField()
    reason = serializers.CharField()
    by = serializers.CharField()


class ShakenSerializer(serializers.Serializer[Any]):
    """Something the text rests on that holds no longer."""

    cause = serializers.CharField()
    report = serializers.CharField()
    at = serializers.CharField()


class PublicTextSerializer(serializers.Serializer[Any]):
    """The editor's working copy."""

    state = serializers.ChoiceField(choices=vocabulary.DraftState.choices)
    content = serializers.DictField()
    what_changed = serializers.CharField()
    approved_digest = serializers.CharField()
    embargo_until = serializers.DateTimeField(allow_null=True)
    checklist = ChecklistItemSerializer(many=True)
    shaken = ShakenSerializer(many=True)


class WholeReportSerializer(DeskReportSerializer):
    """A report with the steps you may take. For the documentation."""

    allowed = AllowedStepSerializer(many=True)

    class Meta(DeskReportSerializer.Meta):
        fields = [*REPORT_FIELDS.split(), "allowed"]
        read_only_fields = fields


class WholeIncidentSerializer(DeskIncidentSerializer):
    """An incident with all you may see of it. For the documentation."""

    reports = DeskReportSerializer(many=True)
    relations = RelationSerializer(many=True)
    responses = ResponseSerializer(many=True)
    notes = NoteSerializer(many=True)
    referrals = ReferralSerializer(many=True)
    public_text = PublicTextSerializer(allow_null=True)
    events = EventSerializer(many=True)
    allowed = AllowedStepSerializer(many=True)

    class Meta(DeskIncidentSerializer.Meta):
        fields = [
            *INCIDENT_FIELDS.split(),
            "reports",
            "relations",
            "responses",
            "notes",
            "referrals",
            "public_text",
            "events",
            "allowed",
        ]
        read_only_fields = fields


# --- Steps ---------------------------------------------------------------------------------


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know, naming the nearest: a typo must not be half obeyed."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise BadBody([Fault("", _("Send one JSON object."))])
        faults = []
        for name in set(data) - set(self.fields):
            near = nearest(name, self.fields)
            detail = _("There is no field “%(name)s” here.") % {"name": shown(name)}
            if near:
                detail += " " + _("Did you mean “%(nearest)s”?") % {"nearest": near}
            faults.append(Fault(shown(name), detail, near))
        if faults:
            raise BadBody(sorted(faults, key=lambda fault: fault.parameter))
        return super().to_internal_value(data)


class _StepName(serializers.CharField):
    def __init__(self, known: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known = known

    def to_internal_value(self, data: Any) -> str:
        name = str(super().to_internal_value(data))
        if name not in self.known:
            near = nearest(name, self.known)
            detail = _("There is no step “%(name)s”.") % {"name": shown(name)}
            detail += " " + _("Steps: %(known)s.") % {"known": ", ".join(self.known)}
            raise BadBody([Fault("step", detail, near)])
        return name


def _reason() -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="Why, in words."
    )


class ReportStepSerializer(StrictSerializer):
    """What a step on a report may be given; which of it a step needs, `allowed` says."""

    step = _StepName(list(REPORT))
    reason = _reason()
    incident = serializers.CharField(required=False, help_text="Reference of an incident.")
    title = serializers.CharField(required=False, max_length=200)
    category = serializers.CharField(required=False, max_length=8)
    question = serializers.CharField(
        required=False, max_length=1000, help_text="The words to ask; or the id to take back."
    )


class IncidentStepSerializer(StrictSerializer):
    """What a step on an incident may be given; which of it a step needs, `allowed` says."""

    step = _StepName(steps.names())
    version = serializers.IntegerField(
        min_value=0,
        max_value=LARGEST,
        required=False,
        help_text="The version you are looking at. Only note and strike_note need none.",
    )
    reason = _reason()
    outcome = serializers.CharField(
        required=False,
        max_length=5000,
        help_text=f"Of close: {', '.join(vocabulary.Outcome.values)}. Of a referral: in words.",
    )
    into = serializers.CharField(required=False, help_text="Reference of the surviving incident.")
    grounds = serializers.CharField(required=False, max_length=500)
    fitting_evidence = serializers.BooleanField(required=False)
    changes = serializers.DictField(required=False, help_text="Facts and their new values.")
    severity = serializers.IntegerField(required=False, min_value=1, max_value=4)
    to = serializers.CharField(required=False, help_text="Reference of the related incident.")
    kind = serializers.CharField(
        required=False, help_text="Of a relation; or why it is withdrawn: error or safety."
    )
    response = serializers.DictField(required=False, help_text="What an authority said.")
    content = serializers.DictField(required=False, help_text="Title and summary by language, …")
    what_changed = serializers.CharField(required=False, max_length=500)
    report = serializers.CharField(required=False, max_length=24, help_text="Its reference.")
    independent = serializers.BooleanField(required=False)
    note = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="For the world, of a withdrawal; or the id of the note to strike.",
    )
    text = serializers.CharField(required=False, max_length=10_000, help_text="Of a note.")
    body = serializers.CharField(
        required=False,
        max_length=24,
        help_text=f"To whom it is referred: {', '.join(vocabulary.ReferralBody.values)}.",
    )
    body_name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    sent = serializers.CharField(
        required=False, allow_blank=True, max_length=5000, help_text="What was handed over."
    )
    due_at = serializers.CharField(
        required=False, max_length=40, help_text="Until when the body has to answer."
    )
    referral = serializers.CharField(required=False, max_length=40, help_text="Its id.")
    digest = serializers.CharField(required=False, max_length=64)
    embargo_until = serializers.CharField(required=False, max_length=40)
    checklist = serializers.DictField(
        required=False, help_text="Key of an item -> {“answer”, “reason”}."
    )


def read_step(kind: type[StrictSerializer], body: Any) -> dict[str, Any]:
    """The step and what it was given, checked for form. Raises BadBody or ValidationError."""
    serializer = kind(data=body)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
