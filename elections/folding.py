"""One spelling for searching: what people type and what is stored are folded alike.

The result is for comparing, never for showing.
"""

import re
import unicodedata

# Told apart by case, because "H" looks like "Н" but "h" looks like the Kazakh "һ".
_LATIN_TO_CYRILLIC = str.maketrans("ABCEHIKMOPTXYËƏaceëhikmopxyə", "АВСЕНІКМОРТХУЁӘасеёһікморхуә")
_LOOK_ALIKES = frozenset("ABCEHIKMOPTXYËƏaceëhikmopxyə")
_KAZAKH_TO_RUSSIAN = str.maketrans("ёәғқңөұүһі", "еагкноуухи")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_WORD = re.compile(r"\w+")
# The only words that may have to change: a letter that looks like another, and no plain Latin.
_MIXED = re.compile(r"\b(?=\w*[A-Za-zËëƏə])(?=\w*[^\WA-Za-z])\w+")
_CYRILLIC = re.compile(r"[Ѐ-ӿ]")
_NUMBER_SIGN = re.compile(r"(?:\bno?[.°o]?|#)\s*(?=\d)")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def fold(text: str) -> str:
    """Case, ё, Kazakh letters, Latin look-alikes, "№", leading zeros and spaces made equal.

    Control characters and lone surrogates are dropped, so the result is safe in any query.
    """
    text = unicodedata.normalize("NFKC", _printable(text))
    text = _MIXED.sub(_one_alphabet, text).casefold()
    text = unicodedata.normalize("NFC", text).translate(_KAZAKH_TO_RUSSIAN).translate(_DASHES)
    text = _LEADING_ZEROS.sub("", _NUMBER_SIGN.sub("", text))
    return " ".join(text.split())


def fold_words(text: str) -> list[str]:
    """The folded words without punctuation: "Нур-Султан, №05" gives нур, султан, 5."""
    return _words(fold(text))


def _words(folded: str) -> list[str]:
    return _WORD.findall(folded.replace("_", " "))


def findable(text: str, *numbers: str) -> str:
    """What a column for searching keeps: the folded text, then its whole numbers, each marked.

    Words are found by any part of theirs, but "7" must not find 17. `numbers`: more to find it
    by, such as that of its station. "№" cannot come from a text: folding takes it away.
    """
    folded = fold(text)
    words = _words(folded) + fold_words(" ".join(numbers))
    marked = dict.fromkeys(marked_number(word) for word in words if any(map(str.isdigit, word)))
    return " ".join((folded, *marked))


def marked_number(word: str) -> str:
    return f"№{word};"


def fold_number(text: str) -> str:
    """The form in which two spellings of one station number are equal."""
    return fold(text).replace(" ", "")


def _printable(text: str) -> str:
    if text.isprintable():  # nearly always; it also knows no space but " "
        return text
    return "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}
    )


def _one_alphabet(match: re.Match[str]) -> str:
    """A word that mixes alphabets, or a number with a look-alike letter, becomes Cyrillic."""
    word = match[0]
    letters = [char for char in word if char.isalpha()]
    numbered = len(letters) < len(word) and all(
        char in _LOOK_ALIKES or _CYRILLIC.match(char) for char in letters
    )
    if _CYRILLIC.search(word) or numbered:
        return word.translate(_LATIN_TO_CYRILLIC)
    return word
