"""The style guide's sample data, and a URLconf that serves it: for tests and for eyes only."""

from django import forms
from django.shortcuts import render
from django.urls import include, path

CATEGORIES = {
    "acc": ("Entry refused", "Не пустили на участок", "Учаскеге кіргізбеді"),
    "obs": ("Pressure on observers", "Давление на наблюдателей", "Бақылаушыларға қысым"),
    "det": ("Detention", "Задержание", "Ұстау"),
    "med": ("Reporters", "Журналисты", "Журналистер"),
    "net": ("Internet and phones", "Интернет и связь", "Интернет пен байланыс"),
    "vio": ("Violence", "Насилие", "Зорлық-зомбылық"),
    "vot": ("Voters", "Избиратели", "Сайлаушылар"),
    "frd": ("Ballots", "Бюллетени", "Бюллетеньдер"),
    "cnt": ("Count and results", "Подсчёт и итоги", "Санау мен қорытынды"),
    "cam": ("Campaign", "Агитация", "Үгіт"),
    "adm": ("Station work", "Работа участка", "Учаске жұмысы"),
    "oth": ("Other", "Другое", "Басқа"),
}
ICONS = [
    "search",
    "place",
    "time",
    "people",
    "filter",
    "download",
    "history",
    "warning",
    "lock",
    "check",
    "external",
    "menu",
    "chevron",
    "cross",
    "info",
    "quote",
    "link",
    "file",
]
TEXTS = (
    "Observers complained that they were prevented from entering polling stations.",
    "Наблюдатели жаловались, что их не пускали на избирательные участки.",
    "Бақылаушылар сайлау учаскелеріне кіргізілмегеніне шағымданды.",
)
PLACES = (
    "In at least three regions, among them Turkestan and Shymkent; the third is not named",
    "Не менее чем в трёх регионах, среди них Туркестанская область и Шымкент; третий не назван",
    "Кемінде үш өңірде, оның ішінде Түркістан облысы мен Шымкентте; үшіншісі аталмаған",
)
WHEN = ("10 January 2021", "10 января 2021 года", "2021 жылғы 10 қаңтар")


class SampleForm(forms.Form):
    summary = forms.CharField(
        label="What happened", widget=forms.Textarea, help_text="One or two sentences."
    )
    station = forms.CharField(label="Station", required=False)
    shown = forms.ChoiceField(
        label="Was the accreditation shown?",
        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "Not known")],
        widget=forms.RadioSelect(attrs={"class": "segments"}),
    )
    source = forms.ChoiceField(
        label="How do you know?", choices=[("direct_witness", "I saw it"), ("victim", "To me")]
    )
    hidden_station = forms.BooleanField(label="Do not publish the station", required=False)


class SampleFilter(forms.Form):
    q = forms.CharField(label="Words", required=False)
    category = forms.MultipleChoiceField(
        label="Category",
        required=False,
        choices=[(code, names[0]) for code, names in list(CATEGORIES.items())[:4]],
        widget=forms.CheckboxSelectMultiple,
    )
    occurred_from = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


def sample(language: str) -> dict:
    """What every component needs, in the reader's language where the data would be."""
    column = ("en", "ru", "kk").index(language)
    names = {code: words[column] for code, words in CATEGORIES.items()}
    entry = {
        "url": "#main",
        "title": TEXTS[column].rstrip("."),
        "ref": "KZ2021-7F3KQ",
        "when": WHEN[column],
        "iso": "2021-01-10",
        "where": PLACES[column],
        "category": names["acc"],
        "icon": "acc",
        "severity": 2,
        "verification": "reported",
    }
    report = {
        "ref": "KZ2021-M4D2X",
        "state": "linked",
        "received": "11:07",
        "author": "Dosym · Shymkent 3",
        "category": names["acc"],
        "icon": "acc",
        "text": TEXTS[1],
        "language": "ru",
        "facts": [{"label": "Station", "value": "232"}, {"label": "Persons", "value": ""}],
        "danger_words": "The observer is in danger",
    }
    return {
        "crumbs": [{"text": names["oth"], "url": "#main"}],
        "long_text": TEXTS[column],
        "severities": [1, 2, 3, 4, None],
        "verifications": ["reported", "corroborated", "verified", "disputed", "refuted"],
        "states": [
            "received",
            "quarantined",
            "linked",
            "open",
            "in_review",
            "parked",
            "draft",
            "submitted",
            "approved",
            "published",
            "withdrawn",
        ],
        "categories": [{"icon": code, "name": name} for code, name in names.items()],
        "icons": ICONS,
        "facts": [
            {"label": "Where", "value": PLACES[column]},
            {"label": "When", "value": WHEN[column], "note": "Between 11:00 and 14:20"},
            {"label": "People", "value": "15–22", "note": "sources differ"},
            {"label": "Written refusal", "value": None},
        ],
        "columns": [
            {"label": "Region"},
            {"label": "Stations"},
            {"label": "Reports", "number": True},
        ],
        "rows": [
            [{"text": "Shymkent", "url": "#main"}, {"text": "232"}, {"text": "1 204"}],
            [{"text": "Түркістан облысы", "url": "#main"}, {"text": ""}, {"text": "11"}],
        ],
        "entries": [
            entry | {"summary": TEXTS[column]},
            entry
            | {
                "title": names["det"],
                "icon": "det",
                "category": names["det"],
                "severity": 3,
                "verification": "disputed",
                "people": "Dozens (no total given)",
            },
            entry
            | {
                "title": names["net"],
                "icon": "net",
                "category": names["net"],
                "severity": 4,
                "verification": "verified",
                "version_words": "version 2",
            },
        ],
        "applied": [
            {"text": names["acc"], "remove_url": "#main"},
            {"text": "Shymkent", "remove_url": "#main"},
        ],
        "reports": [report, report | {"state": "received", "danger_words": "", "text": ""}],
        "form": SampleForm({"source": "nobody"}),
        "filter_form": SampleFilter(),
        "tiles_legend": ("What happened?", "Что произошло?", "Не болды?")[column],
        "tiles": [
            {"value": code, "text": name, "icon": code, "checked": code == "det"}
            for code, name in names.items()
        ],
        "downloads": [
            {"text": "CSV", "url": "#main", "note": "for a spreadsheet"},
            {"text": "GeoJSON", "url": "#main", "note": "for a map"},
        ],
        "events": [
            {
                "when": "11 January 2021, 14:20",
                "iso": "2021-01-11T14:20:00+06:00",
                "when_utc": "08:20 UTC",
                "who": "Aigerim",
                "text": "Published",
                "marked": True,
            },
            {
                "when": "11 January 2021, 13:55",
                "who": "Timur",
                "text": "Approved",
                "reason": "Both sources were called back.",
            },
            {"when": "10 January 2021, 11:07", "who": "Dosym", "text": "Reported"},
        ],
    }


def styleguide(request, face):
    context = sample(request.LANGUAGE_CODE) | {"face_base": f"{face}_base.html"}
    return render(request, "styleguide.html", context)


urlpatterns = [
    path("styleguide/<str:face>/", styleguide, name="styleguide"),
    path("", include("config.urls")),
]
