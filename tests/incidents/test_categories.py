import re
from collections import Counter

import pytest
from django.db import models
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from incidents import categories, vocabulary
from incidents.categories import CATEGORIES, GROUPS, VERSION
from incidents.details import DETAIL_SETS

LANGUAGES = {"en", "ru", "kk"}
KAZAKH = set("әғқңөұүһі")
LATIN_IN_CYRILLIC = re.compile(r"[а-яёәғқңөұүһі][a-z]|[a-z][а-яёәғқңөұүһі]", re.IGNORECASE)


def everything_named():
    return [*GROUPS.values(), *CATEGORIES.values()]


def test_eleven_groups_hold_61_kinds_and_other_one():
    counted = Counter(category.group for category in CATEGORIES.values())
    assert counted == {
        "ACC": 5, "OBS": 7, "DET": 8, "MED": 6, "NET": 7, "VIO": 5, "VOT": 6,
        "FRD": 4, "CNT": 5, "CAM": 5, "ADM": 3, "OTH": 1,
    }  # fmt: skip
    assert sum(counted.values()) == 61 + 1


def test_groups_stand_with_the_most_likely_first():
    assert list(GROUPS) == [
        "ACC",
        "OBS",
        "VOT",
        "FRD",
        "CNT",
        "MED",
        "DET",
        "NET",
        "VIO",
        "CAM",
        "ADM",
        "OTH",
    ]
    assert [group.order for group in GROUPS.values()] == list(range(1, 13))
    assert [group.icon for group in GROUPS.values()] == [code.lower() for code in GROUPS]


def test_codes_are_three_letters_and_two_digits_without_gaps():
    for group in GROUPS.values():
        numbers = [int(category.code[3:]) for category in group.categories]
        first = {"NET": 0, "OTH": 99}.get(group.code, 1)
        assert numbers == list(range(first, first + len(numbers)))
        assert all(re.fullmatch(r"[A-Z]{3}\d\d", leaf.code) for leaf in group.categories)
    assert re.fullmatch(r"20\d\d\.\d+", VERSION)


@pytest.mark.parametrize("thing", everything_named(), ids=lambda thing: thing.code)
def test_every_name_is_written_in_three_languages(thing):
    for texts in (thing.names, thing.short):
        assert set(texts) == LANGUAGES
        for text in texts.values():
            assert text == text.strip()
            assert text[0].isupper() or text[0] == "«"
            assert not LATIN_IN_CYRILLIC.search(text)
        assert not KAZAKH & set(texts["ru"].lower())
        assert re.search("[а-я]", texts["ru"])
    assert all(len(text) <= 28 for text in thing.short.values())
    assert all(len(text) <= 90 for text in thing.names.values())


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_two_kinds_share_a_name(language):
    for field in ("names", "short"):
        texts = [getattr(category, field)[language] for category in CATEGORIES.values()]
        assert len(set(texts)) == len(texts)


def test_severity_has_the_floors_of_the_scale():
    floors = {category.code for category in CATEGORIES.values() if category.severity_floor == 3}
    assert floors == {"DET01", "DET02", "DET05", "DET08", "MED03"}
    for category in CATEGORIES.values():
        assert category.severity_floor in (1, 3)
        assert category.severity_floor <= category.severity_default <= 4
    assert CATEGORIES["DET08"].severity_default == 4


def test_only_other_may_not_be_published():
    assert [c.code for c in CATEGORIES.values() if not c.publishable] == ["OTH99"]


def test_detail_sets_follow_the_groups():
    asked = {code: "".join(category.detail_sets) for code, category in CATEGORIES.items()}
    assert set("".join(asked.values())) == set(DETAIL_SETS) == set("ABCDEFG")
    assert {code for code, sets in asked.items() if sets == "A"} == {
        "ACC01", "ACC02", "ACC03", "ACC04"
    }  # fmt: skip
    assert {code for code, sets in asked.items() if sets == "B"} == {"OBS01", "OBS02", "OBS03"}
    for group, detail_set in {"DET": "C", "NET": "D", "MED": "E", "VIO": "F"}.items():
        assert {asked[code] for code in categories.expand(group)} == {detail_set}
    assert [code for code, sets in asked.items() if sets == "G"] == ["CNT04"]


@pytest.mark.parametrize(
    ("code", "scheme", "theirs"),
    [
        ("ACC03", "votemonitor", ["RestrictionOfObserversRights"]),
        ("OBS02", "golos", ["observer_rights_failure"]),
        ("DET05", "huridocs", ["030101", "030102"]),
        ("DET05", "acled", ["Arrests"]),
        ("DET08", "acled", ["Abduction/forced disappearance"]),
        ("DET02", "uspft", ["Arrest/Criminal Charge"]),
        ("MED01", "uspft", ["Denial of Access"]),
        ("NET02", "stop", ["Shutdown", "Full network"]),
        ("NET03", "stop", ["Throttle"]),
        ("VOT01", "huridocs", ["170101"]),
        ("CNT03", "huridocs", ["170104"]),
        ("VIO02", "huridocs", ["170105"]),
        ("FRD01", "votemonitor", ["BallotStuffing"]),
    ],
)
def test_crosswalk_names_the_code_of_the_other_taxonomy(code, scheme, theirs):
    assert CATEGORIES[code].crosswalk[scheme] == theirs


def test_crosswalk_is_silent_where_nothing_corresponds():
    assert CATEGORIES["CAM05"].crosswalk == {}
    assert CATEGORIES["NET00"].crosswalk == {}


def test_a_group_expands_to_its_kinds_and_the_unknown_to_none():
    assert categories.expand("ADM") == ["ADM01", "ADM02", "ADM03"]
    assert categories.expand("NET00") == ["NET00"]
    for unknown in ("", "A", "AC", "ACC0", "acc", "ZZZ", "ACC99"):
        assert categories.expand(unknown) == []


def test_an_unknown_code_is_a_key_error():
    assert categories.get("DET05").name
    with pytest.raises(KeyError):
        categories.get("DET99")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("det05", "DET05"), ("DET5", "DET05"), ("acc 01", "ACC01"), ("NET", "NET"), ("zzz", None)],
)
def test_the_nearest_code_is_found(typed, meant):
    assert categories.nearest(typed) == meant


@given(st.text(st.characters(codec=None)))
def test_any_text_may_be_looked_up(typed):
    assert categories.nearest(typed) is None or categories.expand(categories.nearest(typed))
    assert isinstance(categories.expand(typed), list)


def test_names_follow_the_language_of_the_page():
    observer = CATEGORIES["DET01"]
    with translation.override("ru"):
        assert observer.name == "Задержан наблюдатель"
        assert GROUPS["DET"].name == "Задержания"
    with translation.override("kk"):
        assert observer.name == "Байқаушы ұсталды"
    with translation.override("de"):
        assert observer.name == "Observer detained"


def test_choices_are_grouped_and_in_the_active_language():
    with translation.override("kk"):
        grouped = categories.choices()
    assert next(name for name, _leaves in grouped) == GROUPS["ACC"].names["kk"]
    assert sum(len(leaves) for _name, leaves in grouped) == 62
    assert ("NET00", CATEGORIES["NET00"].names["kk"]) in dict(grouped)[GROUPS["NET"].names["kk"]]


def vocabularies():
    return [
        found
        for found in vars(vocabulary).values()
        if isinstance(found, type) and issubclass(found, models.Choices) and found.choices
    ]


def test_words_of_columns_are_labelled_and_safe_in_a_spreadsheet():
    assert len(vocabularies()) == 28
    for words in vocabularies():
        assert all(str(label).strip() for label in words.labels)
        for code in words.values:
            assert str(code) not in ("NA", "None", "null", "nan", "")
