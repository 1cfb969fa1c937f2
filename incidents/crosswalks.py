"""Published incidents in the columns of other collections, so that those can take them over.

Made of public columns alone (`Row.public` knows no others). What is not known, or has no word
there, stays empty: never "No", never a guess. What a category is called elsewhere stands with it
in data/categories.json.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from incidents import categories, details
from incidents.codebook import BY_NAME, dumps, one_text
from incidents.exports import Labels
from incidents.lines import harmless

Value = str | float | None
# Our code -> their word; a code that has none there is not listed.
WORDS: Mapping[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "crosswalks.json").read_text("utf-8")
)
YES_NO = {"yes": "Yes", "no": "No"}
WIDE = frozenset({"range", "run_up", "unknown"})
SMALLER_THAN_A_REGION = frozenset({"station", "address", "settlement"})
SEVERAL_REGIONS = "It affected locations in more than one state, province, or region"
ONE_PLACE = "It only affected one city, county, or village"
POLLS = frozenset({"OPN", "VOT", "CLS", "CNT", "TAB"})
OWN_COLUMN = ("facebook", "twitter", "whatsapp", "instagram", "telegram")
OTHER = "Other Incident"
ACTS_ON_EQUIPMENT = {"damaged": "Equipment Damage", "taken": "Equipment Search or Seizure"}


@dataclass(frozen=True)
class Row:
    """One published document. `taxonomy` is the name of the other one in categories.json."""

    document: Mapping[str, Any]
    labels: Labels
    taxonomy: str
    codes: frozenset[str]

    def public(self, name: str) -> Any:
        return self.document.get(BY_NAME[name].name)

    def answer(self, key: str) -> Any:
        """To a question of the main category; of another kind of incident it tells nothing."""
        return self._answers.get(key)

    @cached_property
    def _answers(self) -> Mapping[str, Any]:
        main = self.public("category")
        return details.public_part(main, self.public("details")) if main in self.codes else {}

    def chosen(self, key: str) -> list[Any]:
        return list(self.answer(key) or ())

    def named(self, key: str, codes: Iterable[str]) -> str:
        """What the options are called here, for columns that take any words."""
        asked = {field.key: field for field in details.fields_for(self.public("category"))}
        names = {o.code: o.names["en"] for o in asked[key].options} if key in asked else {}
        return "; ".join(names[code] for code in codes)

    @property
    def words(self) -> list[str]:
        """What the other taxonomy calls its categories."""
        own = (code for code in self.public("categories") if code in self.codes)
        found = (categories.CATEGORIES[code].crosswalk.get(self.taxonomy, ()) for code in own)
        return list(dict.fromkeys(word for words in found for word in words))

    def day(self, edge: str) -> str:
        """Of the clock of the place: documents are written with its offset."""
        return (self.public(f"occurred_{edge}") or "")[:10]

    @property
    def one_day(self) -> bool:
        whole = self.public("occurred_precision") not in WIDE
        return whole and self.day("start") == self.day("end") != ""

    @property
    def regions(self) -> str:
        names = (self._region(code) for code in self.public("regions"))
        return "; ".join(names)

    @property
    def country(self) -> str:
        """Of the regions named; an incident whose place is not known names none."""
        codes = [code[:2] for code in self.public("regions")]
        return "; ".join(self._region(code) for code in dict.fromkeys(codes))

    def _region(self, code: str) -> str:
        return self.labels.regions.get((self.public("election"), code), code)

    def text(self, name: str) -> str:
        return one_text(self.public(name)) or ""


@dataclass(frozen=True)
class Column:
    """`read` None: always empty, and `about` says why."""

    name: str
    about: str
    read: Callable[[Row], Value] | None = None


@dataclass(frozen=True)
class Crosswalk:
    name: str
    title: str
    taxonomy: str
    codes: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Sheet:
    """What `exports.stream` asks of a shape."""

    crosswalk: Crosswalk
    labels: Labels

    def header(self) -> list[str]:
        return [column.name for column in self.crosswalk.columns]

    def values(self, document: str) -> dict[str, Value]:
        of = self.crosswalk
        row = Row(json.loads(document), self.labels, of.taxonomy, frozenset(of.codes))
        read = {column.name: column.read(row) if column.read else None for column in of.columns}
        return {name: None if value == "" else value for name, value in read.items()}

    def text(self, document: str) -> str:
        return dumps(self.values(document))

    def cells(self, document: str) -> list[str]:
        return [_cell(value) for value in self.values(document).values()]


def _cell(value: Value) -> str:
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else str(value)


# --- Access Now, Shutdown Tracker Optimization Project -----------------------------------------


def _blockage(row: Row, *known: str) -> str:
    told = [*row.words, *WORDS["blockages"].get(row.answer("blockage_kind") or "", ())]
    return ", ".join(word for word in known if word in told)


def _start_type(row: Row) -> str:
    estimated = (
        "estimated" if row.public("occurred_precision") in WIDE and row.day("start") else ""
    )
    return (row.answer("start_known") or estimated).capitalize()


def _end(row: Row) -> str:
    over = row.answer("course") == "ended" or row.answer("end_known")
    return row.day("end") if over else ""


def _scope(row: Row) -> str:
    several = len(row.public("regions")) > 1 or (row.public("regions_at_least") or 0) > 1
    if several:
        return SEVERAL_REGIONS
    return ONE_PLACE if row.public("place_precision") in SMALLER_THAN_A_REGION else ""


def _networks(row: Row) -> str:
    told = (
        WORDS["networks"][code] for code in row.chosen("networks") if code in WORDS["networks"]
    )
    return ", ".join(sorted(set(told)))


def _affected(service: str) -> Callable[[Row], str]:
    return lambda row: "Yes" if service in row.chosen("services") else ""


def _network_off(kind: str) -> Callable[[Row], str]:
    return lambda row: "Yes" if kind in row.chosen("networks") else ""


def _other_services(row: Row) -> str:
    others = [s for s in row.chosen("services") if s not in {*OWN_COLUMN, "unknown"}]
    told = [row.named("services", others), row.answer("sites")]
    return "; ".join(filter(None, told))


def _around_polls(row: Row) -> str:
    close = {"voting", "count", "results"} & set(row.chosen("coincides_with"))
    return "Yes" if close or row.public("phase") in POLLS else ""


def _links(row: Row) -> str:
    return " ".join([row.public("url"), *(one["url"] for one in row.chosen("measurements"))])


def _event(row: Row) -> str:
    return "\n".join(filter(None, [row.text("title"), row.text("summary")]))


def _said(key: str, words: Mapping[str, str]) -> Callable[[Row], str]:
    return lambda row: words.get(row.answer(key) or "", "")


def _as_is(name: str) -> Callable[[Row], Value]:
    return lambda row: row.public(name)


OURS = (
    Column("dauys_ref", "`ref`", _as_is("ref")),
    Column("dauys_version", "`version`", _as_is("version")),
    Column("dauys_verification", "`verification`: how sure it is", _as_is("verification")),
)
STOP = Crosswalk(
    "stop",
    "Internet blockages in the columns of Access Now's STOP dataset",
    "stop",
    ("NET00", "NET01", "NET02", "NET03", "NET04", "NET05"),
    (
        Column(
            "start_date_type",
            "`start_known`; Estimated when only a span of days is known",
            _start_type,
        ),
        Column("start_date", "day of `occurred_start`", lambda row: row.day("start")),
        Column("country", "of the regions named", lambda row: row.country),
        Column("geo_scope", "more than one region, or a place below a region", _scope),
        Column("area_name", "names of `regions`", lambda row: row.regions),
        Column(
            "shutdown_type",
            "`category` and `blockage_kind`",
            lambda row: _blockage(row, "Shutdown", "Throttle"),
        ),
        Column("affected_network", "`networks`: Mobile, Broadband", _networks),
        Column(
            "shutdown_extent",
            "`category` and `blockage_kind`",
            lambda row: _blockage(row, "Full network", "Service-based"),
        ),
        Column("ordered_by", "`ordered_by`", _said("ordered_by", WORDS["ordered_by"])),
        Column("decision_maker", "never told: it would be a name"),
        Column("actual_cause", "never told: what coincides is not yet the cause"),
        Column("actual_cause_details", "never told"),
        Column("info_source", "left to those who take the row over"),
        Column("info_source_link", "`url`, then the links of `measurements`", _links),
        Column(
            "shutdown_status",
            "`course`: Ongoing, Ended",
            _said("course", {"ongoing": "Ongoing", "ended": "Ended"}),
        ),
        Column("end_date", "day of `occurred_end`, only when an end was told", _end),
        Column("duration", "never told: it is counted in several units there"),
        Column("gov_justification", "`justification`", _said("justification", WORDS["justified"])),
        Column("gov_ack", "`authority_acknowledges`", _said("authority_acknowledges", YES_NO)),
        *(
            Column(f"{name}_affected", "Yes when among `services`", _affected(name))
            for name in OWN_COLUMN
        ),
        Column("other_affected", "other `services`, and `sites`", _other_services),
        Column("sms_affected", "Yes when among `networks`", _network_off("sms")),
        Column("phonecall_affected", "Yes when voice is among `networks`", _network_off("voice")),
        Column("telcos_involved", "`operators`", lambda row: row.answer("operators")),
        Column("telco_ack", "never told: a statement is not yet an admission"),
        Column("users_notified", "`users_warned`", _said("users_warned", YES_NO)),
        Column(
            "legal_just",
            "Yes when a `legal_basis` was cited",
            lambda row: "Yes" if row.answer("legal_basis") else "",
        ),
        Column("legal_method", "`legal_basis`", lambda row: row.answer("legal_basis")),
        Column(
            "election",
            "Yes from opening to tabulation, and at the time of voting, count or results",
            _around_polls,
        ),
        Column("violence", "never told"),
        Column("hr_abuse_reported", "never told"),
        Column("users_targeted", "never told"),
        Column("users_target_detail", "never told"),
        Column("event", "`title` and `summary` in English, else in another language", _event),
        Column("an_link", "theirs"),
        Column("region", "theirs: a part of the world"),
        *OURS,
    ),
)


# --- U.S. Press Freedom Tracker ----------------------------------------------------------------


def _press_categories(row: Row) -> str:
    words = row.words
    told = [ACTS_ON_EQUIPMENT[one] for one in row.chosen("equipment") if one in ACTS_ON_EQUIPMENT]
    if told:
        words = [word for word in words if word not in ACTS_ON_EQUIPMENT.values()] + told
    return ", ".join(dict.fromkeys(words)) or OTHER


def _latest(words: Mapping[str, str]) -> Callable[[Row], str]:
    def read(row: Row) -> str:
        told = row.chosen("status")
        return words.get(told[-1]["status"], "") if told else ""

    return read


def _actor(*words: str) -> Callable[[Row], str]:
    """One at most: their column has no place for two."""

    def read(row: Row) -> str:
        if not set(words) & set(row.words):
            return ""
        told = {WORDS["actors"].get(code, "") for code in row.chosen("actors")}
        return told.pop() if len(told) == 1 else ""

    return read


def _authority(row: Row) -> str:
    return row.named("authority", [one for one in row.chosen("authority") if one != "unknown"])


def _detained_on(row: Row) -> str:
    return row.day("start") if row.one_day and "DET02" in row.public("categories") else ""


USPFT = Crosswalk(
    "uspft",
    "Incidents with reporters in the columns of the U.S. Press Freedom Tracker",
    "uspft",
    ("MED01", "MED02", "MED03", "MED04", "MED05", "MED06", "DET02"),
    (
        Column("title", "`title` in English, else another", lambda row: row.text("title")),
        Column("url", "`url`", _as_is("url")),
        Column("first_published_at", "`published_at`", _as_is("published_at")),
        Column("last_published_at", "`updated_at`", _as_is("updated_at")),
        Column("date", "day of `occurred_start`", lambda row: row.day("start")),
        Column(
            "exact_date_unknown",
            "False when one day is told, else True",
            lambda row: "False" if row.one_day else "True",
        ),
        Column("city", "never told: regions are not told apart from cities"),
        Column("state", "names of `regions`", lambda row: row.regions),
        Column("longitude", "`longitude`", _as_is("longitude")),
        Column("latitude", "`latitude`", _as_is("latitude")),
        Column("body", "`summary` in English, else another", lambda row: row.text("summary")),
        Column("categories", "their names for `categories` and `equipment`", _press_categories),
        Column("targeted_institutions", "`outlet`", lambda row: row.answer("outlet")),
        Column("targeted_journalists", "never told: names are not published"),
        Column("arresting_authority", "`authority`", _authority),
        Column("arrest_status", "the latest `status`", _latest(WORDS["arrests"])),
        Column("status_of_charges", "the latest `status`", _latest(WORDS["charges"])),
        Column("detention_date", "of DET02, when one day is told", _detained_on),
        Column("release_date", "never told: `status` says as of when, not since when"),
        Column("unnecessary_use_of_force", "never told: it would be a judgement"),
        Column(
            "status_of_seized_equipment",
            "`equipment_returned`",
            _said("equipment_returned", WORDS["equipment"]),
        ),
        Column(
            "actor",
            "`actors`, when all are of one of their kinds: equipment",
            _actor(*ACTS_ON_EQUIPMENT.values()),
        ),
        Column(
            "assailant", "`actors`, when all are of one of their kinds: force", _actor("Assault")
        ),
        Column(
            "was_journalist_targeted",
            "`targeted_as_journalist`",
            _said("targeted_as_journalist", {"yes": "yes", "no": "no"}),
        ),
        *OURS,
    ),
)
CROSSWALKS = {one.name: one for one in (STOP, USPFT)}
