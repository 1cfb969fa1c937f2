"""One visual language: every component is shown, works in every face, and obeys the CSP."""

import os
import re
import shutil
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from incidents import vocabulary

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
SPRITE = (ROOT / "static" / "img" / "icons.svg").read_text(encoding="utf-8")
FACES = ["public", "field", "desk"]
LANGUAGES = ["en", "ru", "kk"]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def written(path: Path) -> str:
    """The template without its comments."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"{% comment %}.*?{% endcomment %}|{#.*?#}", "", text, flags=re.DOTALL)


def reached_from(*names: str) -> set[str]:
    """Templates that these include or extend, directly or not."""
    todo, found = list(names), set()
    while todo:
        name = todo.pop()
        if name not in found and (TEMPLATES / name).exists():
            found.add(name)
            todo += re.findall(r'(?:include|extends) "([^"]+)"', written(TEMPLATES / name))
    return found


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_a_template_has_no_style_or_script_of_its_own(path):
    text = written(path)
    assert not re.search(r"\sstyle=|<style|\son(?!e=)[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_the_style_guide_shows_every_component():
    components = {f"components/{file.name}" for file in (TEMPLATES / "components").glob("*.html")}
    assert components <= reached_from(
        "styleguide.html", "django/forms/div.html", *(f"{face}_base.html" for face in FACES)
    )


def test_every_component_says_what_it_needs():
    for file in (TEMPLATES / "components").glob("*.html"):
        assert "{% comment %}" in file.read_text(encoding="utf-8"), file.name


def test_every_icon_a_template_names_is_in_the_sprite():
    symbols = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))
    named = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'components/icon\.html" with name="([^"]+)"', written(path))
    }
    groups = set("acc obs det med net vio vot frd cnt cam adm oth".split())  # noqa: SIM905
    sure = {"reported", "corroborated", "verified", "disputed", "refuted"}
    assert named | groups | sure | {f"severity-{n}" for n in (1, 2, 3, 4)} <= symbols


def test_style_sheets_know_no_left_and_right():
    sides = re.compile(
        r"(?:margin|padding|border|inset)-(?:left|right)|text-align: (?:left|right)"
    )
    for file in (ROOT / "static" / "css").glob("*.css"):
        assert not sides.search(file.read_text(encoding="utf-8")), file.name


@pytest.mark.urls("tests.styleguide")
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_style_guide_renders_in_each_face_and_language(client, face, language):
    page = client.get(reverse("styleguide", args=[face]), headers={"accept-language": language})
    text = page.content.decode()
    assert page.status_code == 200
    assert f'<html lang="{language}"' in text
    assert f'<body class="{face}">' in text


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail("BROWSER_REQUIRED is set and there is no Chromium.")
        pytest.skip("needs a Chromium")
    # Playwright keeps a loop running in this thread, which Django takes for an async view.
    with pytest.MonkeyPatch.context() as patch, playwright.sync_playwright() as driver:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.urls("tests.styleguide")
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(live_server, chromium, face, mode):
    from axe_playwright_python.sync_playwright import Axe

    # bypass_csp: axe brings a script of its own.
    page = chromium.new_page(
        viewport={"width": 320, "height": 800}, color_scheme=mode, bypass_csp=True, locale="kk"
    )
    page.goto(live_server.url + reverse("styleguide", args=[face]))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 900})
    found = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
    page.close()
    assert [(v["id"], v["nodes"][0]["target"]) for v in found] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_components_are_those_of_the_vocabulary(language):
    axes = {
        "severity": [vocabulary.Severity],
        "verification": [vocabulary.Verification],
        "state": [vocabulary.ReportState, vocabulary.IncidentStatus, vocabulary.DraftState],
    }
    with override(language):
        for component, choices in axes.items():
            for member in (member for one in choices for member in one):
                shown = render_to_string(f"components/{component}.html", {component: member.value})
                assert str(member.label).lower() in shown
