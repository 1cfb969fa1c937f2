"""Contradictions between responses and the incident, in sentences beside the fact."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from incidents import wording
from incidents.contradictions import Contradiction, Kind, Known, Statement, latest_status, raised
from incidents.details import fields_for
from incidents.models import Incident, OfficialResponse
from incidents.views import telling
from incidents.vocabulary import ResponsePosition


def told(incident: Incident, responses: Sequence[OfficialResponse]) -> list[dict[str, Any]]:
    """[{about, kind, text}]; `about`: number, status, charges, scope or position."""
    known = Known(
        incident.verification, incident.persons_min, incident.persons_max, incident.details
    )
    found = raised(known, [_statement(row) for row in responses])
    return [
        {"about": one.about, "kind": str(one.kind), "text": _sentence(one, incident)}
        for one in found
    ]


def _statement(row: OfficialResponse) -> Statement:
    claims = {
        str(claim.get("field")): str(claim.get("value"))
        for claim in row.claims
        if isinstance(claim, dict)
    }
    return Statement(row.issuer, row.position, claims)


def _sentence(one: Contradiction, incident: Incident) -> str:
    who = one.statement.issuer
    if one.kind == Kind.UNSETTLED:
        return _unsettled(one.about) % {"who": who}
    words = {"who": who, "claim": _claim(one.statement, one.about)}
    if one.kind == Kind.EACH_OTHER and one.other:
        return _("%(who)s says “%(claim)s”; %(other)s says “%(other_claim)s”.") % {
            **words,
            "other": one.other.issuer,
            "other_claim": _claim(one.other, one.about),
        }
    return _("%(who)s says “%(claim)s”. The incident says: %(fact)s.") % {
        **words,
        "fact": _fact(one.about, incident).rstrip("."),
    }


def _unsettled(about: str) -> str:
    if about == "number":
        return _("%(who)s gives no number. The response does not settle how many they were.")
    return _("%(who)s says it of all, without saying how many that is.")


def _claim(statement: Statement, about: str) -> str:
    if about == "position":
        return str(ResponsePosition(statement.position).label)
    label, value = wording.claim({"field": about, "value": statement.claims.get(about, "")})
    return f"{label}: {value}"


def _fact(about: str, incident: Incident) -> str:
    if about == "number":
        return telling.how_many(incident)
    if about == "position":
        return incident.get_verification_display()
    zone = incident.election.time_zone
    if about == "charges" and incident.details.get("sanction"):
        answers = telling.answered(
            incident.category, {"sanction": incident.details["sanction"]}, zone, sealed=False
        )
        return "; ".join(f"{answer['label']}: {answer['value']}" for answer in answers)
    names = {
        option.code: option.name
        for field in fields_for(incident.category)
        if field.key == "status"
        for option in field.options
    }
    now = latest_status(incident.details)
    return names.get(now, now)
