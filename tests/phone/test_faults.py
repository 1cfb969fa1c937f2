"""Whatever stands between a phone and the server: each report arrives once, and none is let go of
before. The phone is real Chromium, the server the real one; in between stands what a test puts."""

import json
import re
import uuid
from datetime import UTC, datetime

import pytest

from incidents import envelopes
from incidents.models import RawReport, Report
from observers import keys

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ENVELOPES = re.compile(r".*/api/v1/envelopes/.*")
PROBLEM = {"type": "/api/v1/problems/some-problem/", "detail": "No."}


def answers(status, body=b"", kind="application/problem+json", **headers):
    def fault(route):
        route.fulfill(
            status=status,
            body=body or json.dumps(PROBLEM | {"status": status}),
            headers={"Content-Type": kind} | {k.replace("_", "-"): v for k, v in headers.items()},
        )

    return fault


def reset(route):
    route.abort("connectionreset")


def lost_answer(route):
    """The server has it, and says so; nobody hears it."""
    assert route.fetch().status in (200, 201)
    route.abort("connectionreset")


def spoiled(change):
    """The server's own answer, with something of it another."""

    def fault(route):
        answer = route.fetch()
        route.fulfill(status=answer.status, headers=answer.headers, body=change(answer.json()))

    return fault


def signed(**other):
    """A true receipt of the server, but for something else."""

    def change(receipt):
        given = {"item": uuid.UUID(receipt["id"]), "sha256": receipt["sha256"]} | other
        return json.dumps(envelopes.receipt(ref=None, received_at=datetime.now(UTC), **given))

    return spoiled(change)


BLOCKED = b"<!DOCTYPE html><title>Blocked</title><p>By order of the ministry."
FAULTS = {
    "400": answers(400),
    "401": answers(401),
    "403": answers(403),
    "413": answers(413),
    "429": answers(429),
    "500": answers(500),
    "403 of somebody else": answers(403, BLOCKED, "text/html"),
    "200 with HTML": answers(200, BLOCKED, "text/html"),
    "200 with HTML that calls itself JSON": answers(200, BLOCKED, "application/json"),
    "204": lambda route: route.fulfill(status=204),
    "elsewhere": answers(307, Location="http://localhost:9/api/v1/envelopes/"),
    "elsewhere here": answers(302, Location="/"),
    "wrong id": signed(item=uuid.UUID(int=5)),
    "wrong digest": signed(sha256="0" * 64),
    "wrong signature": spoiled(
        lambda receipt: json.dumps(receipt | {"signature": keys.to_text(bytes(64))})
    ),
    "truncated": spoiled(lambda receipt: json.dumps(receipt)[:-20]),
    "reset": reset,
    "lost answer": lost_answer,
}


def on_the_server(texts):
    """Each of them once, as a report; everything that arrived was one of them."""
    assert sorted(Report.objects.values_list("text", flat=True)) == sorted(texts)
    assert RawReport.objects.exclude(report_id=None).count() == len(texts)


SEND = "for (const [id, text] of given) await outbox.send('report', { text }, [], { id })"

TRIED = """
(lines.some(({ state }) => state === 'sending') || sending.nudge(),
 lines.length < 4 && lines.every(({ tries }) => tries))
"""


def test_no_answer_but_a_true_receipt_lets_go_of_a_report(phone):
    """Each fault meets the first, the second and the third of those that wait; beside the three
    stands one that nothing is wrong with."""
    phone.become()
    faults, seen, texts, names = {}, [], [], list(FAULTS)
    phone.page.on("request", lambda request: seen.append(request.url))

    def between(route):
        name = faults.get(json.loads(route.request.post_data)["id"])
        return FAULTS[name](route) if name else route.continue_()

    phone.page.route(ENVELOPES, between)
    phone.start()
    for turn in range(len(names)):
        ids = [str(uuid.uuid4()) for _report in range(4)]
        faults |= {ids[place]: names[(turn + place) % len(names)] for place in range(3)}
        texts += [f"{turn}, {place}" for place in range(4)]
        phone.run(SEND, list(zip(ids, texts[-4:], strict=True)))
        left = phone.until(TRIED)
        assert {line["id"] for line in left} == set(faults)
        for line in left:
            ours = faults[line["id"]] in ("400", "401", "403", "413")
            assert (line["status"] is not None) is ours
        faults.clear()
        phone.nudge()
        phone.until("lines.length === 0")
    on_the_server(texts)
    assert {url for url in seen if not url.startswith(phone.server)} == set()
    assert len(phone.run("return outbox.sent()")) == len(texts)


def test_bad_ones_keep_no_other_waiting_and_nobody_has_to_press_anything(phone):
    phone.become()
    bad = [phone.send("report", {"text": name}) for name in ("400", "204")]
    for report, name in zip(bad, ("400", "204"), strict=True):
        phone.page.route(f"**/envelopes/{report}/", FAULTS[name])
    phone.start()
    for number in range(2):
        phone.send("report", {"text": f"good {number}"})
    phone.until("lines.length === 2 && lines.some(({ tries }) => tries > 1)")
    phone.page.unroute_all()
    phone.until("lines.length === 0")
    on_the_server(["400", "204", "good 0", "good 1"])


def test_the_network_may_go_at_each_step_and_sending_goes_on_by_itself(phone):
    phone.become()
    texts, cut, asked = [], {"at": 0}, []

    def between(route):
        asked.append(route.request.url)
        if len(asked) == cut["at"]:
            phone.context.set_offline(True)
        elif len(asked) == cut["after"]:
            route.fetch()
            phone.context.set_offline(True)
            return route.abort("internetdisconnected")
        return route.continue_()

    phone.page.route(ENVELOPES, between)
    for at in range(1, 7):
        asked.clear()
        cut |= {"at": at if at <= 3 else 0, "after": at - 3}
        texts += [f"{at}, {number}" for number in range(3)]
        phone.run("for (const text of given) await outbox.send('report', { text })", texts[-3:])
        phone.start()
        phone.until("lines.length < 4 && lines.some(({ tries }) => tries)")
        assert phone.run("return navigator.onLine") is False
        cut |= {"at": 0, "after": 0}
        phone.context.set_offline(False)
        phone.until("lines.length === 0")
    on_the_server(texts)


def test_silence_is_waited_out_and_patience_is_kept_when_the_server_asks_for_it(phone):
    phone.become()
    hung, asked = [], []
    phone.page.clock.install()
    phone.page.route(ENVELOPES, lambda route: hung.append(route))
    texts = ["one", "two", "three"]
    phone.run("for (const text of given) await outbox.send('report', { text })", texts)
    phone.start()
    for number in range(1, 4):
        while len(hung) < number:
            phone.page.wait_for_timeout(10)
        phone.page.clock.fast_forward(100_000)  # the attempt, and a rest of the line after it
    assert min(line["tries"] for line in phone.until("lines.every(({ tries }) => tries)"))

    def busy(route):
        asked.append(route.request.url)
        answers(429, Retry_After="120")(route)

    phone.page.unroute(ENVELOPES)
    phone.page.route(ENVELOPES, busy)
    phone.nudge()
    while not asked:
        phone.page.wait_for_timeout(10)
    phone.until("!lines.some(({ state }) => state === 'sending')")
    phone.run("dispatchEvent(new Event('pageshow'))")
    phone.page.clock.fast_forward(100_000)
    phone.page.wait_for_timeout(100)
    assert len(asked) == 1
    phone.page.unroute(ENVELOPES)
    phone.page.clock.fast_forward(30_000)
    phone.until("lines.length === 0")
    on_the_server(texts)


def test_two_tabs_send_each_report_once_and_the_second_takes_over(phone):
    phone.become()
    first, second = phone.page, phone.tab()
    asked = []

    def pass_on(route):
        asked.append(route.request.url)
        route.continue_()

    phone.context.route(ENVELOPES, pass_on)
    for page in (first, second):
        phone.start(page=page)
    for number in range(3):
        for page in (first, second):
            phone.send("report", {"text": f"{number}, {page is first}"}, page=page)
    phone.until("lines.length === 0")
    assert len(asked) == len(set(asked)) == 6
    phone.context.unroute(ENVELOPES)
    phone.context.route(ENVELOPES, lambda route: asked.append(route.request.url))
    phone.send("report", {"text": "held by the tab that goes"}, page=first)
    phone.until("lines[0]?.state === 'sending'")
    phone.context.unroute(ENVELOPES)
    first.close()
    phone.until("lines.length === 0", page=second)
    assert Report.objects.count() == 7


FROZEN = """
navigator.locks.request('field-sending', () => new Promise(() => {}));
await vault.put('parts', ['of a file whose sealing was cut off', 0], new Uint8Array(9));
"""


def test_a_frozen_tab_does_not_keep_the_others_from_sending(phone):
    phone.become()
    other = phone.tab()
    phone.run(FROZEN, page=other)
    phone.page.clock.install()
    phone.send("report", {"text": "one"})
    phone.start()
    phone.page.clock.fast_forward(60_000)
    assert len(phone.waiting()) == 1
    for _beat in range(8):
        phone.page.clock.fast_forward(20_000)
    phone.until("lines.length === 0")
    on_the_server(["one"])
    assert phone.run("return vault.names('parts')") == []


FULL = """
const names = [];
const photo = new File([new Uint8Array(3e6)], 'a.jpg', { type: 'image/jpeg' });
await outbox.send('report', { text: 'x' }, [photo]).catch(({ name }) => names.push(name));
for (let n = 0; n < 30 && names.length < 2; n += 1) {
  await outbox.send('report', { text: 'x'.repeat(19000) }).catch(({ name }) => names.push(name));
}
return [names, (await vault.names('parts')).length];
"""


def test_a_full_phone_says_so_keeps_what_it_has_and_still_sends(phone):
    # Before anything is stored: the browser remembers for a while how much room there was.
    storage = phone.context.new_cdp_session(phone.page)
    quota = {"origin": phone.server, "quotaSize": 300_000}
    storage.send("Storage.overrideQuotaForOrigin", quota)
    phone.become()
    assert phone.run(FULL) == [["Full", "Full"], 0]
    kept = phone.waiting()
    assert [line["seq"] for line in kept] == list(range(1, len(kept) + 1))
    phone.start()
    phone.until("lines.length === 0")
    storage.send("Storage.overrideQuotaForOrigin", {"origin": phone.server})
    phone.send("report", {"text": "after"})
    phone.until("lines.length === 0")
    assert Report.objects.count() == len(kept) + 1
