"""What in a text may lead to a person: found by pattern and by what was typed as a name.

It looks for what an editor should look at, not for what is certain: a find is a question.
"""

import re
from collections.abc import Iterable, Iterator

from elections.folding import fold, fold_words

# A run of more words than this that also stands in a report is a quote of it.
QUOTE_WORDS = 7
MOST_FINDS = 200

UPPER = "A-ZÀ-ÖØ-ÞЁА-ЯӘҒҚҢӨҰҮҺІ"
LOWER = "a-zß-öø-ÿёа-яәғқңөұүһі"
_CAPITALISED = rf"(?:[{UPPER}][{LOWER}]+(?:['’-][{UPPER}]?[{LOWER}]+)*|[{UPPER}]{{5,}})"
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_RUN = re.compile(rf"(?<!\w){_CAPITALISED}(?:[ \u00a0]+{_CAPITALISED})+(?!\w)")
_INITIALS = re.compile(
    rf"(?<!\w)(?:(?:[{UPPER}]\.[ \u00a0]?){{1,2}}{_CAPITALISED}"
    rf"|{_CAPITALISED}[ \u00a0][{UPPER}]\.(?:[ \u00a0]?[{UPPER}]\.)?(?![ \u00a0]?[{UPPER}]))"
)
_PATRONYMIC = re.compile(
    rf"(?<!\w)[{UPPER}][{LOWER}]+(?:(?:[ое]вич|ьич)(?:а|у|ем|е)?|(?:[ое]вн|иничн)(?:а|ы|е|у|ой)"
    rf"|[ -]?(?:ұлы|қызы|улы|кызы|uly|kyzy|qyzy)[{LOWER}]{{0,4}}|ovich|evich|ovna|evna)(?!\w)"
)
PATTERNS: dict[str, re.Pattern[str]] = {
    "id_number": re.compile(r"(?<![\d+])\d{12}(?!\d)"),
    "phone": re.compile(
        r"(?<![\w.])(?:\+\d|8)[\s().-]{0,3}\d{3}[\s().-]{0,3}(?:\d[\s.-]?){6}\d(?!\d)"
        r"|(?<![\w.-])\d{2,3}-\d{2}-\d{2}(?![\w-])|(?<!\d)\+\d{10,15}(?!\d)"
    ),
    "email": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
    "handle": re.compile(
        r"(?<![\w.@])@\w{3,}"
        r"|(?:t\.me|instagram\.com|facebook\.com|vk\.com|tiktok\.com|wa\.me)/[\w.@+/-]*\w",
        re.IGNORECASE,
    ),
    "plate": re.compile(
        r"(?<!\w)(?:\d{3}[ \u00a0]?[A-ZА-ЯІӘ]{2,3}[ \u00a0]?\d{2}"
        r"|[A-ZА-Я][ \u00a0]?\d{3}[ \u00a0]?[A-ZА-Я]{2,3})(?!\w)"
    ),
    "address": re.compile(
        r"(?<!\w)(?:кв\.?|квартир\w*|пәтер\w*|дом\w{0,2}|д\.|үй\w*|подъезд\w*|flat|apartment|apt\.?"
        r"|house)[ \u00a0]*(?:№|no\.?)?[ \u00a0]*\d+\w?(?!\w)"
        r"|(?<!\w)\d+\w?[ -]*(?:үй|пәтер)\w*"
        r"|(?<!\w)(?:ул\.|улиц\w*|просп\w*|пр-т|мкр\w*|көше\w*|даңғыл\w*|street|avenue)"
        r"[^.\n\d]{0,30}\d+\w?(?!\w)",
        re.IGNORECASE,
    ),
    "station_in_text": re.compile(
        r"(?<!\w)(?:участ\w+|уик|учаск\w+|station|precinct)[ \u00a0]*(?:№|no\.?|#|номер)?"
        r"[ \u00a0]*\d+(?!\w)|(?:№|#)[ \u00a0]*\d+",
        re.IGNORECASE,
    ),
    "exact_time": re.compile(
        r"(?<![\d.:])(?:[01]?\d|2[0-3]):(?!00)[0-5]\d(?![\d:])"
        r"|(?<!\w)(?:в|около|at|by|сағат|from|с|до)[ \u00a0]"
        r"(?:[01]?\d|2[0-3])\.(?!00)[0-5]\d(?![\d.])",
        re.IGNORECASE,
    ),
    "children": re.compile(
        r"(?<!\w)(?:child\w*|kids?|minors?|underage\w*|school(?:boy|girl|child)\w*|pupils?|boys?|girls?"
        r"|teenage\w*|реб[её]н\w+|дет(?:и|ей|ям|ьми|ях|ск\w+)|школьни\w+|несовершеннолетн\w+"
        r"|мальчи\w+|девоч\w+|подрост\w+|бала(?:лар\w*|ны|ның|ға|дан|мен|сы\w?)?|оқушы\w*"
        r"|кәмелет\w*|жасөспірім\w*)(?!\w)",
        re.IGNORECASE,
    ),
}
# Words with a capital that are no person, beside the places and parties of the election.
ORDINARY = frozenset(
    fold_words(
        """
        a an and as at before after but by during for from he her his if in into it its no not of
        on one only our she some that the their there these they this those three to two under
        we what when where while who with yesterday today many several most officials
        observers observer reports report reporters journalists police voters people
        central election electoral commission committee ministry minister polling station
        precinct court president parliament mazhilis senate party republic kazakhstan city region
        district oblast mission organisation organization house office general assembly national
        security service human rights criminal code law civil justice interior affairs foreign
        monday tuesday wednesday thursday friday saturday sunday january february march april
        may june july august september october november december
        республика республики республике казахстан казахстана казахстане мажилис центральная
        избирательная комиссия министерство комитет наблюдатели наблюдатель полиция закон
        қазақстан республикасы республикасының орталық сайлау комиссиясы мәжіліс министрлігі
        комитеті бақылаушылар бақылаушы полиция облысы қаласы ауданы ұлттық қауіпсіздік
        kazakh kazakhs казах казахский казахская қазақ қазақтың
        team pair user coordinator editor security account phone test demo stage
        """
    )
)


def find(
    text: str, *, names: Iterable[str] = (), known: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str]]:
    """(kind, the words themselves), each once.

    `names`: what was typed as somebody's name; `known`: folded words that name no person.
    """
    seen: set[tuple[str, str]] = set()
    for kind, words in _all(text, names, known):
        mark = (kind, fold(words))
        if mark not in seen and len(seen) < MOST_FINDS:
            seen.add(mark)
            yield kind, words


def _all(text: str, names: Iterable[str], known: frozenset[str]) -> Iterator[tuple[str, str]]:
    found_names = [*_by_pattern(text, known | ORDINARY)]
    yield from (("name", words) for words in found_names)
    inside = {word for words in found_names for word in fold_words(words)}
    for word in _by_dictionary(text, names):
        if not set(fold_words(word)) <= inside:
            yield "name", word
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            yield kind, " ".join(match[0].split())


def _by_pattern(text: str, known: frozenset[str]) -> Iterator[str]:
    for match in _RUN.finditer(text):
        kept: list[str] = []
        for word in [*match[0].split(), ""]:
            if word and not set(fold_words(word)) <= known:
                kept.append(word)
                continue
            if len(kept) > 1:
                yield " ".join(kept)
            kept = []
    for pattern in (_INITIALS, _PATRONYMIC):
        yield from (" ".join(match[0].split()) for match in pattern.finditer(text))


def _by_dictionary(text: str, names: Iterable[str]) -> Iterator[str]:
    """Words with a capital that somebody typed as a name, whatever their case ending."""
    stems = {
        _stem(word)
        for typed in names
        for word in fold_words(typed)
        if len(word) > 3 and not word.isdigit() and word not in ORDINARY
    }
    if not stems:
        return
    for match in _WORD.finditer(text):
        word = fold(match[0])
        if not match[0][0].isupper() or word in ORDINARY:
            continue
        if any(word.startswith(stem) and len(word) - len(stem) <= 4 for stem in stems):
            yield match[0]


def _stem(word: str) -> str:
    """Without the vowel that a case ending would replace: Асель, Аселя, Аселе."""
    return word[:-1] if len(word) > 4 and word[-1] in "аеийоуыьяaeiouy" else word


def quotes(text: str, sources: Iterable[str]) -> Iterator[str]:
    """Runs of more than QUOTE_WORDS words that stand in one of the sources as well."""
    size = QUOTE_WORDS + 1
    told: set[tuple[str, ...]] = set()
    for source in sources:
        words = fold_words(source)
        told.update(zip(*(words[n:] for n in range(size)), strict=False))
    spans = [(match.span(), fold(match[0])) for match in re.finditer(r"[^\W_]+", text)]
    begin, end = -1, -1
    for n in range(len(spans) - size + 1):
        if tuple(word for _span, word in spans[n : n + size]) not in told:
            continue
        if n > end:
            if end >= 0:
                yield _cut(text, spans[begin][0][0], spans[end][0][1])
            begin = n
        end = n + size - 1
    if end >= 0:
        yield _cut(text, spans[begin][0][0], spans[end][0][1])


def _cut(text: str, start: int, stop: int) -> str:
    return " ".join(text[start:stop].split())
