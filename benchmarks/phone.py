"""What the phone app weighs, and how soon it opens without a network on a slow phone.

    make run PORT=8000 &
    ENVIRONMENT=demo DATA_DIR=… .venv/bin/python -m benchmarks.phone http://127.0.0.1:8000

Invites an observer of the demo, enrols a Chromium, and loads everything once. Compressed is what
gzip makes of it at level 6, as the server sends it in production. Goals: at most 120 KB, opened
in under one second on a processor slowed down four times.
"""

import gzip
import os
import statistics
import sys
import urllib.request

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from elections.models import Election  # noqa: E402
from incidents import fieldwork  # noqa: E402
from incidents.views import phone  # noqa: E402
from observers.models import Membership  # noqa: E402

SMALL = {"width": 360, "height": 640}
OPENINGS = 7
REFERENCE = """async () => {
  const { all } = await import('/static/js/phone/vault.js');
  return JSON.stringify((await all('reference'))[0].body);
}"""


def invited() -> str:
    """The secret of an invitation for an observer, made by a coordinator of the same election."""
    seat = Membership.objects.filter(role="observer", election__isnull=False).first()
    if seat is None or seat.election is None:
        sys.exit("Load the demo first: make run")
    election: Election = seat.election
    by = Membership.objects.filter(role="coordinator", election=election).first()
    if by is None:
        sys.exit("Nobody is there to invite.")
    made = fieldwork.invite(by=by.user, user=seat.user, election=election, channel="page")
    return made[1]


def weigh(url: str, reference: str) -> None:
    parts: dict[str, list[bytes]] = {"shell": [phone.shell_bytes("kk")], "reference": []}
    parts["reference"].append(reference.encode())
    for address in phone.assets():
        kind = address.rsplit(".", 1)[-1]
        with urllib.request.urlopen(url + address) as answer:
            parts.setdefault(kind, []).append(answer.read())
    total = 0
    for kind, bodies in parts.items():
        packed = sum(len(gzip.compress(body, 6)) for body in bodies)
        raw = sum(map(len, bodies))
        total += packed
        print(f"{kind:>10} {len(bodies):3} files {raw:8,} bytes {packed:8,} compressed")
    print(f"{'all':>10} {total:34,} compressed, goal 122,880")


def opened(page: Page, url: str) -> float:
    """Milliseconds from the wish to see the app until its first screen is drawn."""
    page.goto(f"{url}/report/phone/en/")
    page.locator(".group").first.wait_for()
    return float(page.evaluate("performance.getEntriesByName('ready')[0].startTime"))


def main(url: str) -> None:
    secret = invited()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium")
        context = browser.new_context(viewport=SMALL, locale="en")
        page = context.new_page()
        page.goto(f"{url}/report/enrol/#{secret}")
        page.locator("#enrol button").click()
        page.locator(".group").first.wait_for()
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        page.reload()  # from here on the worker answers
        page.locator(".group").first.wait_for()
        weigh(url, page.evaluate(REFERENCE))
        context.set_offline(True)
        slow = context.new_cdp_session(page)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        times = [opened(page, url) for _opening in range(OPENINGS)]
        middle, worst = statistics.median(times), max(times)
        print(
            f"opens offline, processor slowed down 4 times: {middle:.0f} ms, worst {worst:.0f} ms"
        )
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
