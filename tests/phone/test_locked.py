"""What a phone shows after the desk locked it: nothing that tells of the lock. And what its owner
and a carrier may do with what waits."""

import base64
import uuid

import pytest
from playwright.sync_api import expect

from elections.models import Election
from incidents.models import Report
from observers import revoking
from tests import walking
from tests.phone.test_screens import open_app, press_send, tab, write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHOTO = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0" + b"x" * 5000}
TALES = (
    "held",
    "refuse",
    "lock",
    "does not take",
    "not valid",
    "coordinator",
    "allowed",
    "quarant",
)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def words(page):
    return page.locator("#network, #screen").all_inner_texts()


def test_a_locked_phone_shows_nothing_but_an_ordinary_bad_line(phones):
    made = phones(viewport={"width": 360, "height": 640})
    device = made.become()
    made.run("await reference.refresh('en')")
    page = made.page
    open_app(page)
    revoking.lock_device(device, by=walking.person("coordinator"))

    write(page, "Written after the lock.")
    page.get_by_text("Add details").click()
    page.locator("input[multiple]").set_input_files([PHOTO])
    press_send(page)
    expect(page.locator(".receipt h1")).to_contain_text("Received")
    report = Report.objects.get()
    expect(page.locator(".receipt .ref")).to_have_text(report.ref)
    made.until("lines.length === 1 && lines[0].tries > 0")
    shown = words(page)
    tab(page, "waiting")
    expect(page.locator("#screen .fate")).to_contain_text("Photo or recording, waits")
    shown += words(page)
    tab(page, "checkin")
    page.get_by_role("button", name="I am here, all is well").click()
    expect(page.locator("#screen .receipt")).to_contain_text("Received")
    shown += [page.locator("#screen .receipt").inner_text()]

    tab(page, "mine")
    expect(page.locator("#screen .notice")).to_be_visible()
    locked = words(page)
    page.route("**/api/v1/reports/**", lambda route: route.fulfill(status=503, json={}))
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#screen .notice")).to_be_visible()
    assert words(page) == locked, "a server in trouble looks the same"
    assert report.ref in "".join(locked)
    told = " ".join(shown + locked).lower()
    assert [tale for tale in TALES if tale in told] == []
    page.locator("#open-settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    open_app(page)
    expect(page.locator("#network")).not_to_contain_text("lock")


def test_a_carrier_may_forget_what_the_server_never_takes(phones):
    """Of a phone nobody knows. One's own waits for ever."""
    stranger, carrier = phones(), phones(viewport={"width": 360, "height": 640})
    stranger.become()
    stranger.run("await reference.refresh('en')")
    carrier.become(number=2)
    carrier.run("await reference.refresh('en')")
    stranger.run(
        "const me = await vault.get('keys', 'self');"
        "await vault.put('keys', 'self', { ...me, device: given })",
        str(uuid.uuid4()),
    )
    stranger.send("report", {"text": "of nobody"})
    box = stranger.run(
        "return bytes.base64(new Uint8Array(await (await carrying.toFile()).arrayBuffer()))"
    )
    page = carrier.page
    open_app(page)
    tab(page, "waiting")
    page.locator("[data-at=import]").set_input_files(
        {"name": "a.dauys", "mimeType": "text/plain", "buffer": base64.b64decode(box)}
    )
    line = page.locator("#screen .fate")
    expect(line).to_contain_text("Carried for a colleague, held back")
    expect(line).to_contain_text("Your colleague’s phone keeps it")
    page.get_by_role("button", name="Forget it").click()
    page.get_by_role("button", name="Press again to forget it").click()
    expect(line).to_have_count(0)
    assert carrier.waiting() == []

    own = stranger.waiting()[0]["id"]
    stopped = "return outbox.forget(given).then(() => 'gone', (error) => error.name)"
    assert stranger.run(stopped, own) == "AbortError"
    open_app(stranger.page)
    stranger.until("lines[0].state === 'held'")
    tab(stranger.page, "waiting")
    expect(stranger.page.locator("#screen .fate")).to_contain_text("Report, held back")
    expect(stranger.page.get_by_role("button", name="Forget it")).to_have_count(0)


def test_a_rehearsal_says_so_on_every_screen(phones):
    election = walking.the_election()
    Election.objects.filter(pk=election.pk).update(is_rehearsal=True)
    made = phones(viewport={"width": 360, "height": 640})
    made.become()
    made.run("await reference.refresh('en')")
    page = made.page
    open_app(page)
    banner = page.locator("#rehearsal")
    whole = f"Rehearsal. Nothing of “{election.name}” becomes public."
    for name in ("what", "checkin", "mine", "waiting"):
        tab(page, name)
        expect(banner).to_have_text(whole)
    page.locator("#open-settings").click()
    page.get_by_role("button", name="Lock now").click()
    expect(banner.locator("b")).to_be_visible()
    expect(page.get_by_text(election.name)).to_be_hidden()
    Election.objects.filter(pk=election.pk).update(is_rehearsal=False)
    made.run("await reference.refresh('en')")
    open_app(page)
    expect(banner).to_be_hidden()


def test_figures_and_their_time_can_be_told(phones):
    made = phones(viewport={"width": 360, "height": 640})
    made.become()
    made.run("await reference.refresh('en')")
    page = made.page
    open_app(page)
    page.locator("#screen input[type=search]").fill("CNT04")
    page.locator("#screen .row").first.click()
    page.get_by_role("button", name="Leave it open").click()
    page.get_by_text("Add details").click()
    page.locator("#q-official_voted-min").fill("120")
    page.locator("#q-official_voted-max").fill("130")
    page.locator("#q-figures_as_of").fill("2021-01-10T14:00")
    press_send(page)
    expect(page.locator(".receipt h1")).to_contain_text("Received")
    said = Report.objects.get().details
    assert (said["official_voted"]["min"], said["official_voted"]["max"]) == (120, 130)
    assert said["figures_as_of"].startswith("2021-01-10T14:00:00+0")
