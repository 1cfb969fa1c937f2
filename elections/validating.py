"""Checks and conditions that several records share."""

from datetime import date
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils.translation import gettext as _

FIRST_YEAR, LAST_YEAR = 1900, 2100


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone. Write a name such as Asia/Almaty."),
            params={"value": value},
        )


def validate_year(value: date) -> None:
    """Of days and instants; beyond, arithmetic with time zones overflows."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValidationError(
            _("Give a year from %(first)s to %(last)s."),
            params={"first": FIRST_YEAR, "last": LAST_YEAR},
        )


def validate_no_slash(value: str) -> None:
    if "/" in value:
        raise ValidationError(_("A region's code must not contain “/”."))


def validate_no_colon(value: str) -> None:
    if ":" in value:
        raise ValidationError(_("A commission must not contain “:”."))


def validate_texts(value: object) -> None:
    if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise ValidationError(_('Write a list of texts, such as ["Alma-Ata"].'))


def unknown_or_between(field: str, low: float, high: float) -> Q:
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gte": low, f"{field}__lte": high})


def unknown_or_ordered(first: str, last: str) -> Q:
    return (
        Q(**{f"{first}__isnull": True})
        | Q(**{f"{last}__isnull": True})
        | Q(**{f"{first}__lte": F(last)})
    )


def both_or_neither(one: str, other: str) -> Q:
    return Q(**{f"{one}__isnull": True, f"{other}__isnull": True}) | Q(
        **{f"{one}__isnull": False, f"{other}__isnull": False}
    )
