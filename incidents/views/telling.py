"""What the desk reads about reports and incidents: rows of facts in words, nothing decided."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from elections.models import Election, Region
from elections.templatetags.say import local
from incidents import categories, details, wording
from incidents.categories import Category
from incidents.forms.names import name_of
from incidents.models import Incident, OfficialResponse, Report
from incidents.vocabulary import Danger
from incidents.wording import Answer
from observers.models import User

Fact = dict[str, Any]
STATUS = "status"  # of people: the one answer that claims are held against


def countries(by: User, elections: Iterable[Election]) -> dict[int, str]:
    """The name of the whole map, by its id; one query."""
    maps = {election.region_set_id for election in elections}
    roots = Region.objects.visible_to(by).filter(parent=None, region_set__in=maps)
    return {region.region_set_id: region.name for region in roots}


def zone_of(election: Election, regions: Iterable[Region]) -> str:
    """The place's own clock; the capital's where it is not one place."""
    zones = {region.time_zone for region in regions}
    return zones.pop() if len(zones) == 1 else election.time_zone


def fact(label: Any, value: Any, note: Any = "", key: str = "") -> Fact:
    """`key`: by which the same fact is found in several reports, or beside a claim about it."""
    return {"label": label, "value": value, "note": note, "key": key}


def quoted(words: str) -> str:
    return _("In words: “%(words)s”") % {"words": words} if words else ""


# --- Incidents --------------------------------------------------------------------------------


def incident_place(incident: Incident, regions: list[Region], country: str) -> str:
    return wording.place(
        [region.name for region in regions],
        incident.regions_at_least,
        precision=incident.place_precision,
        station=incident.station.code if incident.station else None,
        country=country,
    )


def happened(row: Incident | Report, zone: str) -> str:
    return wording.when(row.occurred_start, row.occurred_end, row.occurred_precision, zone=zone)


def happened_in_short(row: Incident | Report, zone: str) -> str:
    return wording.when_in_short(
        row.occurred_start, row.occurred_end, row.occurred_precision, zone=zone
    )


def how_many(row: Incident | Report) -> str:
    return wording.persons(row.persons_min, row.persons_max, row.persons_words, row.persons_basis)


def point(row: Incident | Report) -> str:
    if row.latitude is None or row.longitude is None:
        return ""
    return f"{row.latitude:.5f}, {row.longitude:.5f}"


def incident_facts(incident: Incident, regions: list[Region], country: str) -> list[Fact]:
    zone = zone_of(incident.election, regions)
    others = [known(code) for code in incident.categories_secondary]
    names = ", ".join(one.name for one in others if one)
    place = incident_place(incident, regions, country)
    facts = [
        fact(
            _("Category"),
            incident.category_known.name,
            _("also: %(names)s") % {"names": names} if names else "",
        ),
        fact(_("Where"), place, quoted(incident.place_words)),
        fact(_("How exactly the place is known"), incident.get_place_precision_display()),
        fact(_("Point"), point(incident)) if incident.latitude is not None else None,
        fact(_("When"), happened(incident, zone), quoted(incident.occurred_words)),
        fact(_("Phase"), incident.get_phase_display()),
        fact(_("How many people"), how_many(incident), key="number"),
        *answered(incident.category, incident.details, zone, sealed=False),
    ]
    return [one for one in facts if one is not None]


def known(code: str) -> Category | None:
    return categories.CATEGORIES.get(code)


def answered(category: str, given: dict[str, Any], zone: str, *, sealed: bool) -> list[Fact]:
    """Answers to the category's questions; sealed ones only for security."""
    readable = given if sealed else details.unsealed_part(category, given)
    status = next((f.name for f in details.fields_for(category) if f.key == STATUS), None)
    return [
        fact(answer.label, lines(answer), key=STATUS if answer.label == status else "")
        for answer in wording.answers(category, readable, zone=zone)
    ]


def lines(answer: Answer) -> str:
    """Plain text: an address that a stranger typed is read here, not followed."""
    return "; ".join(
        f"{line.text} <{line.url}>" if line.url and line.url != line.text else line.text
        for line in answer.lines
    )


def response(row: OfficialResponse) -> dict[str, Any]:
    claims = [wording.claim(claim) for claim in row.claims]
    return {
        "issuer": row.issuer,
        "office": row.office,
        "said_on": row.said_on,
        "position": row.get_position_display(),
        "claims": [f"{about}: {value}" for about, value in claims],
        "quote": row.quote,
        "quote_language": row.quote_language,
        "translation": row.translation,
        "source": ", ".join(text for text in (row.channel, row.source, row.link) if text),
    }


# --- Reports ----------------------------------------------------------------------------------

UNRESOLVED = {
    "station": lazy("Station as typed: “%(typed)s”. It is not in the list."),
    "region": lazy("Region as typed: “%(typed)s”. It is not on the map of this election."),
    "category": lazy("Category as sent: “%(typed)s”. There is no such category."),
}


def report_place(report: Report) -> str:
    names = [report.region.name] if report.region else []
    station = report.station.code if report.station else None
    return wording.place(names, station=station)


def report_zone(report: Report) -> str:
    return zone_of(report.election, [report.region] if report.region else [])


def report_facts(report: Report, *, sealed: bool) -> list[Fact]:
    zone = report_zone(report)
    category = report.category_known
    return [
        fact(_("Category"), category.name if category else "", key="category"),
        fact(_("Where"), report_place(report), quoted(report.place_words), key="place"),
        *([fact(_("Point"), point(report), accuracy(report))] if point(report) else []),
        fact(_("When"), happened(report, zone), key="time"),
        fact(_("How many people"), how_many(report), key="persons"),
        fact(
            _("How they know"),
            report.get_source_display(),
            _("told by %(name)s") % {"name": report.told_by} if report.told_by else "",
        ),
        *answered(report.category, report.details, zone, sealed=sealed),
    ]


def accuracy(report: Report) -> str:
    if report.accuracy_m is None:
        return ""
    return _("within %(metres)s m") % {"metres": round(report.accuracy_m)}


def unresolved(report: Report) -> list[str]:
    """Sentences about what could not be understood, as it was typed."""
    labels = {f"details.{f.key}": f.name for f in details.fields_for(report.category)}
    found = []
    for field, typed in report.unresolved.items():
        if field == "text":
            found.append(_("Some characters of the text could not be kept."))
            continue
        sentence = UNRESOLVED.get(field)
        found.append(
            str(sentence) % {"typed": typed}
            if sentence
            else _("%(field)s as sent: “%(typed)s”. It could not be understood.")
            % {"field": labels.get(field) or name_of(field), "typed": typed}
        )
    return found


def danger_words(report: Report) -> str:
    return str(Danger(report.danger).label) if report.danger != Danger.NONE else ""


def report_card(report: Report, *, sealed: bool) -> dict[str, Any]:
    """What report_card.html shows."""
    category = report.category_known
    zone = report_zone(report)
    facts = report_facts(report, sealed=sealed)
    team = f" · {report.team.name}" if report.team else ""
    return {
        "ref": report.ref,
        "url": reverse("desk-report", args=[report.pk]),
        "state": report.state,
        "received": local(report.received_at, zone),
        "author": f"{report.author.get_username()}{team}",
        "category": category.short_name if category else "",
        "icon": category.icon if category else "",
        "text": report.text,
        "language": report.language,
        "facts": facts[1:],
        "compared": facts,
        "danger_words": danger_words(report),
    }
