"""What only a browser does: it remembers what was typed, and it lets people press twice."""

import pytest
from playwright.sync_api import expect

from incidents.models import Report
from tests import walking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def phone(chromium, live_server, client):
    client.force_login(walking.person("observer"))
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, locale="en"
    )
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto("/report/")
    return page


def test_going_back_shows_nothing_of_what_was_sent(chromium, live_server, client):
    page = phone(chromium, live_server, client)
    page.get_by_text("Voters and voting").click()
    page.locator("[name=category][value=VOT04]").check()
    page.get_by_label("What happened?").fill("Money at the gate.")
    page.get_by_text("Add details").click()
    page.locator("[name=danger]").select_option("observer")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".receipt .ref")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("What happened?")).to_have_value("")
    expect(page.locator("[name=category]:checked")).to_have_count(0)
    expect(page.locator("[name=danger]")).not_to_have_value("observer")
    page.context.close()


def test_pressing_twice_sends_one_report(chromium, live_server, client):
    page = phone(chromium, live_server, client)
    page.get_by_label("What happened?").fill("Money at the gate.")
    page.get_by_role("button", name="Send", exact=True).dblclick()
    expect(page.locator(".receipt .ref")).to_be_visible()
    page.reload()
    expect(page.locator(".receipt .ref")).to_be_visible()
    assert Report.objects.count() == 1
    page.context.close()
