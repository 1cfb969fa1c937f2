"""What makemessages cannot know about the Russian and Kazakh catalogues."""

import ast
import re
from datetime import date
from pathlib import Path

import allauth
import django
import polib
import pytest
import rest_framework
from django.utils import translation
from django.utils.formats import date_format, number_format

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "elections", "observers", "incidents")
DJANGO = Path(django.__file__).parent
SHORT_NAMES = {("gettext", "_"), ("gettext_lazy", "_"), ("gettext_lazy", "lazy")}
PACKAGES = (Path(allauth.__file__).parent / "account", Path(rest_framework.__file__).parent)
PLACEHOLDER = re.compile(r"%\(\w+\)[sdr]|%[sd]|\{\w*\}|</?\w+[^>]*>")


def strings(path):
    tree = ast.parse(path.read_text("utf-8"))
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and n.value}


@pytest.fixture(scope="module")
def framework_texts():
    """All texts that the frameworks would translate, and some more."""
    texts = set()
    for folder in ("conf", "contrib/auth", "contrib/admin"):
        for entry in polib.pofile(str(DJANGO / folder / "locale/en/LC_MESSAGES/django.po")):
            texts |= {entry.msgid, entry.msgid_plural}
    for package in PACKAGES:
        for path in package.glob("*.py"):
            texts |= strings(path)
    return texts


@pytest.mark.parametrize("module", ["framework_texts", "mended_texts"])
def test_a_framework_text_stands_here_as_it_stands_there(module, framework_texts):
    tree = ast.parse((ROOT / f"config/{module}.py").read_text("utf-8"))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    assert calls
    for call in calls:
        words = [a.value for a in call.args if isinstance(a.value, str)]
        words = words[1:] if call.func.id == "pgettext_lazy" else words
        assert set(words) - framework_texts == set()


def test_makemessages_knows_every_name_that_marks_a_text():
    """It looks for gettext's own names, “_” and “lazy”; what another marks is not translated."""
    unknown = []
    for path in sorted(p for app in APPS for p in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                unknown += [
                    f"{path.relative_to(ROOT)}: {one.name} as {one.asname}"
                    for one in node.names
                    if one.asname not in (None, one.name)
                    and (one.name, one.asname) not in SHORT_NAMES
                ]
    assert unknown == []


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_a_translation_keeps_what_is_filled_in_and_the_markup(language):
    broken = []
    for entry in polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES/django.po")):
        if entry.obsolete:
            continue
        # "1 person" may be said without the figure, "2 people" may not.
        wanted = sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        said = [entry.msgstr] if not entry.msgid_plural else entry.msgstr_plural.values()
        if any(sorted(PLACEHOLDER.findall(text)) != wanted for text in said):
            broken.append(entry.msgid)
    assert broken == []


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_nothing_is_left_as_a_guess(language):
    entries = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES/django.po"))
    assert [e.msgid for e in entries if e.fuzzy or e.obsolete] == []


@pytest.mark.parametrize(
    ("language", "day", "number"),
    [
        ("en", "10 January 2021", "1,234.5"),
        ("ru", "10 января 2021 г.", "1\N{NO-BREAK SPACE}234,5"),
        ("kk", "2021 жылғы 10 қаңтар", "1\N{NO-BREAK SPACE}234,5"),
    ],
)
def test_days_and_numbers_are_written_as_the_language_writes_them(language, day, number):
    with translation.override(language):
        assert date_format(date(2021, 1, 10)) == day
        assert number_format(1234.5, force_grouping=True) == number
