import pytest

from elections.folding import fold, fold_number, fold_words

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ёлка", "елка"),
        ("ёлка", "ЕЛКА"),
        ("Нұр-Сұлтан", "нур-султан"),
        ("Нур‑Султан", "Нур-Султан"),
        ("Қарағанды", "караганды"),
        ("Әділ Өңір Һәм Ілім", "адил онир хам илим"),
        ("Aлматы", "Алматы"),
        ("ҚAЗAҚCTAH", "казакстан"),
        ("\uff21\uff4b\uff4d\uff4f\uff4c\uff41", "akmola"),
        ("№ 015", "15"),
        ("No. 015", "15"),
        ("no15", "15"),
        ("#7", "7"),
        ("n°5", "5"),
        ("12A", "12А"),
        ("Школа  №\u00a0007\n", "школа 7"),
        ("a\x00b\ud800c\u202e", "abc"),
    ],
)
def test_two_spellings_of_one_thing_fold_alike(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Алматы", "Алматинская"),
        ("Almaty", "Алматы"),
        ("150", "15"),
        ("0", "00 1"),
        ("casino 5", "casi 5"),
    ],
)
def test_different_things_stay_different(one, other):
    assert fold(one) != fold(other)


def test_words_in_latin_stay_latin():
    assert fold("Hope to Come") == "hope to come"


def test_zero_is_a_number_of_its_own():
    assert fold("000") == "0"
    assert fold("1005") == "1005"


def test_folding_twice_changes_nothing():
    text = "№ 015, Aлматы — Нұр‑Сұлтан, «Школа-гимназия» №7"
    assert fold(fold(text)) == fold(text)


def test_words_come_without_punctuation():
    assert fold_words("«Нур-Султан», №05/012!") == ["нур", "султан", "5", "12"]
    assert fold_words(" _%. ") == []


def test_a_number_folds_without_its_spaces():
    assert fold_number("№ 012 А") == fold_number("12A")


def test_a_very_long_text_is_folded_quickly():
    assert len(fold("№ 0" * 200_000)) > 0
