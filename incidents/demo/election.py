from typing import Any

from django.db import transaction

from elections.models import (
    Contestant,
    Election,
    PollDay,
    RegionSet,
    ResultFigure,
    SeatBlock,
    Statement,
    TurnoutFigure,
)
from elections.regions import available_region_sets, load_region_set
from incidents.demo import read


def load() -> Election:
    """The election with all that was said about it. One that is there already is left alone."""
    for slug in available_region_sets():
        if not RegionSet.objects.filter(slug=slug).exists():
            load_region_set(slug)
    data = read("election")
    slug = data["election"]["slug"]
    if not Election.objects.filter(slug=slug).exists():
        with transaction.atomic():
            _make(data)
    return Election.objects.get(slug=slug)


def _make(data: dict[str, Any]) -> None:
    region_set = RegionSet.objects.get(slug=data["region_set"])
    election = Election.objects.create(region_set=region_set, **data["election"])
    for row in data["poll_days"]:
        PollDay.objects.create(election=election, **row)
    for row in data["seat_blocks"]:
        SeatBlock.objects.create(election=election, **row)
    contestants = {
        row["name_en"]: Contestant.objects.create(election=election, **row)
        for row in data["contestants"]
    }
    source = {"election": election, "source": data["source"]}
    for row in data["results"]:
        row["contestant"] = contestants[row["contestant"]]
        ResultFigure.objects.create(**source, **data["results_said"], **row)
    for row in data["turnout"]:
        row["region"] = region_set.regions.get(code=row["region"])
        TurnoutFigure.objects.create(**source, **data["turnout_said"], **row)
    for row in data["statements"]:
        Statement.objects.create(**source, **row)
