"""The operations room: both queues, one incident with all that hangs on it, and every step."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from elections.api.base import PAGING, BadBody, BadInput, BadQuery, Endpoint
from elections.filtering import StrictFilterSet
from elections.strict import Fault
from incidents import publishing, shaking, steps, workflow
from incidents.api import documented
from incidents.api.conversation import NoteSerializer, ReferralSerializer
from incidents.api.permissions import OnDesk
from incidents.api.serializers import (
    AllowedStepSerializer,
    DeskIncidentSerializer,
    DeskReportSerializer,
    EventSerializer,
    IncidentStepSerializer,
    PublicTextSerializer,
    RelationSerializer,
    ReportStepSerializer,
    ResponseSerializer,
    read_step,
    unsealed,
)
from incidents.errors import Refused, Stale
from incidents.filters import DeskIncidentFilter, DeskReportFilter, parse
from incidents.models import (
    Answer,
    Draft,
    Event,
    Incident,
    OfficialResponse,
    Question,
    Relation,
    Report,
)
from incidents.querysets import Visitor, desk_memberships
from incidents.vocabulary import Channel
from observers.roles import Role

MOST_STEPS = 500
SUBJECTS = frozenset({"on_incident", "on_report"})


def reports_for(user: Visitor) -> "QuerySet[Report, Report]":
    seen = Incident.objects.visible_to(user).only("id", "ref")
    asked = Question.objects.on_desk(user).select_related("asked_by")
    answers = Prefetch("answers", queryset=Answer.objects.on_desk(user))
    return (
        Report.objects.on_desk(user)
        .select_related("election", "author", "team__organisation", "station", "region")
        .prefetch_related(
            Prefetch("incidents", queryset=seen),
            Prefetch("questions", queryset=asked.prefetch_related(answers)),
        )
    )


def incidents_for(user: Visitor) -> "QuerySet[Incident, Incident]":
    return (
        Incident.objects.visible_to(user)
        .select_related("election", "station", "assignee", "merged_into", "draft")
        .prefetch_related("regions")
    )


def context_of(user: Visitor) -> dict[str, Any]:
    """For serializers: the elections whose sealed answers this person may read."""
    return {
        "security_in": {m.election_id for m in desk_memberships(user) if m.role == Role.SECURITY}
    }


def whole(incident: Incident, user: Any) -> dict[str, Any]:
    """The incident and everything this person may see of it, with the steps they may take."""
    of = {"incident": incident}
    context = context_of(user)
    reports = reports_for(user).filter(incidents=incident)
    events = Event.objects.visible_to(user).filter(**of).select_related("actor", "report")
    responses = OfficialResponse.objects.visible_to(user).filter(incidents=incident)
    draft = Draft.objects.visible_to(user).filter(**of).first()
    return {
        **DeskIncidentSerializer(incident, context=context).data,
        "reports": DeskReportSerializer(reports, many=True, context=context).data,
        "relations": RelationSerializer(_relations(incident, user), many=True).data,
        "responses": ResponseSerializer(responses, many=True).data,
        "notes": NoteSerializer(workflow.notes_of(incident, by=user), many=True).data,
        "referrals": ReferralSerializer(workflow.referrals_of(incident, by=user), many=True).data,
        "public_text": _public_text(incident, draft) if draft else None,
        "events": EventSerializer(events.order_by("seq"), many=True, context=context).data,
        "allowed": AllowedStepSerializer(steps.allowed(incident, by=user), many=True).data,
    }


def _public_text(incident: Incident, draft: Draft) -> dict[str, Any]:
    told = ("state", "content", "what_changed", "approved_digest", "embargo_until")
    asked = []
    for item in publishing.checklist_of(incident, draft.content):
        answer = draft.checklist.get(item.key, {})
        if answer.get("digest") != item.digest:
            answer = {}
        said = {name: answer.get(name, "") for name in ("answer", "reason", "by")}
        of_item = {name: getattr(item, name) for name in ("key", "kind", "language", "question")}
        asked.append(of_item | said)
    whole = {name: getattr(draft, name) for name in told}
    shaken = shaking.open_entries(draft) if draft.shaken_at else []
    return PublicTextSerializer(whole | {"checklist": asked, "shaken": shaken}).data


def _relations(incident: Incident, user: Visitor) -> list[dict[str, str]]:
    seen = Relation.objects.visible_to(user).select_related("source", "target")
    both = seen.filter(source=incident) | seen.filter(target=incident)
    return [
        {"source": r.source.ref, "kind": r.kind, "target": r.target.ref, "note": r.note}
        for r in both.order_by("pk")
    ]


def whole_report(report: Report, user: Any) -> dict[str, Any]:
    allowed = steps.allowed_on_report(report, by=user)
    return {
        **DeskReportSerializer(report, context=context_of(user)).data,
        "allowed": AllowedStepSerializer(allowed, many=True).data,
    }


def step_on_incident(user: Any, ref: str, body: Any) -> Incident:
    incident = get_object_or_404(Incident.objects.visible_to(user), ref=ref)
    given = read_step(IncidentStepSerializer, body)
    try:
        name, version = given.pop("step"), given.pop("version", None)
        return steps.take(incident, name, by=user, version=version, channel=Channel.API, **given)
    except Stale as stale:
        if incident.election_id not in context_of(user)["security_in"]:
            stale.fields = [
                field | {"theirs": unsealed(field["theirs"])} for field in stale.fields
            ]
        raise


def step_on_report(user: Any, key: Any, body: Any) -> Report:
    report = get_object_or_404(Report.objects.on_desk(user), pk=key)
    given = read_step(ReportStepSerializer, body)
    return steps.take_on_report(report, given.pop("step"), by=user, channel=Channel.API, **given)


class DeskEndpoint(Endpoint):
    permission_classes = [OnDesk]
    bucket = "desk"  # of tokens; who has a session is not counted
    filterset: ClassVar[type[StrictFilterSet]]

    def queue(self, request: Request, rows: QuerySet[Any, Any], render: Any) -> Response:
        parsed_set = self.filters[self.action](request.query_params, rows, request=request)
        parsed = parse(parsed_set, also=None)
        if parsed.errors:
            raise BadQuery(parsed.errors)
        return self.listing(parsed.queryset, parsed_set.keys, render, parsed.applied)


class DeskReports(DeskEndpoint):
    query_params: ClassVar = {"list": PAGING, "step": ()}
    filters: ClassVar = {"list": DeskReportFilter}
    documented: ClassVar = documented.DESK_REPORTS

    def list(self, request: Request) -> Response:
        rows = reports_for(request.user)
        shown = DeskReportSerializer(context=context_of(request.user))
        return self.queue(request, rows, shown.to_representation)

    def step(self, request: Request, key: Any) -> Response:
        taken = step_on_report(request.user, key, request.data)
        # Quarantine may take it out of the sight of the person who did it.
        report = reports_for(request.user).filter(pk=taken.pk).first()
        if report is None:
            return Response({"id": str(taken.pk), "ref": taken.ref, "state": taken.state})
        return Response(whole_report(report, request.user))


class DeskIncidents(DeskEndpoint):
    query_params: ClassVar = {"list": PAGING, "retrieve": (), "step": ()}
    filters: ClassVar = {"list": DeskIncidentFilter}
    documented: ClassVar = documented.DESK_INCIDENTS

    def list(self, request: Request) -> Response:
        rows = incidents_for(request.user)
        shown = DeskIncidentSerializer(context=context_of(request.user))
        return self.queue(request, rows, shown.to_representation)

    def retrieve(self, request: Request, ref: str) -> Response:
        return Response(self._whole(request, ref))

    def step(self, request: Request, ref: str) -> Response:
        step_on_incident(request.user, ref, request.data)
        return Response(self._whole(request, ref))

    @staticmethod
    def _whole(request: Request, ref: str) -> dict[str, Any]:
        return whole(get_object_or_404(incidents_for(request.user), ref=ref), request.user)


def _listed(errors: Any) -> list[dict[str, str]]:
    """As a refusal of a single step lists them."""
    return [
        {"field": field, "detail": str(line)}
        for field, lines in dict(errors).items()
        for line in lines
    ]


class BulkSteps(DeskEndpoint):
    """Many steps at once. Each is taken or refused for itself, in the order given."""

    documented: ClassVar = documented.BULK

    def get_parsers(self) -> list[Any]:
        parsers: list[Any] = super().get_parsers()
        for parser in parsers:
            parser.most_values = MOST_STEPS * 24
        return parsers

    def take(self, request: Request) -> Response:
        body = request.data
        asked = body.get("steps") if isinstance(body, dict) else None
        if not isinstance(asked, list) or set(body) != {"steps"}:
            raise BadBody(
                [Fault("steps", _("Send {“steps”: […]}, each on an incident or report."))]
            )
        if not 1 <= len(asked) <= MOST_STEPS:
            detail = _("Send 1 to %(most)s steps at once.") % {"most": MOST_STEPS}
            raise BadBody([Fault("steps", detail)])
        return Response({"results": [self._one(request.user, one) for one in asked]})

    def _one(self, user: Any, asked: Any) -> dict[str, Any]:
        """What became of it: 200 and the new state, or status and reason of the refusal."""
        try:
            return {"status": 200, **self._taken(user, asked)}
        except Refused as refusal:
            said = {"detail": str(refusal.message), "code": refusal.code.replace("_", "-")}
            fields = getattr(refusal, "fields", None)
            errors = getattr(refusal, "errors", None)
            return (
                {"status": refusal.status, **said}
                | ({"fields": fields} if fields else {})
                | ({"errors": _listed(errors)} if errors else {})
            )
        except BadInput as refusal:
            return {"status": 400, "code": "invalid", "errors": refusal.errors}
        except ValidationError as refusal:
            return {"status": 400, "code": "invalid", "errors": _listed(refusal.detail)}
        except Http404:
            return {"status": 404, "code": "not-found"}

    @staticmethod
    def _taken(user: Any, asked: Any) -> dict[str, Any]:
        if not isinstance(asked, dict) or len(SUBJECTS & set(asked)) != 1:
            detail = _("Name what the step is on: “on_incident” or “on_report”, a reference.")
            raise BadBody([Fault("on_incident", detail)])
        body = {name: value for name, value in asked.items() if name not in SUBJECTS}
        if "on_report" in asked:
            seen = Report.objects.on_desk(user).filter(ref=str(asked["on_report"]))
            report = step_on_report(user, get_object_or_404(seen).pk, body)
            return {"on_report": report.ref, "state": report.state}
        incident = step_on_incident(user, str(asked["on_incident"]), body)
        return {
            "on_incident": incident.ref,
            "version": incident.version,
            "state": incident.status,
            "verification": incident.verification,
        }
