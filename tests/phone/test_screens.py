"""The face of the phone app, in a real browser against the real server: what an observer does."""

import re

import pytest
from playwright.sync_api import expect

from incidents import fieldwork, steps
from incidents.models import Report
from observers.models import CheckIn
from tests import walking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SMALL = {"viewport": {"width": 360, "height": 640}}
SAFE = "Saved on this phone, sealed."


@pytest.fixture
def phone(phones):
    """Enrolled, with the reference data of its election, the app open."""
    made = phones(**SMALL)
    made.become()
    made.run("await reference.refresh('en')")
    open_app(made.page)
    return made


def open_app(page, language="en"):
    page.goto(f"/report/phone/{language}/")
    page.locator(".group").first.wait_for()


def tab(page, name):
    page.locator(f"#tabs [data-screen={name}]").click()


def write(page, text):
    """Three taps and a sentence: what, which, where; then Send."""
    page.locator(".group").first.click()
    page.locator("#screen .row").first.click()
    page.get_by_role("button", name="Leave it open").click()
    page.get_by_label("What happened?").fill(text)


def press_send(page):
    page.get_by_role("button", name="Send", exact=True).click()


def test_from_a_link_to_a_receipt(phones):
    election = walking.the_election()
    observer, by = walking.person("observer"), walking.person("coordinator")
    _made, secret = fieldwork.invite(by=by, user=observer, election=election, channel="page")
    page = phones(**SMALL).page
    page.goto(f"/report/enrol/#{secret}")
    expect(page).to_have_url(re.compile(r"/report/enrol/$"))
    page.route("**/api/v1/devices/", lambda route: route.abort())
    page.get_by_role("button", name="Set up this phone").click()
    expect(page.locator("#wrong")).to_contain_text("could not reach the server")
    page.unroute("**/api/v1/devices/")
    page.get_by_role("button", name="Set up this phone").click()
    write(page, "Two of us were not let in.")
    press_send(page)
    expect(page.locator(".receipt h1")).to_contain_text("Received")
    report = Report.objects.get()
    assert (report.text, report.author) == ("Two of us were not let in.", observer)
    assert report.category
    expect(page.locator(".receipt .ref")).to_have_text(report.ref)
    expect(page.locator(".receipt")).to_contain_text("Nobody has read it yet.")
    page.get_by_role("button", name="Add to this report").click()
    expect(page.locator(".notice")).to_contain_text(report.ref)
    page.get_by_label("What happened?").fill("They let us in at noon.")
    page.locator("#follow_up_kind").select_option("outcome")
    press_send(page)
    expect(page.locator(".receipt h1")).to_contain_text("Received")
    later = Report.objects.exclude(pk=report.pk).get()
    assert (later.follow_up_of, later.follow_up_kind) == (report.pk, "outcome")
    # The invitation works once; whoever opens it again is told what to do.
    again = phones(**SMALL).page
    again.goto(f"/report/enrol/#{secret}")
    again.get_by_role("button", name="Set up this phone").click()
    expect(again.locator("#wrong")).to_contain_text("ask your coordinator")
    expect(again.get_by_label("Code from your coordinator")).to_be_visible()


def test_without_network_the_app_opens_and_the_report_waits(phone):
    page = phone.page
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    phone.context.set_offline(True)
    open_app(page)
    expect(page.locator("#network")).to_have_text("No network")
    write(page, "No network here.")
    press_send(page)
    expect(page.locator(".receipt")).to_contain_text(SAFE)
    expect(page.locator(".receipt")).to_contain_text("Waiting for network.")
    expect(page.locator("#count")).to_have_text(" (1)")
    assert not Report.objects.exists()
    phone.context.set_offline(False)
    expect(page.locator(".receipt h1")).to_contain_text("Received", timeout=15000)
    expect(page.locator("#count")).to_have_text("")
    assert Report.objects.get().text == "No network here."


def test_nothing_typed_is_lost_on_the_way(phone):
    """Back and forth, another tab, a lock and a mistake: the draft is still there."""
    page = phone.page
    write(page, "Half a sentence")
    page.get_by_text("Add details").click()
    page.get_by_label("At least").fill("12")
    page.get_by_role("radio", name="Minutes ago").check()
    page.locator("#minutes").fill("30")
    tab(page, "waiting")
    page.go_back()
    expect(page.get_by_label("What happened?")).to_have_value("Half a sentence")
    expect(page.get_by_label("At least")).to_have_value("12")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("location.assign('/report/')")
    page.wait_for_timeout(200)
    assert asked == ["beforeunload"]
    press_send(page)
    expect(page.locator(".receipt h1")).to_contain_text("Received")
    report = Report.objects.get()
    assert (report.text, report.persons_min) == ("Half a sentence", 12)
    # Sent is gone: the next report begins empty.
    page.get_by_role("button", name="Send another report").click()
    write(page, "")
    expect(page.get_by_label("What happened?")).to_have_value("")


def test_a_question_is_answered_in_place(phone):
    report = walking.filed_report(by=walking.person("observer"))
    steps.take_on_report(
        report, "ask", by=walking.person("coordinator"), channel="page", question="How many?"
    )
    page = phone.page
    tab(page, "mine")
    expect(page.get_by_text(report.ref)).to_be_visible()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator(".question .field-error")).to_be_visible()
    page.get_by_label("Your answer").fill("Two.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator(".question")).to_contain_text("Your answer is saved on this phone")
    phone.until("lines.length === 0")
    assert report.questions.get().answers.get().text == "Two."


def test_the_screen_locks_and_the_pin_opens_it(phone):
    page = phone.page
    write(page, "Hidden while locked")
    page.locator("#open-settings").click()
    page.get_by_label("PIN, 4 digits or more").fill("2580")
    page.get_by_role("button", name="Keep this PIN").click()
    expect(page.get_by_text("The PIN is kept.")).to_be_visible()
    page.get_by_role("button", name="Lock now").click()
    expect(page.locator("#screen")).to_be_hidden()
    for wrong in ("0000", "1111", "2222"):
        page.locator("#unlock").fill(wrong)
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("#unlock")).to_have_value("")
        expect(page.locator(".locked .field-error")).to_contain_text("not the PIN")
    page.wait_for_timeout(600)
    page.locator("#unlock").fill("2580")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".locked .field-error")).to_contain_text("Wait before the next try")
    phone.run(
        "const kept = await vault.get('settings', 'pin');"
        "await vault.put('settings', 'pin', { ...kept, until: 0 })"
    )
    page.locator("#unlock").fill("2580")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#screen")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("What happened?")).to_have_value("Hidden while locked")


def test_a_screen_that_nobody_touches_hides_itself(phone):
    phone.run(
        "const kept = await vault.get('reference', 'en');"
        "kept.body.settings.screen_lock_minutes = 0.001;"
        "await vault.put('reference', 'en', kept)"
    )
    page = phone.page
    open_app(page)
    page.wait_for_timeout(150)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#screen")).to_be_hidden()
    expect(page.locator("#unlock")).to_be_hidden()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#screen")).to_be_visible()


def test_wiping_leaves_nothing(phone):
    page = phone.page
    page.evaluate("navigator.serviceWorker.ready")
    phone.context.set_offline(True)
    write(page, "Never to be seen")
    press_send(page)
    expect(page.locator("#count")).to_have_text(" (1)")
    write_again = page.get_by_role("button", name="Send another report")
    write_again.click()
    write(page, "Nor this")
    phone.context.set_offline(False)
    page.route("**/api/v1/envelopes/**", lambda route: route.abort())
    page.locator("#open-settings").click()
    wipe = page.locator("[data-wipe]")
    wipe.click()
    expect(wipe).to_have_text("Press again to wipe")
    wipe.click()
    expect(page).to_have_url(re.compile(r"^(about:blank|.*[0-9]/)$"), timeout=10000)
    page.goto("/data/")
    left = page.evaluate(
        """async () => [await indexedDB.databases(), await caches.keys(),
        await navigator.serviceWorker.getRegistrations(), localStorage.length]"""
    )
    assert left == [[], [], [], 0]
    assert phone.context.cookies() == []


def test_check_in_and_the_call_for_help(phone):
    page = phone.page
    tab(page, "checkin")
    page.get_by_role("button", name="I am here, all is well").click()
    expect(page.locator("#screen .receipt")).to_contain_text("Received")
    page.locator("#sos").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#calling")).to_be_hidden()
    page.locator("#sos").click()
    expect(page.locator("#calling")).to_contain_text("received", timeout=10000)
    assert sorted(CheckIn.objects.values_list("kind", flat=True)) == ["sos", "well"]


def test_without_a_list_of_stations_the_region_is_one_tap_away(phones):
    election = walking.the_election()
    election.stations.all().delete()
    made = phones(**SMALL)
    made.become()
    made.run("await reference.refresh('en')")
    page = made.page
    open_app(page)
    page.locator(".group").first.click()
    page.locator("#screen .row").first.click()
    expect(page.locator("#screen")).to_contain_text(
        "This election has no list of polling stations"
    )
    expect(page.get_by_role("button", name="Nearest to me")).to_be_hidden()
    page.get_by_role("button", name="Almaty").first.click()
    expect(page.locator("[data-at=where]")).to_contain_text("Almaty")
    page.get_by_label("What happened?").fill("By region only.")
    press_send(page)
    expect(page.locator(".receipt h1")).to_contain_text("Received")
    assert Report.objects.get().region.code == "KZ-ALA"
    # A number is still taken as it was seen.
    page.get_by_role("button", name="Send another report").click()
    page.locator(".group").first.click()
    page.locator("#screen .row").first.click()
    page.locator("#screen input[type=search]").fill("58")
    page.get_by_role("button", name="Send “58” as I wrote it").click()
    expect(page.locator("[data-at=where]")).to_contain_text("58")
