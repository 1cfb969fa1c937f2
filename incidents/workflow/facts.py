"""What the desk may write down about an incident, read from JSON or a form's values."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from elections.folding import findable
from elections.models import Region, Station
from incidents import categories, details
from incidents.cleaning import clean_text
from incidents.errors import Invalid
from incidents.interpreting import read_time
from incidents.models import Incident
from incidents.vocabulary import OccurredPrecision, PersonsBasis, Phase, PlacePrecision

TEXTS = {"title": 200, "place_words": 500, "occurred_words": 200, "persons_words": 200}
WORDS: dict[str, type] = {
    "place_precision": PlacePrecision,
    "occurred_precision": OccurredPrecision,
    "persons_basis": PersonsBasis,
    "phase": Phase,
}
NUMBERS = {"persons_min": 10_000_000, "persons_max": 10_000_000, "regions_at_least": 1000}
TIMES = ("occurred_start", "occurred_end")
DEGREES = {"latitude": 90, "longitude": 180}
EDITABLE = (
    *TEXTS,
    *WORDS,
    *NUMBERS,
    *TIMES,
    *DEGREES,
    "category",
    "categories_secondary",
    "station",
    "regions",
    "details",
)


def read_facts(incident: Incident, changes: dict[str, Any]) -> dict[str, Any]:
    """Values ready to set; `regions` as a list of Region. Raises Invalid naming each field."""
    errors: dict[str, list[Any]] = {}
    values: dict[str, Any] = {}
    for field, value in changes.items():
        try:
            values[field] = _read(incident, field, value, changes)
        except ValidationError as error:
            errors[field] = list(error.messages)
    if not errors:
        errors = _contradictions(incident, values)
    if errors:
        raise Invalid(errors)
    return values


def _read(incident: Incident, field: str, value: Any, changes: dict[str, Any]) -> Any:
    if field in TEXTS:
        return _text(field, value)
    if field in WORDS:
        return _word(field, value)
    if field in NUMBERS:
        return _number(value, 0, NUMBERS[field], int)
    if field in DEGREES:
        return _number(value, -DEGREES[field], DEGREES[field], float)
    if field in TIMES:
        return _time(incident, value)
    return _read_code(incident, field, value, changes)


def _read_code(incident: Incident, field: str, value: Any, changes: dict[str, Any]) -> Any:
    if field == "category":
        return _category(value)
    if field == "categories_secondary":
        return [_category(code) for code in _list(value)]
    if field == "station":
        return _station(incident, value)
    if field == "regions":
        return [_region(incident, code) for code in _list(value)]
    if field == "details":
        return _details(str(changes.get("category") or incident.category), value)
    raise ValidationError(_("This field cannot be changed here."))


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValidationError(_("Must be text."))
    text = clean_text(value, limit=TEXTS[field] + 1)[0]
    if len(text) > TEXTS[field]:
        raise ValidationError(_("At most %s characters.") % TEXTS[field])
    if field == "title" and not text:
        raise ValidationError(_("An incident needs a working title."))
    return text


def _word(field: str, value: Any) -> str:
    known: list[str] = WORDS[field].values  # type: ignore[attr-defined]
    if value in ("", None) and field == "phase":
        return ""
    if value not in known:
        raise ValidationError(_("Must be one of: %s.") % ", ".join(known))
    return str(value)


def _number(value: Any, low: float, high: float, kind: type[int] | type[float]) -> Any:
    if value in (None, ""):
        return None
    fits = isinstance(value, int | float) and isinstance(value, (int, kind))
    if isinstance(value, bool) or not fits or not low <= value <= high:
        raise ValidationError(
            _("Must be a number from %(low)s to %(high)s.") % {"low": low, "high": high}
        )
    return value


def _time(incident: Incident, value: Any) -> Any:
    if value in (None, ""):
        return None
    moment = read_time(value, incident.election.time_zone) if isinstance(value, str) else None
    if moment is None:
        raise ValidationError(_("Must be a time such as 2021-01-10T11:05+06:00."))
    return moment


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > 100:
        raise ValidationError(_("Must be a list of codes."))
    return value


def _category(value: Any) -> str:
    if not isinstance(value, str) or value not in categories.CATEGORIES:
        near = categories.nearest(str(value)[:40])
        raise ValidationError(
            _("Unknown category. Did you mean %s?") % near if near else _("Unknown category.")
        )
    return value


def _station(incident: Incident, value: Any) -> Station | None:
    if value in (None, ""):
        return None
    found = (
        Station.objects.resolve(incident.election, value[:200]) if isinstance(value, str) else None
    )
    if found is None:
        raise ValidationError(_("No such station in this election. Write it as place in words."))
    return found


def _region(incident: Incident, value: Any) -> Region:
    found = (
        Region.objects.of(incident.election).filter(code=value).first()
        if isinstance(value, str)
        else None
    )
    if found is None:
        raise ValidationError(_("No such region on the map of this election."))
    return found


def _details(category: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValidationError(_("Must be an object of answers."))
    clean, problems = details.validate(category, value)
    if problems:
        raise ValidationError([f"{key}: {problem}" for key, problem in problems.items()])
    if clean != details.unsealed_part(category, clean):
        raise ValidationError(
            _("Names, birth dates and contacts stay in the report, for security alone.")
        )
    return clean


def _contradictions(incident: Incident, values: dict[str, Any]) -> dict[str, list[Any]]:
    """What each value allows but they do not allow together."""

    def now(field: str) -> Any:
        return values.get(field, getattr(incident, field))

    errors: dict[str, list[Any]] = {}
    if (
        now("occurred_start")
        and now("occurred_end")
        and now("occurred_start") > now("occurred_end")
    ):
        errors["occurred_end"] = [_("Ends before it starts.")]
    low, high = now("persons_min"), now("persons_max")
    if low is not None and high is not None and low > high:
        errors["persons_max"] = [_("The most is less than the least.")]
    if (now("latitude") is None) != (now("longitude") is None):
        errors["longitude"] = [_("Give both latitude and longitude, or neither.")]
    at_least = now("regions_at_least")
    if at_least is not None and "regions" in values and len(values["regions"]) > at_least:
        errors["regions_at_least"] = [_("More regions are named than that.")]
    return errors


def searchable(incident: Incident, regions: Iterable[Region] | None = None) -> str:
    """`regions`: those that are about to be named by an incident that is not saved yet."""
    station = incident.station
    named = incident.regions.all() if regions is None else regions
    said = [incident.ref, incident.title, incident.place_words, incident.category]
    said += [station.code, station.venue, *station.names.values()] if station else []
    said += [name for region in named for name in region.names.values()]
    return findable(" ".join(said))
