from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from incidents.cleaning import clean_json, clean_text
from incidents.errors import Invalid
from incidents.interpreting import EARLIEST_YEAR, LATEST_YEAR
from incidents.vocabulary import ResponsePosition

TEXTS = {
    "issuer": 200,
    "office": 200,
    "channel": 200,
    "quote": 10_000,
    "quote_language": 8,
    "translation": 10_000,
    "source": 500,
    "link": 500,
}


def read_response(given: Any) -> dict[str, Any]:
    """Columns of an OfficialResponse from what was typed. Raises Invalid."""
    if not isinstance(given, dict):
        raise Invalid({"response": [_("Must be an object of fields and values.")]})
    errors: dict[str, list[Any]] = {
        field: [_("Unknown field.")]
        for field in set(given) - {*TEXTS, "position", "claims", "said_on"}
    }
    values: dict[str, Any] = {}
    for field, limit in TEXTS.items():
        text = given.get(field) or ""
        if not isinstance(text, str):
            errors[field] = [_("Must be text.")]
            continue
        values[field] = clean_text(text, limit=limit + 1)[0]
        if len(values[field]) > limit:
            errors[field] = [_("At most %s characters.") % limit]
    if not values.get("issuer"):
        errors["issuer"] = [_("Say who gave the response.")]
    if values.get("link") and urlsplit(values["link"]).scheme not in {"http", "https"}:
        errors["link"] = [_("Must be a web address.")]
    if given.get("position") not in ResponsePosition.values:
        errors["position"] = [_("Must be one of: %s.") % ", ".join(ResponsePosition.values)]
    values["position"] = given.get("position")
    values["said_on"] = _day(given.get("said_on"), errors)
    values["claims"] = _claims(given.get("claims") or [], errors)
    if errors:
        raise Invalid(errors)
    return values


def _day(value: Any, errors: dict[str, list[Any]]) -> date | None:
    if value in (None, ""):
        return None
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        errors["said_on"] = [_("Must be a date such as 2021-01-11.")]
        return None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        errors["said_on"] = [_("Must be a date such as 2021-01-11.")]
    return day


def _claims(value: Any, errors: dict[str, list[Any]]) -> Any:
    """A list of {"field", "value"}, both short texts."""
    fits = isinstance(value, list) and all(
        isinstance(claim, dict)
        and set(claim) == {"field", "value"}
        and all(isinstance(part, str) and len(part) <= 200 for part in claim.values())
        for claim in value
    )
    if not fits:
        errors["claims"] = [_("Must be a list of {field, value}.")]
        return []
    return clean_json(value)[0]
