"""Large photos, a browser that keeps nothing, forced colours, and writing from right to left."""

import hashlib
import os
import re

import pytest
from playwright.sync_api import expect

from incidents import fieldwork
from incidents.models import Evidence, Report
from tests import walking
from tests.phone.test_screens import SMALL, open_app, press_send, write
from tests.phone.test_screens_everywhere import walk

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
MB = 1_000_000


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def phone(phones):
    made = phones(**SMALL, reduced_motion="reduce")
    made.become()
    made.run("await reference.refresh('en')")
    open_app(made.page)
    return made


# --- Photos -----------------------------------------------------------------------------------


def photo(size):
    return b"\xff\xd8\xff\xe0" + os.urandom(size - 4)


def test_a_photo_of_twelve_megabytes_and_three_more_arrive_as_they_were_taken(phone):
    page = phone.page
    bodies = [photo(12 * MB), photo(MB // 2), photo(MB // 3), photo(2 * MB)]
    write(page, "Four photos of the protocol.")
    page.get_by_text("Add details").click()
    chosen = [
        {"name": f"IMG_{n}.jpg", "mimeType": "image/jpeg", "buffer": body}
        for n, body in enumerate(bodies)
    ]
    # As a camera gives them: one, and then several of the gallery.
    page.locator("[data-file][capture]").first.set_input_files(chosen[0])
    expect(page.locator(".files li")).to_have_count(1)
    expect(page.locator(".files li")).to_contain_text("12 MB")
    page.locator("[data-file][multiple]").set_input_files(chosen[1:])
    expect(page.locator(".files li")).to_have_count(4)
    press_send(page)
    expect(page.locator(".receipt h1")).to_contain_text("Received", timeout=30_000)
    report = Report.objects.get()
    assert len(report.announced) == 4
    expect(page.locator(".receipt")).to_contain_text("4 of 4 sent", timeout=90_000)
    kept = set(Evidence.objects.filter(report=report).values_list("sha256", "size"))
    assert kept == {(hashlib.sha256(body).hexdigest(), len(body)) for body in bodies}
    assert phone.run("return vault.names('parts')") == []


# --- A browser that keeps nothing -------------------------------------------------------------

# As private windows of different browsers do: there is no such thing, it fails, it refuses a key.
KEEPS_NOTHING = {
    "no database": "Object.defineProperty(window, 'indexedDB', { value: undefined })",
    "it fails": """IDBFactory.prototype.open = function () {
        const asked = { error: new DOMException("A mutation operation", "InvalidStateError") };
        setTimeout(() => asked.onerror?.(), 1);
        return asked; }""",
    "it throws": """IDBFactory.prototype.open = () => {
        throw new DOMException("The operation is insecure.", "SecurityError"); }""",
    "no keys": """IDBObjectStore.prototype.put = () => {
        throw new DOMException("could not be cloned", "DataCloneError"); }""",
}


@pytest.mark.parametrize("how", KEEPS_NOTHING)
def test_a_private_window_is_told_what_to_do(phones, how):
    election = walking.the_election()
    observer, by = walking.person("observer"), walking.person("coordinator")
    _made, secret = fieldwork.invite(by=by, user=observer, election=election, channel="page")
    page = phones(**SMALL).page
    page.add_init_script(KEEPS_NOTHING[how])
    page.goto(f"/report/enrol/#{secret}")
    page.get_by_role("button", name="Set up this phone").click()
    expect(page.locator("#wrong")).to_contain_text("In a private window the app does not work.")
    expect(page.locator("#wrong")).to_contain_text("plain form")
    # The code was not used up: another browser can take it.
    other = phones(**SMALL).page
    other.goto(f"/report/enrol/#{secret}")
    other.get_by_role("button", name="Set up this phone").click()
    expect(other).to_have_url(re.compile(r"/report/phone/en/$"))
    if how != "no keys":
        page.goto("/report/phone/en/")
        expect(page.locator("#screen")).to_contain_text("open it in an ordinary one")


# --- Colours of the reader's own, and the other direction -------------------------------------

UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true })"
# A menu is its drawing and a tick box has a box of its own; any other control whose edge was only
# a background has none once the reader's colours are forced.
EDGELESS = """() => [...document.querySelectorAll(
    "button, select, textarea, a.button, label.button, .choice, " +
    "input:not([type=radio], [type=checkbox], [type=file])")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 2)
  .filter((one) => {
    const style = getComputedStyle(one);
    const edge = ["Top", "Bottom"].some((side) =>
      parseFloat(style[`border${side}Width`]) > 0 && style[`border${side}Style`] !== "none");
    const text = style.textDecorationLine.includes("underline");
    return !edge && !text && !one.matches(".link, .bar-button, .choice:has([type=checkbox])");
  }).map((one) => one.outerHTML.slice(0, 90))"""
# What is chosen must be told by more than a colour.
CHOSEN = """() => [...document.querySelectorAll("[aria-current], [aria-pressed=true]")]
  .filter((one) => one.checkVisibility())
  .filter((one) => {
    const other = [...one.parentElement.children].find((two) =>
      two !== one && two.tagName === one.tagName &&
      !two.matches("[aria-current], [aria-pressed=true]"));
    if (!other) return false;
    const [mine, theirs] = [getComputedStyle(one), getComputedStyle(other)];
    return !["borderTopColor", "borderTopWidth", "borderBottomColor", "borderBottomWidth",
      "outlineWidth", "fontWeight", "textDecorationLine", "backgroundColor", "forcedColorAdjust"]
      .some((name) => mine[name] !== theirs[name]);
  }).map((one) => one.outerHTML.slice(0, 90))"""


def test_forced_colours_leave_every_control_an_edge(phone):
    page = phone.page
    page.emulate_media(forced_colors="active")
    wrong = []
    for name in walk(page):
        page.evaluate(UNFOLD)
        wrong += [(name, one) for one in page.evaluate(EDGELESS) + page.evaluate(CHOSEN)]
        if folder := os.environ.get("LOOK"):
            page.screenshot(path=f"{folder}/forced-{name}.png")
    assert wrong == []


OUTSIDE = """() => {
  const found = document.documentElement.scrollWidth > innerWidth ? ["scrolls sideways"] : [];
  return [...found, ...[...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden, .skip, svg"))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.left < -1 || box.right > innerWidth + 1))
    .map(([one]) => one.outerHTML.slice(0, 90))]; }"""
# The first thing of a row stands where reading begins.
STARTS = """() => [...document.querySelectorAll("#tabs")].flatMap((bar) => {
  const [first, last] = [bar.firstElementChild, bar.lastElementChild];
  return first.getBoundingClientRect().left > last.getBoundingClientRect().left
    ? [] : ["the tabs begin on the left"]; })"""


def test_every_screen_stands_from_right_to_left_too(phone):
    """No language of ours is written so; the layout must not be what stands in its way."""
    page = phone.page
    page.evaluate("document.documentElement.dir = 'rtl'")
    wrong = []
    for name in walk(page):
        page.evaluate(UNFOLD)
        tests = page.evaluate(OUTSIDE) + (page.evaluate(STARTS) if "locked" not in name else [])
        wrong += [(name, one) for one in tests]
        if folder := os.environ.get("LOOK"):
            page.screenshot(path=f"{folder}/rtl-{name}.png")
    assert wrong == []
