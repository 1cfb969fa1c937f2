from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

Words = str | Promise
LANGUAGE_NAMES: dict[str, Words] = {
    "en": lazy("in English"),
    "ru": lazy("in Russian"),
    "kk": lazy("in Kazakh"),
}


class Text(NamedTuple):
    """`language` is set when the text is not in the language of the page."""

    text: str
    language: str


def in_language(texts: Mapping[str, str]) -> Text:
    """The text for this reader: own language, else English, else whatever there is."""
    own = (get_language() or "en").split("-")[0]
    for language in (own, "en", *texts):
        if texts.get(language):
            return Text(texts[language], "" if language == own else language)
    return Text("", "")


def language_name(code: str) -> str:
    """ "in Russian"."""
    return str(LANGUAGE_NAMES.get(code, code))


def number(value: float | Decimal) -> str:
    return number_format(value, force_grouping=True)


def listed(names: Sequence[str]) -> str:
    """ "Turkestan and Shymkent"."""
    return get_text_list(list(names), _("and"))
