"""Words the pages need everywhere; a builtin, so no template loads it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

register = template.Library()


@register.filter
def day(on: date | None) -> str:
    """`{{ date|day }}`: "10 January 2021" in the page's language."""
    return date_format(on, "DATE_FORMAT") if on else ""


@register.filter
def local(moment: datetime | None, zone: str) -> str:
    """`{{ moment|local:zone }}`: "10 January 2021, 11:05" in that zone and the page's language."""
    if not moment:
        return ""
    there = timezone.localtime(moment, ZoneInfo(zone))
    return f"{day(there)}, {there:%H:%M}"


@register.filter
def or_unknown(value: object) -> object:
    """Nothing known is said in words; zero is a value."""
    return gettext("not known") if value is None or value == "" else value
