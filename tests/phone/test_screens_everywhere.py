"""Every screen of the phone app at 360 px, in each language: nothing to scroll sideways, nothing
too small for a thumb, nothing that axe finds."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from elections.folding import fold
from elections.models import Election
from tests import walking
from tests.contracts.axe import COLOURS, RUN, WORDS

pytestmark = [
    pytest.mark.once,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
SMALL = {"width": 360, "height": 640}
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : ["scrolls sideways",
  ...[...document.querySelectorAll("#screen *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth)
    .map((one) => one.outerHTML.slice(0, 80))]"""
SIZES = """() => [
  ...(document.documentElement.scrollWidth > innerWidth ? ["scrolls sideways"] : []),
  ...[...document.querySelectorAll(
    "button, a[href]:not(.skip), select, textarea, summary, label.choice, label.button, " +
    "input:not([type=radio], [type=checkbox], [type=file])")]
    .filter((one) => one.checkVisibility())
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => Math.round(box.height) < 48 || Math.round(box.width) < 48)
    .map(([one, box]) => `${one.outerHTML.slice(0, 60)} ${box.width} x ${box.height}`)]"""
# Words that stand on two lines, or out of their place.
BROKEN = """() => [...document.querySelectorAll(".group span, .tabs span")].flatMap((one) => {
  const [text, edge] = [one.firstChild, one.parentElement.getBoundingClientRect()];
  return [...text.data.matchAll(/[^\\s-]+/g)].filter(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const box = range.getBoundingClientRect();
    return range.getClientRects().length > 1 || box.left < edge.left || box.right > edge.right;
  }).map(([word]) => word); })"""
PAIRS = [
    "Ёлка", "ҚAЗAҚCTAH", "Әділ Өңір Һәм Ілім", "№ 015", "No. 015", "no15", "n°5", "#7", "casino 5",
    "12A", "Школа  №\u00a0007\n", "a\x00b\u202ec", "Нур\u2011Султан", "\uff21\uff4bmola", "0 00 1",
]  # fmt: skip


def look(page, name, colours, twice_as_large):
    """What is wrong with the screen that is shown."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = page.evaluate(SIZES) + page.evaluate(RUN, WORDS)
    if colours:
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            found += page.evaluate(RUN, COLOURS)
    if twice_as_large:
        page.set_viewport_size({"width": 180, "height": 320})  # 200 % of this phone
        found += page.evaluate(WIDE)
        page.set_viewport_size(SMALL)
    return [(name, one) for one in found]


def walk(page):
    """From screen to screen, by the way an observer goes; gives the name of each."""
    yield "what"
    page.locator("#screen input[type=search]").fill("а")
    yield "what, searched"
    page.locator("#screen input[type=search]").fill("")
    page.locator(".group").first.click()
    yield "kinds"
    page.locator("#screen .row").first.click()
    yield "where"
    for screen in ("regions", "else"):
        page.locator(f"[data-at={screen}]").click()
        yield screen
        page.go_back()
    page.locator("#screen input[type=search]").fill("7")
    page.locator("#screen .row").first.click()
    yield "happened"
    page.locator("[data-at=source]").select_option("second_hand")
    page.locator("[name=when][value=at]").check()
    yield "happened, with details"
    page.locator("[data-at=send]").click()
    page.locator(".receipt .ref").wait_for()
    yield "received"
    for screen in ("checkin", "mine", "waiting"):
        page.locator(f"#tabs [data-screen={screen}]").click()
        page.wait_for_timeout(150)
        yield screen
    page.locator("#open-settings").click()
    yield "settings"
    page.locator("[data-at=lock]").click()
    page.locator("#sos").click()
    yield "locked, calling"


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_every_screen_fits_a_small_phone(phones, language):
    walking.filed_report(by=walking.person("observer"))
    made = phones(viewport={"width": 360, "height": 640}, bypass_csp=True, reduced_motion="reduce")
    made.become()
    made.run("await reference.refresh(given)", language)
    page = made.page
    page.add_init_script(Axe().axe_script)
    wrong = []
    page.goto(f"/report/enrol/?language={language}")
    seen = {"colours": language == "en", "twice_as_large": language != "ru"}
    wrong += look(page, "enrol", **seen)
    page.goto(f"/report/phone/{language}/")
    page.locator(".group").first.wait_for()
    for name in walk(page):
        wrong += look(page, name, **seen)
    assert wrong == []


def test_the_way_of_a_report_fits_without_scrolling(phones):
    made = phones(viewport=SMALL)
    made.become()
    made.run("await reference.refresh('ru')")
    page = made.page
    page.goto("/report/phone/ru/")
    page.locator(".group").first.wait_for()
    fits = "document.documentElement.scrollHeight <= innerHeight"
    assert page.evaluate(fits)
    page.locator(".group").first.click()
    page.locator("#screen .row").first.click()
    assert page.evaluate(fits)
    page.locator("[data-at=open]").click()
    box = page.locator("[data-at=send]").bounding_box()
    assert box["y"] + box["height"] < page.locator("#tabs").bounding_box()["y"]


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_no_word_is_broken_and_no_tile_hidden(phones, language):
    """On small phones too, and in a rehearsal, which takes a line or two for saying so."""
    Election.objects.filter(pk=walking.the_election().pk).update(is_rehearsal=True)
    made = phones(viewport=SMALL)
    made.become()
    made.run("await reference.refresh(given)", language)
    page = made.page
    page.goto(f"/report/phone/{language}/")
    page.locator(".group").first.wait_for()
    for width, height in ((320, 568), (360, 640), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(60)
        assert page.evaluate(BROKEN) == [], width
        scrolls = page.evaluate("document.documentElement.scrollHeight - innerHeight")
        assert scrolls <= 0 or width == 320


def test_phone_and_server_fold_alike(phone):
    folding = (
        "(texts) => import('/static/js/phone/screens/fold.js').then((m) => texts.map(m.fold))"
    )
    assert phone.page.evaluate(folding, PAIRS) == [fold(text) for text in PAIRS]
