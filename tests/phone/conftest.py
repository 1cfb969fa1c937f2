"""A phone in Chromium: the real modules, the real server, in between what a test puts there."""

import pytest

from observers import keys
from observers.models import Device
from tests import walking

MODULES = (
    "asking",
    "bytes",
    "carrying",
    "enrolling",
    "hpke",
    "keys",
    "mine",
    "outbox",
    "qr",
    "reference",
    "sealing",
    "sending",
    "sha256",
    "updating",
    "vault",
    "wiping",
)


class Phone:
    """A browser context that stands for one phone."""

    def __init__(self, context, server):
        self.context, self.server = context, server
        self.page = self.tab()

    def tab(self):
        """A page of this place without the app on it, which would have a sender of its own."""
        page = self.context.new_page()
        page.goto(f"{self.server}/report/phone/nothing/")
        return page

    def run(self, body, given=None, *, page=None):
        """Runs `body` with our modules as variables, and `given`; gives what it returns."""
        used = [name for name in MODULES if f"{name}." in body]
        lines = [f"const {name} = await import('/static/js/phone/{name}.js');" for name in used]
        code = (
            f"(given) => Promise.race([(async () => {{ {' '.join(lines)} {body} }})(),"
            " new Promise((_, stop) => setTimeout(stop, 20000, new Error('never ended')))])"
        )
        return (page or self.page).evaluate(code, given)

    def become(self, person="observer", number=1):
        """Enrols without the route: what it does with keys is what `enrolling.js` does."""
        election = walking.the_election()
        keys.make(election)
        made = "const made = await keys.make(); await vault.put('keys', 'self', made);"
        point = self.run(f"{made} return made.point")
        device = Device.objects.create(
            user=walking.person(person, number=number), election=election, public_key=point
        )
        facts = {"device": str(device.pk), "election": election.slug}
        for name, key in (
            ("sealing_key", keys.sealing_key(election)),
            ("receipt_key", keys.receipt_key()),
        ):
            facts[name] = {"id": key.id, "public": keys.to_text(key.point)}
        join = "Object.assign(await vault.get('keys', 'self'), given)"
        self.run(f"await vault.put('keys', 'self', {join})", facts)
        return device

    def send(self, kind, inside, *, page=None):
        code = "return (await outbox.send(given.kind, given.inside)).id"
        return self.run(code, {"kind": kind, "inside": inside}, page=page)

    def waiting(self):
        return self.run("return outbox.waiting()")

    def until(self, condition, given=None, *, page=None):
        """Waits until `condition` holds of `lines`, what the outbox says; gives those lines."""
        code = (
            "for (let n = 0; n < 500; n += 1) {"
            " const lines = await outbox.waiting();"
            f" if ({condition}) return lines;"
            " await new Promise((resolve) => setTimeout(resolve, 20)); }"
            "throw new Error('never: ' + JSON.stringify(await outbox.waiting()));"
        )
        return self.run(code, given, page=page)

    def start(self, *, page=None):
        self.run("sending.start()", page=page)

    def nudge(self):
        self.run("sending.nudge()")


@pytest.fixture
def phones(chromium, live_server):
    """Makes phones, and puts them away afterwards."""
    contexts = []

    def make(**options):
        contexts.append(chromium.new_context(base_url=live_server.url, locale="en", **options))
        return Phone(contexts[-1], live_server.url)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def phone(phones):
    return phones()
