"""Sentences that read like reports, in English, Russian and Kazakh, all of them invented."""

from random import Random

# Per language: openings, what happened, what followed.
SENTENCES = {
    "en": (
        ("At station {n}", "At the school on Abai street, station {n}", "Outside the building"),
        (
            "our observers were refused entry and told to come back with another paper",
            "a member of the commission stood in front of the box and covered it",
            "two voters were given several ballots each",
            "police asked a reporter to stop filming and led her to a car",
            "mobile internet stopped working while people were voting",
        ),
        ("The chair said it was an order.", "Nobody gave a reason.", "It is still going on."),
    ),
    "ru": (
        ("На участке №{n}", "В школе на улице Абая, участок {n}", "У входа в здание"),
        (
            "наших наблюдателей не пустили и потребовали ещё одну справку",
            "член комиссии загораживал урну и не давал смотреть",
            "двум избирателям выдали сразу несколько бюллетеней",
            "полиция потребовала от журналистки прекратить съёмку и увела её в машину",
            "во время голосования пропал мобильный интернет",
        ),
        ("Председатель сослался на приказ.", "Причину не назвали.", "Это продолжается."),
    ),
    "kk": (
        ("№{n} учаскеде", "Абай көшесіндегі мектепте, {n} учаске", "Ғимараттың алдында"),
        (
            "байқаушыларымызды кіргізбей, тағы бір анықтама талап етті",
            "комиссия мүшесі жәшікті көлегейлеп, қарауға мүмкіндік бермеді",
            "екі сайлаушыға бірден бірнеше бюллетень берілді",
            "полиция тілшіге түсіруді тоқтатуды талап етіп, көлікке алып кетті",
            "дауыс беру кезінде мобильді интернет өшіп қалды",
        ),
        ("Төраға бұйрық бар деді.", "Себебін айтпады.", "Әлі жалғасып жатыр."),
    ),
}
# Kazakh as some write it on a phone without Kazakh letters, in the Latin alphabet.
LATIN_KAZAKH = (
    "{n} uchaskede baiqaushylardy kirgizbedi, sebebin aitpady.",
    "Dauys beru kezinde internet oship qaldy, {n} uchaske.",
)
TITLES = (
    "Observers refused at {n}",
    "Наблюдателей не пустили, {n}",
    "Байқаушыларды кіргізбеді, {n}",
    "Several ballots to one voter, {n}",
    "Задержание у участка {n}",
)
LANGUAGES = ("ru", "ru", "ru", "kk", "kk", "en", "latin")


def report_text(rng: Random, number: str) -> tuple[str, str]:
    """A text and its language."""
    language = rng.choice(LANGUAGES)
    if language == "latin":
        return rng.choice(LATIN_KAZAKH).format(n=number), "kk"
    where, what, then = SENTENCES[language]
    text = f"{rng.choice(where)} {rng.choice(what)}. {rng.choice(then)}".format(n=number)
    if rng.random() < 0.02:  # a few write long ones
        text = " ".join([text] * rng.randrange(5, 40))
    return text, language


def title(rng: Random, number: str) -> str:
    return rng.choice(TITLES).format(n=number)
