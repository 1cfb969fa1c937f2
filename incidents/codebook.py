"""The public columns of an incident, listed once: order, types, words, and how they become cells.

Document, CSV header, data dictionary and snapshots all read this list. Codes are data and never
change their meaning; a new column goes to the end of its neighbours with a new `since`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from django.utils import translation

from incidents import categories, vocabulary

VERSION = "1.0"
LANGUAGES = ("en", "ru", "kk")
# string: as written; code: one word of `vocabulary`; list: several; object: JSON.
Type = Literal[
    "string", "integer", "number", "boolean", "datetime", "code", "list", "object", "url"
]
NUMERIC = frozenset({"integer", "number"})


@dataclass(frozen=True)
class Column:
    """`csv`: how a value becomes a cell. plain: as it is; joined: with ";"; json: as JSON text;
    text: of one language, as in GeoJSON.
    """

    name: str
    type: Type
    about: Mapping[str, str]
    unit: str = ""
    vocabulary: str = ""
    csv: Literal["plain", "joined", "json", "text"] = "plain"
    since: str = "1.0"

    @property
    def hxl(self) -> str:
        """Its hashtag of the Humanitarian Exchange Language, for the second row of a table."""
        return HXL.get(self.name, "")

    @property
    def numeric(self) -> bool:
        return self.type in NUMERIC or self.vocabulary == "severity"


def _column(name: str, type_: Type, en: str, ru: str, kk: str, **more: Any) -> Column:
    return Column(name, type_, {"en": en, "ru": ru, "kk": kk}, **more)


COLUMNS: tuple[Column, ...] = (
    _column(
        "id",
        "string",
        "Identifier of the incident (UUID). Never changes.",
        "Идентификатор инцидента (UUID). Не меняется.",
        "Оқиғаның идентификаторы (UUID). Өзгермейді.",
    ),
    _column(
        "ref",
        "string",
        "Short public reference. Never changes and is never used again.",
        "Короткий публичный номер. Не меняется и не используется повторно.",
        "Қысқа жария нөмір. Өзгермейді және қайта қолданылмайды.",
    ),
    _column(
        "version",
        "integer",
        "Number of the published version; each correction adds one.",
        "Номер опубликованной версии; каждое исправление увеличивает его на один.",
        "Жарияланған нұсқаның нөмірі; әр түзету оны бірге арттырады.",
    ),
    _column(
        "url",
        "url",
        "Public page of the incident.",
        "Публичная страница инцидента.",
        "Оқиғаның жария беті.",
    ),
    _column(
        "election",
        "code",
        "Election the incident belongs to.",
        "Выборы, к которым относится инцидент.",
        "Оқиға қатысты сайлау.",
        vocabulary="election",
    ),
    _column(
        "category",
        "code",
        "What kind of incident it is.",
        "Вид инцидента.",
        "Оқиғаның түрі.",
        vocabulary="category",
    ),
    _column(
        "categories",
        "list",
        "All categories, the main one first.",
        "Все категории, основная первой.",
        "Барлық санаттар, негізгісі бірінші.",
        vocabulary="category",
        csv="joined",
    ),
    _column(
        "severity",
        "code",
        "How grave it is, from 1 (irregular) to 4 (critical).",
        "Тяжесть, от 1 (лёгкая) до 4 (критическая).",
        "Ауырлығы, 1-ден (жеңіл) 4-ке (аса ауыр) дейін.",
        vocabulary="severity",
    ),
    _column(
        "verification",
        "code",
        "How sure the observers are.",
        "Насколько наблюдатели в этом уверены.",
        "Байқаушылар бұған қаншалықты сенімді.",
        vocabulary="verification",
    ),
    _column(
        "sources",
        "integer",
        "Number of independent sources behind it.",
        "Число независимых источников.",
        "Тәуелсіз дереккөздердің саны.",
        unit="sources",
    ),
    _column(
        "occurred_start",
        "datetime",
        "Earliest time it can have happened. Empty: not known.",
        "Самое раннее возможное время. Пусто: неизвестно.",
        "Болуы мүмкін ең ерте уақыт. Бос: белгісіз.",
    ),
    _column(
        "occurred_end",
        "datetime",
        "Latest time it can have happened. Empty: not known.",
        "Самое позднее возможное время. Пусто: неизвестно.",
        "Болуы мүмкін ең кеш уақыт. Бос: белгісіз.",
    ),
    _column(
        "occurred_precision",
        "code",
        "How exactly the time is known.",
        "Насколько точно известно время.",
        "Уақыт қаншалықты дәл белгілі.",
        vocabulary="occurred_precision",
    ),
    _column(
        "phase",
        "code",
        "Phase of the election. Empty: not known.",
        "Этап выборов. Пусто: неизвестно.",
        "Сайлау кезеңі. Бос: белгісіз.",
        vocabulary="phase",
    ),
    _column(
        "regions",
        "list",
        "Named regions, as codes of the day of the election.",
        "Названные регионы, коды на день выборов.",
        "Аталған өңірлер, сайлау күнгі кодтары.",
        vocabulary="region",
        csv="joined",
    ),
    _column(
        "regions_at_least",
        "integer",
        "How many regions at least, when more happened than could be named.",
        "Не менее скольких регионов, если названы не все.",
        "Барлығы аталмаса, кемінде неше өңір.",
        unit="regions",
    ),
    _column(
        "station",
        "string",
        "Polling station, as commission and number. Empty: none or not told.",
        "Избирательный участок: комиссия и номер. Пусто: нет или не указан.",
        "Сайлау учаскесі: комиссия және нөмірі. Бос: жоқ немесе айтылмаған.",
    ),
    _column(
        "place_precision",
        "code",
        "How exactly the place is published.",
        "Насколько точно опубликовано место.",
        "Орын қаншалықты дәл жарияланған.",
        vocabulary="place_precision",
    ),
    _column(
        "longitude",
        "number",
        "Longitude (WGS 84) of the place as published: a label point, not a position of a person.",
        "Долгота (WGS 84) опубликованного места: точка подписи, а не положение человека.",
        "Жарияланған орынның бойлығы (WGS 84): адамның тұрған жері емес, белгі нүктесі.",
        unit="degrees",
    ),
    _column(
        "latitude",
        "number",
        "Latitude (WGS 84) of the place as published: a label point, not a position of a person.",
        "Широта (WGS 84) опубликованного места: точка подписи, а не положение человека.",
        "Жарияланған орынның ендігі (WGS 84): адамның тұрған жері емес, белгі нүктесі.",
        unit="degrees",
    ),
    _column(
        "persons_min",
        "integer",
        "Persons affected, at least. Empty: no number was given; it is not zero.",
        "Затронуто людей, не менее. Пусто: число не названо; это не ноль.",
        "Қанша адамға қатысты, кемінде. Бос: саны айтылмаған; бұл нөл емес.",
        unit="persons",
    ),
    _column(
        "persons_max",
        "integer",
        "Persons affected, at most. Empty: no number was given; it is not zero.",
        "Затронуто людей, не более. Пусто: число не названо; это не ноль.",
        "Қанша адамға қатысты, ең көбі. Бос: саны айтылмаған; бұл нөл емес.",
        unit="persons",
    ),
    _column(
        "persons_words",
        "string",
        "The number as it was said, such as “dozens”.",
        "Число так, как его назвали, например «десятки».",
        "Сан қалай айтылса солай, мысалы «ондаған».",
    ),
    _column(
        "persons_basis",
        "code",
        "What the number rests on.",
        "На чём основано число.",
        "Сан неге негізделген.",
        vocabulary="persons_basis",
    ),
    _column(
        "title",
        "object",
        "Title by language. In CSV and GeoJSON one text: of labels=, else English.",
        "Заголовок по языкам. В CSV и GeoJSON один текст: на языке labels=, иначе английский.",
        "Тілдер бойынша тақырып. CSV мен GeoJSON-да бір мәтін: labels= тілінде не ағылшынша.",
        vocabulary="language",
        csv="text",
    ),
    _column(
        "summary",
        "object",
        "Public text by language, written by an editor. In CSV and GeoJSON one text.",
        "Публичный текст по языкам, написан редактором. В CSV и GeoJSON один текст.",
        "Редактор жазған жария мәтін, тілдер бойынша.",
        vocabulary="language",
        csv="text",
    ),
    _column(
        "details",
        "object",
        "Answers to the questions of the category.",
        "Ответы на вопросы категории.",
        "Санат сұрақтарының жауаптары.",
        csv="json",
    ),
    _column(
        "responses",
        "list",
        "What authorities said about it: who, when, in which words. It settles nothing by itself.",
        "Что об этом сказали власти: кто, когда, какими словами. Само по себе ничего не решает.",
        "Билік бұл туралы не айтты: кім, қашан, қандай сөзбен. Өздігінен ештеңе шешпейді.",
        csv="json",
    ),
    _column(
        "published_at",
        "datetime",
        "When it was first published.",
        "Когда впервые опубликовано.",
        "Алғаш қашан жарияланды.",
    ),
    _column(
        "updated_at",
        "datetime",
        "When this version was published.",
        "Когда опубликована эта версия.",
        "Осы нұсқа қашан жарияланды.",
    ),
)
# hxlstandard.org 1.1: a column, its hashtag. Regions are of several levels, so they are no #adm1.
_HASHTAGS = """
id #event+id ref #event+code version #meta+version url #meta+url election #crisis+code
category #event+type+code categories #event+type+code+list severity #severity+code
verification #status+verification sources #meta+source+num occurred_start #date+occurred+start
occurred_end #date+occurred+end occurred_precision #date+occurred+precision phase #date+phase+code
regions #loc+region+code+list regions_at_least #loc+region+num+min station #loc+station+code
place_precision #geo+precision longitude #geo+lon latitude #geo+lat persons_min #affected+min
persons_max #affected+max persons_words #affected+text persons_basis #affected+basis
title #event+name summary #description details #description+details+json
responses #description+responses+json published_at #date+published updated_at #date+updated
"""
HXL: Mapping[str, str] = dict(re.findall(r"(\w+) (#\S+)", _HASHTAGS))
BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}
CHOICES: dict[str, Any] = {
    "severity": vocabulary.Severity,
    "verification": vocabulary.Verification,
    "occurred_precision": vocabulary.OccurredPrecision,
    "phase": vocabulary.Phase,
    "place_precision": vocabulary.PlacePrecision,
    "persons_basis": vocabulary.PersonsBasis,
    "grounds": vocabulary.Grounds,
    "source": vocabulary.Source,
    "incident_status": vocabulary.IncidentStatus,
    "outcome": vocabulary.Outcome,
}


def select(names: Iterable[str]) -> tuple[Column, ...]:
    """The columns with these names, in the order of the list. Raises KeyError."""
    wanted = {BY_NAME[name].name for name in names}
    return tuple(column for column in COLUMNS if column.name in wanted)


def headers(columns: Sequence[Column] = COLUMNS) -> list[str]:
    return [column.name for column in columns]


def flatten(document: Mapping[str, Any], columns: Sequence[Column] = COLUMNS) -> list[str]:
    """One cell for each column; "" is what is not known."""
    return [cell(column, document.get(column.name)) for column in columns]


def cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.csv == "joined":
        return ";".join(str(item) for item in value)
    if column.csv == "json":
        return dumps(value) if value else ""
    return one_text(value) or "" if isinstance(value, dict) else str(value)


def one_text(texts: Mapping[str, str] | None, language: str = "en") -> str | None:
    """In this language, else in English, else in the first there is."""
    texts = texts or {}
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), None)


def dumps(value: Any) -> str:
    """JSON as documents are written: UTF-8, no spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def labels(name: str, language: str) -> Mapping[str, str]:
    """Code → label of a fixed vocabulary; empty for those kept in the database."""
    if name == "category":
        return {
            code: category.names.get(language) or category.names["en"]
            for code, category in categories.CATEGORIES.items()
        }
    if name not in CHOICES:
        return {}
    with translation.override(language):
        return {str(value): str(label) for value, label in CHOICES[name].choices}


def as_rows(columns: Sequence[Column] = COLUMNS) -> list[dict[str, Any]]:
    """The data dictionary: one row for each public column, in order."""
    return [
        {
            "name": column.name,
            "type": column.type,
            "unit": column.unit,
            "vocabulary": column.vocabulary,
            "values": list(labels(column.vocabulary, "en")),
            **{f"description_{language}": column.about[language] for language in LANGUAGES},
            "csv": column.csv,
            "hxl": column.hxl,
            "since": column.since,
        }
        for column in columns
    ]


def vocabularies() -> dict[str, list[dict[str, str]]]:
    """Every fixed vocabulary: its codes with their labels in each language."""
    found = {}
    for name in ("category", *CHOICES):
        by_language = {language: labels(name, language) for language in LANGUAGES}
        found[name] = [
            {"code": code, **{language: by_language[language][code] for language in LANGUAGES}}
            for code in by_language["en"]
        ]
    return found


def whole() -> dict[str, Any]:
    return {"version": VERSION, "columns": as_rows(), "vocabularies": vocabularies()}
