"""The queue as it stands open in a browser: it renews itself, and keys do everything."""

import pytest

from tests import walking
from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(live_server, chromium):
    user = walking.person("coordinator")
    page = chromium.new_page(locale="en", viewport={"width": 1280, "height": 800})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{live_server.url}/account/login/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    page.base = live_server.url
    yield page
    page.close()
    assert errors == []


def rows(page) -> list[str]:
    return page.locator("#queue-rows tbody a[id^=row-]").all_text_contents()


def test_a_new_report_takes_its_place_and_leaves_me_mine(desk):
    calm = walking.filed_report(text="A calm one.")
    desk.goto(f"{desk.base}/desk/")
    box = desk.locator(f"#line-{calm.ref} input")
    box.check()
    desk.locator(f"#row-{calm.ref}").focus()
    walking.filed_report(text="They are holding us.", danger="observer")
    walking.filed_report(text="A later one.")
    desk.get_by_text("They are holding us.").wait_for(timeout=6000)
    assert rows(desk) == ["They are holding us.", "A calm one.", "A later one."]
    assert box.is_checked()
    assert desk.evaluate("document.activeElement.id") == f"row-{calm.ref}"


def test_without_connection_it_says_so_and_recovers_with_nothing_missing(desk):
    walking.filed_report(text="Was here before.")
    desk.goto(f"{desk.base}/desk/")
    desk.context.set_offline(True)
    desk.get_by_text("No connection; trying again.").wait_for(timeout=12000)
    missed = [walking.filed_report(text=f"While away {n}.") for n in range(3)]
    desk.context.set_offline(False)
    desk.get_by_text("While away 2.").wait_for(timeout=15000)
    assert all(desk.locator(f"#line-{row.ref}").count() == 1 for row in missed)
    desk.locator(".queue-offline").wait_for(state="hidden")


def test_the_queue_is_worked_by_keys_in_any_layout(desk):
    incident = walking.opened(title="To be claimed")
    walking.filed_report(text="Report one.")
    desk.goto(f"{desk.base}/desk/")
    desk.keyboard.press("KeyJ")
    desk.keyboard.press("KeyX")
    assert desk.locator("tr:has-text('Report one.') input").is_checked()
    # The same place on the keyboard while a Russian layout is on.
    desk.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        " {code: 'KeyJ', key: 'о', bubbles: true}))"
    )
    assert desk.evaluate("document.activeElement.id") == f"row-{incident.ref}"
    desk.keyboard.press("KeyC")
    desk.wait_for_url(f"**/incidents/{incident.ref}/")
    desk.get_by_text("You are reviewing it.").wait_for()
    desk.keyboard.press("KeyP")
    assert desk.evaluate("document.activeElement.name") == "reason"
    desk.keyboard.type("jkxu")  # typed, not obeyed
    assert desk.evaluate("document.activeElement.value") == "jkxu"
    desk.locator("h1").click()
    desk.keyboard.press("KeyG")
    desk.keyboard.press("KeyQ")
    desk.wait_for_url("**/desk/")
    desk.keyboard.press("Slash")
    assert desk.evaluate("document.activeElement.type") == "search"


def test_the_keys_are_shown_and_the_focus_comes_back(desk):
    desk.goto(f"{desk.base}/desk/")
    button = desk.get_by_role("button", name="Keys")
    button.focus()
    desk.keyboard.press("Shift+Slash")
    dialog = desk.get_by_role("dialog")
    dialog.get_by_text("take the incident into review").wait_for()
    desk.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert desk.evaluate("document.activeElement.textContent").endswith("Keys")
    # A modifier belongs to the browser.
    desk.keyboard.press("Control+Slash")
    assert not dialog.is_visible()
