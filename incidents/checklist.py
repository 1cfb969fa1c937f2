"""What has to be answered before a public text goes to a second editor.

Generated from the text, the reports and what of the incident would be public; never typed
freely. Each answer is of exactly the words it was given for: an edit voids it.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from elections.folding import fold
from incidents import traces
from incidents.cleaning import digest

# More finds of one kind in one language are asked about together: nobody answers two hundred.
ALONE = 8
EXCERPT = 200


class Answer(TextChoices):
    KEPT = "kept", _("It may be published, and this is why")
    CHECKED = "checked", _("Looked at; nothing to change")
    NOT_APPLICABLE = "not_applicable", pgettext_lazy("answer", "It is not that")


QUESTIONS: dict[str, Any] = {
    "name": _("May name a person: “%(words)s”."),
    "phone": _("May be a phone number: “%(words)s”."),
    "email": _("May be an e-mail address: “%(words)s”."),
    "handle": _("May be an account on a social network: “%(words)s”."),
    "id_number": _("May be an identity number: “%(words)s”."),
    "plate": _("May be the number plate of a car: “%(words)s”."),
    "address": _("May be somebody's address: “%(words)s”."),
    "exact_time": _("An exact time may show who was there: “%(words)s”. Is the hour enough?"),
    "station_in_text": _(
        "May name a polling station that only one organisation observed: “%(words)s”."
    ),
    "children": _("May be about a child: “%(words)s”. Can the child be found by it?"),
    "quote": _("The same words stand in a report: “%(words)s”. Write it in your own."),
    "source_at_station": _(
        "Only one organisation stood at this station. Whoever reads “%(words)s” can name the "
        "observer."
    ),
    "time_at_source": _(
        "The world would read the exact time, and only one organisation was there: %(words)s."
    ),
    "locked_source": _(
        "The account or the phone of an author has lost its access: %(words)s. Can this person "
        "be harmed, and is the report still to be trusted?"
    ),
    "photo": _(
        "Files of these reports still carry what the camera wrote into them: %(words)s. Does the "
        "text tell anything that was read there?"
    ),
    "translation": _("The text is in %(words)s. Has somebody who reads them compared them?"),
}


@dataclass(frozen=True)
class Item:
    """`digest`: of all that the question is about; an answer to another text is none."""

    kind: str
    language: str
    words: str
    digest: str

    @property
    def key(self) -> str:
        """The same for the same words, so that an answer can be offered again after an edit."""
        mark = digest([self.kind, self.language, fold(self.words)])[:10]
        return f"{self.kind}-{self.language or 'all'}-{mark}"

    @property
    def question(self) -> str:
        return str(QUESTIONS[self.kind] % {"words": self.words})


@dataclass(frozen=True)
class Around:
    """What the editor's decision rests on, from reports that the whole desk may read.

    `organisations`: how many stand behind it. `locked`, `photos`: references of reports whose
    author lost access, or whose files are as they came.
    """

    organisations: int = 0
    reports: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    locked: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    languages: dict[str, str] = field(default_factory=dict)


def generate(public: dict[str, Any], around: Around) -> list[Item]:
    """`public`: the fields the world would read, as composed."""
    texts = {
        language: "\n".join(public[part].get(language, "") for part in ("title", "summary"))
        for language in around.languages
        if public["title"].get(language) or public["summary"].get(language)
    }
    items = [item for language in texts for item in _of_text(language, texts[language], around)]
    return items + _of_sources(public, around) + _of_languages(texts, around)


def _of_text(language: str, text: str, around: Around) -> list[Item]:
    found: dict[str, list[str]] = {}
    for kind, words in traces.find(text, names=around.names, known=around.known):
        if kind != "station_in_text" or around.organisations < 2:
            found.setdefault(kind, []).append(words)
    found["quote"] = list(traces.quotes(text, around.reports))
    return [
        Item(kind, language, words[:EXCERPT], digest([kind, language, words, text]))
        for kind, finds in found.items()
        for words in _grouped(finds)
    ]


def _grouped(finds: list[str]) -> list[str]:
    if len(finds) <= ALONE:
        return finds
    return [*finds[: ALONE - 1], "”, “".join(finds[ALONE - 1 :])]


def _of_sources(public: dict[str, Any], around: Around) -> list[Item]:
    items = []
    place = [public["station"], public["regions"], public["place_precision"]]
    few = around.organisations < 2
    if few and public["station"]:
        bound = digest([*place, around.organisations])
        items.append(Item("source_at_station", "", public["station"], bound))
    if few and public["occurred_precision"] in ("exact", "half_hour"):
        # The same words in whatever language the editor reads: an answer is found by them.
        edges = (public["occurred_start"], public["occurred_end"])
        when = " – ".join(dict.fromkeys(f"{edge[:10]} {edge[11:16]}" for edge in edges if edge))
        if when:
            items.append(Item("time_at_source", "", when, digest([*place, when])))
    for kind, refs in (("locked_source", around.locked), ("photo", around.photos)):
        if refs:
            words = ", ".join(refs)[:EXCERPT]
            items.append(Item(kind, "", words, digest([kind, *refs])))
    return items


def _of_languages(texts: dict[str, str], around: Around) -> list[Item]:
    if len(texts) < 2:
        return []
    words = ", ".join(around.languages[language] for language in texts)
    return [Item("translation", "", words, digest(["translation", texts]))]
