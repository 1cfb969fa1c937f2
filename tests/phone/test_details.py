"""Questions with several answers on the phone: from what the server asks to what it keeps."""

import re

import pytest
from playwright.sync_api import expect

from incidents import details
from incidents.models import Report
from tests.phone.test_screens import SMALL, open_app, press_send, tab

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(phones, monkeypatch):
    """Asked everything a category can ask, not only the first four questions."""
    monkeypatch.setattr(details, "first_for", details.fields_for)
    made = phones(**SMALL, timezone_id="Pacific/Honolulu")  # not where the election is
    made.become()
    made.run("await reference.refresh('en')")
    open_app(made.page)
    return made


def begin(page, group, kind, text):
    page.locator(".group", has_text=group).click()
    page.locator("#screen .row", has_text=kind).first.click()
    page.get_by_role("button", name="Leave it open").click()
    page.get_by_label("What happened?").fill(text)
    page.get_by_text("Add details").click()


def sent(page):
    press_send(page)
    expect(page.locator(".receipt h1")).to_contain_text("Received")
    return Report.objects.get()


def test_how_the_detained_were_at_which_time_and_who_says_so(phone):
    page = phone.page
    begin(page, "Detention", "", "Five were taken away.")
    first = page.get_by_role("group", name="Status, Entry 1")
    # This minute in Almaty, there to be changed.
    expect(first.get_by_label("As of")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d$"))
    first.get_by_label("As of").fill("2021-01-10T11:05")
    first.get_by_label("Status").select_option("held")
    first.get_by_label("Who says so").select_option("direct_witness")
    fieldset = page.locator("fieldset", has=first)
    fieldset.get_by_role("button", name="Add another").click()
    second = page.get_by_role("group", name="Status, Entry 2")
    expect(second.get_by_label("Status")).to_be_focused()
    second.get_by_label("Status").select_option("released_without_charge")
    second.get_by_label("As of").fill("2021-01-10T19:30")
    second.get_by_label("Who says so").select_option("second_hand")
    second.get_by_label("In words").fill("their lawyer")
    fieldset.get_by_role("button", name="Add another").click()
    page.get_by_role("button", name="Remove Entry 3").click()
    expect(fieldset.get_by_role("button", name="Add another")).to_be_focused()
    # Elsewhere and back: nothing is lost.
    tab(page, "waiting")
    page.go_back()
    expect(second.get_by_label("In words")).to_have_value("their lawyer")
    expect(first.get_by_label("As of")).to_have_value("2021-01-10T11:05")
    report = sent(page)
    assert report.unresolved == {}
    assert report.details["status"] == [
        {"status": "held", "as_of": "2021-01-10T11:05:00+06:00", "source": "direct_witness"},
        {
            "status": "released_without_charge",
            "as_of": "2021-01-10T19:30:00+06:00",
            "source": "second_hand",
            "source_words": "their lawyer",
        },
    ]


def test_links_to_measurements_and_an_address_as_people_write_it(phone):
    page = phone.page
    begin(page, "Internet", "", "No mobile network.")
    first = page.get_by_role("group", name="Measurements, Entry 1")
    first.get_by_label("Address").fill("explorer.ooni.org/m/1")
    first.get_by_label("Address").blur()
    first.get_by_label("Made by").select_option("ooni")
    expect(first.get_by_label("Address")).to_have_value("https://explorer.ooni.org/m/1")
    first.get_by_label("Taken on").fill("2021-01-10")
    report = sent(page)
    assert report.unresolved == {}
    assert report.details["measurements"] == [
        {"url": "https://explorer.ooni.org/m/1", "source": "ooni", "taken_on": "2021-01-10"}
    ]


def test_what_an_entry_begins_with_is_nobodys_answer(phone):
    page = phone.page
    begin(page, "Detention", "", "Nobody knows more.")
    status = page.get_by_role("group", name="Status, Entry 1").get_by_label("Status")
    status.select_option("held")
    status.select_option("")
    report = sent(page)
    assert (report.details, report.unresolved) == ({}, {})


def test_an_unfinished_entry_is_kept_as_it_was_typed(phone):
    page = phone.page
    begin(page, "Detention", "", "They are held.")
    page.get_by_role("group", name="Status, Entry 1").get_by_label("Status").select_option("held")
    report = sent(page)
    assert "status" not in report.details
    assert "held" in str(report.unresolved["details.status"])
