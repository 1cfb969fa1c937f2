"""What the world reads: the list, an incident, an election, and how to use the data.

Everything here comes from Publication and from the reference data of `elections`. No page sets a
cookie for somebody who is not signed in.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from elections.models import (
    Contestant,
    Election,
    PollDay,
    Region,
    ResultFigure,
    SeatBlock,
    Statement,
    TurnoutFigure,
)
from elections.querysets import THE_WORLD
from elections.templatetags.say import day as say_day
from incidents import categories, codebook, presenting, wording
from incidents.models import Publication, PublicationVersion
from incidents.refs import normalise_ref
from incidents.views.known import PUBLISHABLE, map_of, summary
from incidents.views.listing import PublicList, choice_words, pieces
from incidents.vocabulary import Severity, WithdrawReason

fresh = cache_control(public=True, max_age=0, must_revalidate=True)


def absolute(request: HttpRequest, path: str) -> str:
    """The address to cite, whichever name the server was asked by."""
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


@require_safe
@fresh
def home(request: HttpRequest) -> HttpResponse:
    asked = PublicList(request)
    page = asked.page
    election = _election_in_question(request, asked)
    context = {
        "asked": asked,
        "entries": _entries(page.rows),
        "known": summary(asked.rows),
        "published_in_all": asked.everything.count() if asked.query_string else None,
        "map": (
            map_of(asked.rows, election, asked.in_region)
            if election and not asked.faulty
            else None
        ),
        "election": election,
        "last_change": _last_change(request, election.time_zone if election else "UTC"),
        "next_url": asked.address(cursor=page.next) if page.next else "",
        "previous_url": asked.address(cursor=page.previous) if page.previous else "",
        "applied": _applied(asked),
        "canonical": absolute(request, asked.address()),
    }
    return render(
        request, "incidents/public/home.html", context, status=400 if asked.faulty else 200
    )


def _election_in_question(request: HttpRequest, asked: PublicList) -> Election | None:
    elections = Election.objects.visible_to(THE_WORLD).newest_first()
    if slugs := pieces(asked.query, "election"):
        elections = elections.filter(slug__in=slugs)
    return elections.filter(publications__live=True).first() or elections.first()


def _last_change(request: HttpRequest, zone: str) -> str:
    """Of anything published, withdrawals among them. A page says this rather than the hour it
    was made: then it stays the same until there is something new in it."""
    everything = Publication.objects.visible_to(THE_WORLD, withdrawn=True)
    at = everything.aggregate(last=Max("updated_at"))["last"]
    return wording.clock(at, zone) if at else ""


def _entries(publications: Iterable[Publication]) -> list[dict[str, Any]]:
    """One query for each election on the page, for the names of its regions."""
    rows = [(publication, presenting.document_of(publication)) for publication in publications]
    elections = {publication.election_id: publication.election for publication, _d in rows}
    places = {
        pk: presenting.places_of(election, [d for p, d in rows if p.election_id == pk])
        for pk, election in elections.items()
    }
    entries = []
    for publication, document in rows:
        told = presenting.told(document, places[publication.election_id])
        entries.append(
            told
            | {
                "url": publication.get_absolute_url(),
                "title": told["title"].text,
                "title_language": told["title"].language,
                "summary": "",
                "when": capfirst(told["when"] or _("time not known")),
                "where": told["where"] or _("place not known"),
                "version_words": _version_words(publication.version),
            }
        )
    return entries


def _version_words(version: int) -> str:
    return _("version %(number)s") % {"number": version} if version > 1 else ""


def _applied(asked: PublicList) -> list[dict[str, str]]:
    """What the list is narrowed to, each with the list without it."""
    if asked.faulty:
        return []
    applied = []
    for name, field in asked.form.fields.items():
        words = choice_words(getattr(field.widget, "choices", ()))
        several = asked.filterset.known()[name]
        for value in pieces(asked.query, name) if several else asked.query.getlist(name):
            if value.strip() and name != "ordering":
                text = f"{field.label}: {words.get(value, value)}"
                applied.append({"text": text, "remove_url": asked.without(name, value)})
    return applied


# --- One incident -----------------------------------------------------------------------------


@require_safe
@fresh
def incident(request: HttpRequest, ref: str) -> HttpResponse:
    publications = Publication.objects.visible_to(THE_WORLD, withdrawn=True)
    publication = get_object_or_404(
        publications.select_related("election"), ref=normalise_ref(ref)
    )
    if publication.ref != ref:
        return HttpResponsePermanentRedirect(publication.get_absolute_url())
    if not publication.live:
        return _gone(request, publication)
    document = presenting.document_of(publication)
    zone = publication.election.time_zone
    versions = PublicationVersion.objects.visible_to(THE_WORLD)
    context = {
        "publication": publication,
        "document": document,
        "title": wording.in_language(document["title"]),
        "zone": zone,
        "published": _moment(publication.published_at, zone),
        "updated": _moment(publication.updated_at, zone),
        "versions": [
            _version(row, zone)
            for row in versions.filter(publication=publication).order_by("-version")
        ],
        "accessed": say_day(timezone.localtime(timezone.now(), ZoneInfo(zone))),
        "licence": publication.licence.replace("-", " "),
        "canonical": absolute(request, publication.get_absolute_url()),
        "json_url": reverse("api-incident", args=[publication.ref]),
    }
    return render(request, "incidents/public/incident.html", context)


def _moment(at: datetime, zone: str) -> dict[str, str]:
    return {"words": wording.clock(at, zone), "utc": wording.utc(at), "iso": at.isoformat()}


def _version(row: PublicationVersion, zone: str) -> dict[str, Any]:
    """A line for components/history.html: that it changed and why, never the old text."""
    at = _moment(row.published_at, zone)
    return {
        "when": at["words"],
        "when_utc": at["utc"],
        "iso": at["iso"],
        "text": _("Version %(number)s") % {"number": row.version},
        "reason": wording.what_changed(row.what_changed, returned=row.returned),
        "marked": True,
    }


def _gone(request: HttpRequest, publication: Publication) -> HttpResponse:
    """308 to the incident it was merged into, when that one is public; else 410 and why."""
    if survivor := _survivor(request, publication):
        return HttpResponse(status=308, headers={"Location": survivor.get_absolute_url()})
    zone = publication.election.time_zone
    context = {
        "publication": publication,
        "because": wording.withdrawn_because(publication.withdrawn_reason),
        "merged": publication.withdrawn_reason == WithdrawReason.MERGED,
        "published": _moment(publication.published_at, zone),
        "withdrawn": _moment(publication.withdrawn_at or publication.updated_at, zone),
    }
    return render(request, "incidents/public/withdrawn.html", context, status=410)


def _survivor(request: HttpRequest, publication: Publication) -> Publication | None:
    """The public end of a chain of merges."""
    seen: set[str] = set()
    found: Publication | None = publication
    while found and not found.live and found.merged_into_ref not in seen | {""}:
        seen.add(found.merged_into_ref)
        everything = Publication.objects.visible_to(THE_WORLD, withdrawn=True)
        found = everything.filter(ref=found.merged_into_ref).first()
    return found if found and found.live else None


# --- Elections --------------------------------------------------------------------------------


@require_safe
@fresh
def elections(request: HttpRequest) -> HttpResponse:
    """The only one at once, else a list."""
    found = list(Election.objects.visible_to(THE_WORLD).newest_first())
    if len(found) == 1:
        return redirect("public-election", slug=found[0].slug)
    return render(request, "incidents/public/elections.html", {"elections": found})


@require_safe
@fresh
def election(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Election.objects.visible_to(THE_WORLD), slug=slug)
    figures = TurnoutFigure.objects.visible_to(THE_WORLD).filter(election=found)
    turnout = list(figures.select_related("region", "station", "election"))
    shares = ResultFigure.objects.visible_to(THE_WORLD).filter(election=found)
    results = list(shares.select_related("contestant", "region", "station", "election"))
    published = Publication.objects.visible_to(THE_WORLD).filter(election=found)
    days = PollDay.objects.visible_to(THE_WORLD).filter(election=found)
    regions = list(Region.objects.visible_to(THE_WORLD).of(found).filter(level=1))
    statements = list(Statement.objects.visible_to(THE_WORLD).filter(election=found))
    context = {
        "election": found,
        "threshold": wording.percent(found.threshold_percent, "exact"),
        "days": [_poll_day(day, regions) for day in days.select_related("region")],
        "blocks": SeatBlock.objects.visible_to(THE_WORLD).filter(election=found),
        "contestants": Contestant.objects.visible_to(THE_WORLD).filter(election=found),
        "turnout": _figures(turnout),
        "turnout_source": common_source(turnout),
        "results": _figures(results),
        "results_source": common_source(results),
        "statements": statements,
        "statements_source": common_source(statements),
        "published": published.count(),
        "canonical": absolute(request, reverse("public-election", args=[found.slug])),
    }
    return render(request, "incidents/public/election.html", context)


def common_source(rows: Iterable[TurnoutFigure | ResultFigure | Statement]) -> str:
    """Said once when all name the same; "" when each has to name its own."""
    sources = {row.source for row in rows}
    return sources.pop() if len(sources) == 1 else ""


def _poll_day(poll_day: PollDay, clocks: Iterable[Region]) -> dict[str, Any]:
    """Hours are those of the clock on the wall; `hours` tells them apart by its offset."""
    walls: dict[str, list[Region]] = {}
    noon = datetime.combine(poll_day.date, time(12))
    for region in [poll_day.region] if poll_day.region else clocks:
        offset = f"{noon.replace(tzinfo=ZoneInfo(region.time_zone)):%z}"
        walls.setdefault(f"UTC{offset[:3]}:{offset[3:5]}", []).append(region)
    return {
        "date": poll_day.date,
        "opens": f"{poll_day.opens:%H:%M}" if poll_day.opens else "",
        "closes": f"{poll_day.closes:%H:%M}" if poll_day.closes else "",
        "walls": [
            {"offset": offset, "regions": wording.listed(sorted(r.name for r in regions))}
            for offset, regions in sorted(walls.items(), reverse=True)
        ],
    }


def _figures(rows: Sequence[TurnoutFigure | ResultFigure]) -> list[dict[str, Any]]:
    told_once = bool(common_source(rows))
    return [_figure(row) | {"source": "" if told_once else row.source} for row in rows]


def _figure(row: TurnoutFigure | ResultFigure) -> dict[str, Any]:
    zone = row.region.time_zone if row.region else row.election.time_zone
    where = row.station.code if row.station else row.region.name if row.region else ""
    return {
        "row": row,
        "percent": wording.percent(row.percent, row.qualifier),
        "as_of": wording.clock(row.as_of, zone) if row.as_of else "",
        "where": where,
        "counts": _counts(row),
    }


def _counts(row: TurnoutFigure | ResultFigure) -> str:
    if isinstance(row, ResultFigure):
        votes = _("%(votes)s votes")
        return votes % {"votes": wording.number(row.votes)} if row.votes is not None else ""
    if row.voted is None:
        return ""
    said = {"voted": wording.number(row.voted), "registered": wording.number(row.registered or 0)}
    if row.registered is None:
        return _("%(voted)s voted") % said
    return _("%(voted)s of %(registered)s registered voters") % said


# --- The data ---------------------------------------------------------------------------------


@require_safe
@fresh
def data(request: HttpRequest) -> HttpResponse:
    elections = Election.objects.visible_to(THE_WORLD)
    licences = sorted(set(elections.values_list("licence", flat=True))) or ["CC-BY-4.0"]
    context = {
        "published": Publication.objects.visible_to(THE_WORLD).count(),
        "last_change": _last_change(request, "UTC"),
        "today": say_day(timezone.now()),
        "levels": [(level, wording.verification_means(level)) for level in PUBLISHABLE],
        "grades": [(grade, wording.severity_means(grade)) for grade in Severity.values],
        "columns": [
            {"name": column.name, "about": categories.in_active_language(column.about)}
            for column in codebook.COLUMNS
        ],
        "licence": ", ".join(licences).replace("-", " "),
        "api": absolute(request, reverse("api-index")),
        "canonical": absolute(request, reverse("public-data")),
    }
    return render(request, "incidents/public/data.html", context)
