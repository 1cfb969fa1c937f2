"""The desk's whole way of one event by keyboard alone, in a real browser.

Three observers have reported: two of one pair, one of another organisation. A coordinator, a first
and a second editor sit down one after the other at the same machine; each signs in and out. The
address is typed once; from there on nothing but keys.
"""

import pytest

from incidents.models import Change, Incident
from observers.models import User
from tests import walking
from tests.factories import PASSWORD, TeamFactory, member
from tests.journeys.keyboard import Keyboard

# Once: what can fail here is script and focus; the steps it takes are played on both elsewhere.
pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
SINCE = "2021-01-10T08:30:00+06:00"
TITLE = "Observers kept out of a polling station"
SUMMARY = "Two groups of observers say they were not let in."
CORRECTED = "Two groups of observers say they were let in only at noon."
WORDS = {
    "English": (TITLE, SUMMARY),
    "Русский": ("Наблюдателей не пустили на участок", "Об этом говорят две группы."),
    "Қазақша": ("Байқаушылар учаскеге кіргізілмеді", "Бұл туралы екі топ айтады."),
}


@pytest.fixture
def keys(live_server, chromium):
    page = chromium.new_page(
        locale="en", viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield Keyboard(page, f"{live_server.url}/account/login/")
    page.close()
    assert faults == []


def three_reports() -> None:
    election, pair = walking.the_election(), TeamFactory()
    said = ("They do not let us in.", "My colleague and I stand outside.", "No entry before noon.")
    for number, (team, text) in enumerate(zip((pair, pair, TeamFactory()), said, strict=True)):
        observer = member("observer", election, team=team, user__username=f"observer-{number}")
        walking.filed_report(by=observer, text=text, occurred_start=SINCE)


def sign_in(keys: Keyboard, user: User) -> None:
    keys.fill("Username", user.username)
    keys.fill("Password", PASSWORD)
    keys.go("Enter")
    keys.press("Tab")
    assert keys.focus()["name"] == "Skip to the content"


def sign_out(keys: Keyboard) -> None:
    keys.follow("Sign out", backwards=True)
    keys.follow("Sign in")


def test_three_reports_become_public_and_are_taken_back_by_keyboard_alone(keys):
    three_reports()
    coordinator, writer = walking.person("coordinator"), walking.person("editor")
    approver = walking.person("editor", number=2)
    sign_in(keys, coordinator)
    one_incident(keys)
    corroborated(keys)
    sign_out(keys)
    sign_in(keys, writer)
    written(keys)
    sign_out(keys)
    sign_in(keys, approver)
    published(keys)
    keys.reads("Version 1", TITLE, SUMMARY)
    corrected(keys)
    sign_out(keys)
    sign_in(keys, writer)
    published(keys)
    keys.reads(CORRECTED, "Only until noon.")
    withdrawn(keys)
    assert [change.op for change in Change.objects.order_by("seq")] == [
        "upsert",
        "upsert",
        "retract",
    ]


# --- The coordinator ---------------------------------------------------------------------------


def open_first(keys: Keyboard) -> None:
    """The first row of the queue, by its key."""
    keys.press("j")
    assert keys.focus()["tag"] == "a"
    keys.go("o")


def one_incident(keys: Keyboard) -> None:
    """Opened from the first report; the others are linked to what the page suggests."""
    open_first(keys)
    keys.press("n")
    keys.write("Observers refused at a station")
    keys.go("Enter")
    keys.told("An incident is open. The report is part of it.")
    for _report in range(2):
        keys.go("g", "q")
        open_first(keys)
        keys.press("l")
        assert keys.focus()["name"].startswith("Link KZ2021-")
        keys.go("Enter")
        keys.told("The report is part of the incident now.")
    assert Incident.objects.get().reports.count() == 3


def corroborated(keys: Keyboard) -> None:
    keys.go("g", "q")
    keys.press("j")
    keys.go("c")
    keys.told("You are reviewing it. Colleagues see your name.")
    keys.reads("2 independent sources")
    keys.press("n")
    keys.write("A pair and an organisation that does not know them.")
    keys.follow("Mark as corroborated")
    keys.told("It is marked as corroborated.")
    assert Incident.objects.get().verification == "corroborated"


# --- The editors -------------------------------------------------------------------------------


def texts(keys: Keyboard, summary: str = "") -> None:
    for title, text in WORDS.values():
        keys.fill("Title", title)
        keys.fill("Summary", summary or text)


def checklist(keys: Keyboard) -> None:
    """Every question answered, then submitted."""
    keys.press("n")
    keys.go("Enter")
    for _question in range(20):
        keys.press("Tab")
        at = keys.focus()
        if at["type"] == "radio":
            keys.press("Space")
        elif at["field"].startswith("reason_"):
            keys.write("Looked at by two people.")
        elif at["type"] == "submit":
            break
    keys.go("Enter")
    keys.told("The text waits for a second editor.")


def written(keys: Keyboard) -> None:
    open_first(keys)
    keys.press("n")
    keys.go("Enter")
    keys.told("The public text is begun. Write it, then submit it.")
    texts(keys)
    keys.follow("Save the public text")
    keys.told("The public text is saved. Nobody outside the desk sees it yet.")
    checklist(keys)


def published(keys: Keyboard) -> None:
    """Approved by a second editor, published, and read as the world does."""
    open_first(keys)
    keys.press("n")
    keys.follow("Approve")
    keys.told("The text is approved. It is not public yet.")
    keys.press("n")
    assert keys.focus()["name"] == "Publish"
    keys.go("Enter")
    keys.told("It is public now, on the site, in the API and in the feed.")
    keys.follow("Read it as the world does")


def corrected(keys: Keyboard) -> None:
    keys.follow("Desk")
    open_first(keys)
    keys.tab_to("Write a correction")
    keys.press("Enter")
    keys.fill("What changed", "Only until noon.")
    keys.follow("Write a correction")
    keys.told("A correction is begun. The world reads the present version meanwhile.")
    keys.fill("Summary", CORRECTED)
    keys.follow("Save the public text")
    checklist(keys)


def withdrawn(keys: Keyboard) -> None:
    keys.follow("Desk")
    open_first(keys)
    keys.fill("Note for the world", "Somebody could be recognised.")
    keys.press("Enter")  # a line of the note, no step
    keys.follow("Withdraw for someone's safety")
    keys.told("It is withdrawn. The world reads only that it was, and why.")
    keys.follow("Read it as the world does")
    keys.reads("Somebody could be recognised.")
    text = keys.page.content()
    assert not any(words in text for words in (TITLE, SUMMARY, CORRECTED))
