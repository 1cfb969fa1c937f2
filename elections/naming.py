"""Names are data: three columns, never gettext."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

LANGUAGES = ("en", "ru", "kk")


def in_active_language(record: object, field: str) -> str:
    """`field`_en, _ru or _kk in the language of the page; English where that is blank."""
    language = (get_language() or "en").split("-")[0]
    text = getattr(record, f"{field}_{language}", "")
    return str(text or getattr(record, f"{field}_en"))


def in_all_languages(record: object, field: str) -> dict[str, str]:
    """Only the languages in which the text is known."""
    texts = {language: str(getattr(record, f"{field}_{language}")) for language in LANGUAGES}
    return {language: text for language, text in texts.items() if text}


class Named(models.Model):
    name_en = models.CharField(_("name in English"), max_length=200)
    name_ru = models.CharField(_("name in Russian"), max_length=200, blank=True)
    name_kk = models.CharField(_("name in Kazakh"), max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_active_language(self, "name")

    @property
    def names(self) -> dict[str, str]:
        return in_all_languages(self, "name")
