"""The browser dies at each step of sending; whoever finds the phone looks through its files."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from incidents.models import RawReport, Report
from tests.phone.conftest import Phone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ENVELOPES = re.compile(r".*/api/v1/envelopes/.*")
UPLOADS = re.compile(r".*/api/v1/uploads/.*")
SECRETS = ("Қызғалдақ77canary", "canary88 of a name", "canary99 in a file")
CONTROL = "canary00 that is kept in the open"
QUEUED = """
const file = new File([given[2].repeat(9000)], given[1], { type: 'image/jpeg' });
await outbox.send('report', { text: `${given[0]} 1` }, [file]);
for (const number of [2, 3]) await outbox.send('report', { text: `${given[0]} ${number}` });
"""


@pytest.fixture
def start(chromium, live_server, tmp_path):
    """A phone on one and the same profile, however often it was killed."""
    running = []

    def start():
        path = shutil.which("chromium") or shutil.which("google-chrome")
        options = {"executable_path": path, "args": ["--no-sandbox", "--disable-gpu"]}
        context = chromium.browser_type.launch_persistent_context(tmp_path, **options)
        running.append(context)
        return Phone(context, live_server.url)

    yield start
    running[-1].close()


def kill(profile):
    """The processes that this test started on this profile, all of them, at once."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            started = f"--user-data-dir={profile}" in place.joinpath("cmdline").read_text()
        except OSError:
            continue
        if started:
            os.kill(int(place.name), signal.SIGKILL)


def found(profile, words):
    """Those of the words that stand in any file of the profile, in either encoding."""
    wanted = {word.encode(code): word for word in words for code in ("utf-8", "utf-16-le")}
    hits = set()
    for file in profile.rglob("*"):
        if file.is_file() and not file.is_symlink():
            body = file.read_bytes()
            hits |= {word for raw, word in wanted.items() if raw in body}
    return hits


def between(context, step):
    """Lets what is sent come as far as `step`; gives the list of what was sent."""
    asked = []

    def sent(route):
        if step == "one through" and not asked:
            route.continue_()
        elif step != "asked":
            route.fetch()  # the server has it; the phone will not hear of it
        asked.append(route.request.url)

    context.route(ENVELOPES, sent)
    return asked


def test_a_killed_browser_loses_nothing_doubles_nothing_and_shows_nothing(start, tmp_path):
    phone = start()
    phone.become()
    phone.context.route(UPLOADS, lambda route: route.abort())
    phone.run(QUEUED, SECRETS)
    phone.run("await vault.put('settings', 'control', given)", CONTROL)
    kill(tmp_path)
    assert found(tmp_path, [*SECRETS, CONTROL]) == {CONTROL}, "before anything was sent"

    for step in ("asked", "committed", "one through"):
        phone = start()
        asked = between(phone.context, step)
        phone.context.route(UPLOADS, lambda route: route.abort())
        phone.start()
        while len(asked) < 1 + (step == "one through"):
            phone.page.wait_for_timeout(10)
        kill(tmp_path)

    phone = start()
    phone.context.route(UPLOADS, lambda route: route.abort())
    phone.start()
    phone.until("lines.length === 1 && lines[0].kind === 'evidence'")
    assert Report.objects.count() == RawReport.objects.count() == 3
    assert found(tmp_path, [*SECRETS, CONTROL]) == {CONTROL}, "after"
