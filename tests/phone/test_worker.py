"""The service worker: opens without a network, brings a new version at the right moment, keeps
nothing that is somebody's, and goes with everything else when the phone is wiped."""

import pytest
from playwright.sync_api import expect

from incidents.models import Report
from incidents.views import phone_worker

pytestmark = [
    pytest.mark.once,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
SHELL = "/report/phone/{}/"
READY = "await navigator.serviceWorker.ready;"
KEPT = """
const found = [];
for (const name of await caches.keys()) {
  for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
}
return found;
"""
VERSION = "return (await caches.keys()).join()"


def app(phone, language="en"):
    """The page of the app; what its screens do is not asked here."""
    page = phone.context.new_page()
    page.goto(phone.server + SHELL.format(language))
    return page


def registered(phone, page, busy="false"):
    phone.run(f"globalThis.busy = {busy}; await updating.register(() => busy); {READY}", page=page)
    phone.run(
        "if (!navigator.serviceWorker.controller) await new Promise((resolve) =>"
        " navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }))",
        page=page,
    )


def test_the_app_opens_without_a_network_and_keeps_nothing_of_anybody(phone):
    page = app(phone, "ru")
    phone.become()
    registered(phone, page)
    kept = phone.run(KEPT, page=page)
    assert "/report/phone/ru/" in kept
    assert "/report/phone/kk/" not in kept
    assert {path.split("/")[1] for path in kept} == {"static", "report"}
    phone.run("for (const path of given) await fetch(path)", ["/api/v1/", "/report/"], page=page)
    assert sorted(phone.run(KEPT, page=page)) == sorted(kept)
    phone.context.set_offline(True)
    page.reload()
    assert page.locator("html").get_attribute("lang") == "ru"
    assert phone.run("return (await outbox.send('report', { text: 'offline' })).id", page=page)
    page.goto(phone.server + SHELL.format("kk"))  # never read before: the one that is here
    assert page.locator("html").get_attribute("lang") == "ru"
    phone.context.set_offline(False)
    page.goto(phone.server + SHELL.format("kk"))
    assert page.locator("html").get_attribute("lang") == "kk"
    phone.context.set_offline(True)
    page.reload()
    assert page.locator("html").get_attribute("lang") == "kk"


def test_a_new_version_waits_for_the_unsent_form_and_touches_no_outbox(phone, monkeypatch):
    page = app(phone)  # not enrolled yet: it shows nothing, and starts nothing
    phone.become()
    registered(phone, page, busy="true")
    ids = [phone.send("report", {"text": f"{number}"}) for number in range(3)]
    before = phone.run(VERSION, page=page)
    source = phone_worker.source()
    assert source == phone_worker.source()
    version = before.removeprefix("phone-").encode()
    newer = source.replace(version, b"0" * 16)
    monkeypatch.setattr(phone_worker, "source", lambda: newer)
    update = (
        "const one = await navigator.serviceWorker.getRegistration('/report/');"
        "await one.update();"
        "while (!one.waiting) await new Promise((resolve) => setTimeout(resolve, 20));"
    )
    phone.run(update, page=page)
    page.wait_for_timeout(300)
    assert before in phone.run(VERSION, page=page)
    with page.expect_navigation():  # the old page gives way to the new one
        phone.run("busy = false; updating.idle()", page=page)
    assert phone.run(VERSION, page=page) == f"phone-{'0' * 16}"
    # The new page is enrolled and may send at once: what waits no longer is on the server.
    assert {line["id"] for line in phone.waiting()} <= set(ids)
    phone.start()
    phone.until("lines.length === 0")
    assert sorted(str(pk) for pk in Report.objects.values_list("pk", flat=True)) == sorted(ids)


def test_wiping_leaves_nothing_with_and_without_a_network(phone, client):
    for offline in (False, True):
        page = app(phone)
        phone.become(number=1 + offline)
        registered(phone, page)
        phone.context.set_offline(True)
        phone.start()  # this tab has a sender, and is not the one that is asked to wipe
        phone.send("report", {"text": "waits"})
        phone.run(
            "localStorage.setItem('a', 'b'); addEventListener('beforeunload', "
            "(event) => event.preventDefault())",
            page=page,
        )
        page.mouse.click(5, 5)  # else no page may ask before it is left
        phone.context.add_cookies([{"name": "sessionid", "value": "x", "url": phone.server}])
        phone.context.set_offline(offline)
        # Not expect_navigation: it takes a page that leaves twice for a broken one.
        phone.run("void wiping.wipe()", page=page)
        expect(page).to_have_url("about:blank" if offline else phone.server + "/")
        expect(phone.page).to_have_url("about:blank")
        phone.context.set_offline(False)
        phone.page.goto(f"{phone.server}/report/phone/nothing/")
        assert phone.run(
            "return [(await indexedDB.databases()).length, (await caches.keys()).length,"
            " (await navigator.serviceWorker.getRegistrations()).length, localStorage.length]"
        ) == [0, 0, 0, 0]
        assert offline or phone.context.cookies() == []


def test_no_other_site_can_have_a_phone_wiped(client):
    assert client.post("/report/wiped/").status_code == 400
    for origin in ("https://elsewhere.example", "null"):
        assert client.post("/report/wiped/", headers={"origin": origin}).status_code == 400
    answer = client.post("/report/wiped/", headers={"origin": "http://testserver"})
    assert (answer.status_code, answer["Clear-Site-Data"]) == (204, '"*"')
    assert client.get("/report/wiped/").status_code == 405
