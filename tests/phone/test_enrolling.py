"""From the invitation to the fate of a report, over the routes that a phone uses."""

import pytest

from observers import enrolling
from tests import walking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ENROL = (
    "return enrolling.enrol(given, 'my phone').catch(({ name, status, code }) =>"
    " [name, status ?? null, code ?? null])"
)


def invited():
    election = walking.the_election()
    _row, secret = enrolling.invite(
        by=walking.person("coordinator"), user=walking.person("observer"), election=election
    )
    return secret


def test_a_phone_enrols_learns_its_reference_and_asks_after_its_reports(phone):
    secret = invited()
    assert phone.run("return enrolling.enrolled()") is None
    assert phone.run("return keys.sign(new Uint8Array()).catch(({ name }) => name)") == (
        "NotEnrolled"
    )
    assert phone.run(ENROL, "0" * 26)[:2] == ["Problem", 403]

    def lost(route):
        assert route.fetch().status == 201
        route.abort("connectionreset")

    phone.page.route("**/api/v1/devices/", lost)
    assert phone.run(ENROL, secret)[0] == "Offline"
    phone.page.unroute("**/api/v1/devices/")
    phone.page.route("**/api/v1/devices/", lambda route: route.fulfill(json={"ok": True}))
    assert phone.run(ENROL, secret)[0] == "Offline"
    phone.page.unroute("**/api/v1/devices/")
    enrolled = phone.run(ENROL, secret)  # the secret is used, but by this very key
    assert enrolled == phone.run("return enrolling.enrolled()")
    assert enrolled["election"] == "kz-2021-mazhilis"

    assert phone.run("return reference.reference('ru')") is None
    assert phone.run("return reference.refresh('ru')") is True
    assert phone.run("return reference.refresh('ru')") is False
    known = phone.run("return reference.reference('ru')")
    assert known["device"]["id"] == enrolled["device"]
    assert phone.run("return reference.reference('kk')") == known

    said = phone.send("report", {"text": "Money at the gate.", "occurred_ago_min": 0})
    phone.start()
    phone.until("lines.length === 0")
    (mine,) = phone.run("return mine.mine()")
    (sent,) = phone.run("return outbox.sent()")
    assert mine["id"] == said == sent["id"]
    assert mine["ref"] == sent["ref"]
    assert phone.run("return keys.self().then(({ pair }) => pair.privateKey.extractable)") is False


def test_the_clock_of_the_phone_does_not_matter_and_its_error_is_known(phone):
    phone.page.clock.set_system_time("2020-01-01T00:00:00Z")
    phone.run("return enrolling.enrol(given)", invited())
    phone.send("report", {"text": "one"})
    phone.start()
    phone.until("lines.length === 0")
    assert len(phone.run("return mine.mine()")) == 1
    offset = phone.run("return vault.get('settings', 'clock').then(({ offset }) => offset)")
    assert offset > 5 * 365 * 24 * 3600


def test_a_locked_phone_is_told_no_more_than_that_it_could_not_prove_itself(phone):
    device = phone.become()
    device.revoked_at = device.enrolled_at
    device.save()
    answer = "return mine.mine().catch(({ name, status }) => [name, status])"
    assert phone.run(answer) == ["Problem", 401]
    phone.send("report", {"text": "late, and true"})
    phone.start()
    phone.until("lines.length === 0")
    assert len(phone.run("return outbox.sent()")) == 1
