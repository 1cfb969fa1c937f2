"""What a phone keeps to work without a network: the words of its language, and its places."""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import translation
from django.utils.crypto import salted_hmac

from elections.models import Election, PollDay, Region, Station
from incidents import categories, details
from incidents.cleaning import canonical_json
from observers.models import Device, Membership, Team
from observers.roles import IN_THE_FIELD, memberships, teams

MOST_STATIONS = 1500
Json = dict[str, Any]


def reference_for(device: Device, language: str) -> Json:
    """Without the time, which is never the same twice. The device is bound to an election."""
    election = device.election
    assert election is not None  # noqa: S101 - who proved who they are has one
    with translation.override(language):
        return {
            "device": {"id": str(device.pk), "label": device.label},
            "observer": {"team": _name_of(teams(device.user, election).first())},
            "election": _election(election, device),
            "settings": {
                "screen_lock_minutes": settings.SCREEN_LOCK_MINUTES,
                "check_in_minutes": settings.CHECK_IN_MINUTES,
                "evidence_limit": settings.EVIDENCE_LIMIT,
            },
            "groups": [_group(group) for group in categories.GROUPS.values()],
            "categories": {
                leaf.code: _category(leaf)
                for leaf in categories.CATEGORIES.values()
                if not leaf.replaced_by
            },
            "regions": [
                {"code": region.code, "name": region.name, "time_zone": region.time_zone}
                for region in _regions(election, device)
            ],
            "stations": _stations(election, device),
        }


def fingerprint(reference: Json) -> str:
    """An ETag that tells nobody whose it is: keyed, so that no guess can be compared with it."""
    said = canonical_json(reference)
    digest = salted_hmac("incidents.api.reference", said, algorithm="sha256").hexdigest()
    return f'"{digest[:32]}"'


def _name_of(team: Team | None) -> str | None:
    return team.name if team else None


def _election(election: Election, device: Device) -> Json:
    days = PollDay.objects.visible_to(device.user).filter(election=election)
    first = days.order_by("date").values_list("date", flat=True).first()
    return {
        "slug": election.slug,
        "name": election.name,
        "time_zone": election.time_zone,
        "ref_prefix": election.ref_prefix,
        "poll_day": first.isoformat() if first else None,
        "rehearsal": election.is_rehearsal,
    }


def _group(group: categories.Group) -> Json:
    return {
        "code": group.code,
        "name": group.short_name,
        "icon": group.icon,
        "categories": [leaf.code for leaf in group.categories if not leaf.replaced_by],
    }


def _category(category: categories.Category) -> Json:
    return {
        "name": category.short_name,
        "questions": [_question(field) for field in details.first_for(category.code)],
    }


def _question(field: details.DetailField) -> Json:
    return {
        "name": field.key,
        "label": field.name,
        "type": field.kind,
        "choices": [list(choice) for choice in field.choices],
        "help": field.unit,
    }


# --- Places ---------------------------------------------------------------------------------


def _regions(election: Election, device: Device) -> Iterable[Region]:
    return Region.objects.visible_to(device.user).of(election).order_by("level", "code")


def _stations(election: Election, device: Device) -> list[list[Any]]:
    """Those this person is sent to first, then the rest of their regions."""
    mine = list(
        memberships(device.user, election)
        .filter(role__in=IN_THE_FIELD)
        .prefetch_related("regions", "stations")
    )
    assigned = {station.pk for one in mine for station in one.stations.all()}
    seen = Station.objects.visible_to(device.user).filter(election=election)
    seen = seen.exclude(status=Station.Status.CLOSED).select_related("region")
    order = ("commission", "number_key", "pk")
    first = seen.filter(pk__in=assigned).order_by(*order)[:MOST_STATIONS]
    rest = seen.filter(_within(mine)).exclude(pk__in=assigned).order_by(*order)[:MOST_STATIONS]
    rows = chain(((1, station) for station in first), ((0, station) for station in rest))
    return [_station(station, mark) for mark, station in islice(rows, MOST_STATIONS)]


def _within(mine: Iterable[Membership]) -> Q:
    """Of the whole election, where no region is named."""
    here = Q()
    for membership in mine:
        paths = [region.path for region in membership.regions.all()]
        if not paths:
            return Q()
        for path in paths:
            here |= Q(region__path__startswith=path)
    return here


def _station(station: Station, assigned: int) -> list[Any]:
    where = (station.latitude, station.longitude)
    point = [None if degrees is None else round(degrees, 5) for degrees in where]
    name = station.name or station.venue
    return [station.code, station.number, name, station.region.code, *point, assigned]
