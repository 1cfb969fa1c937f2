"""Take the pictures of README.md from a running demo.

Outside the product; needs the development requirements, Chromium and ImageMagick. Start the demo
on an empty DATA_DIR that is thrown away: for the pictures of the desk its people file and link
reports that nobody sent. It takes some minutes, so that a report in danger becomes overdue.

    make run DATA_DIR=/tmp/pictures
    .venv/bin/python docs/recipes/take_screenshots.py http://127.0.0.1:8000 /tmp/pictures docs/img

Times on the pages are those of the demo's first start: take all again, or none.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

# A picture of text needs few colours; README.md is read on slow lines too.
COLOURS = "64"
MOST_BYTES = 150_000
DANGER_IS_READ_WITHIN = 130  # seconds; longer is overdue
TITLE = "Observers kept outside during the count"
WHERE = {"region": "KZ-ALA", "occurred_precision": "exact", "source": "direct_witness"}
EVENT: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "observer1",
        {
            "category": "ACC01",
            "text": "At 20:10 the door was locked before the count. Six of us stand outside.",
            "occurred_start": "2021-01-10T20:10:00+06:00",
            "persons_min": 6,
            "persons_max": 6,
            "persons_basis": "counted",
        },
    ),
    (
        "observer2",
        {
            "category": "ACC01",
            "text": "Нас вывели до подсчёта, дверь закрыли. Снаружи человек восемь.",
            "language": "ru",
            "occurred_start": "2021-01-10T20:15:00+06:00",
            "persons_min": 8,
            "persons_max": 8,
            "persons_basis": "estimated",
        },
    ),
    (
        "observer3",
        {
            "category": "ACC01",
            "text": "Санау кезінде ішке кіргізбеді, есік жабық тұр.",
            "language": "kk",
            "occurred_start": "2021-01-10T20:20:00+06:00",
        },
    ),
)
WAITING: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "observer2",
        {
            "category": "DET03",
            "text": "They hold me and a colleague in a bus near the square.",
            "danger": "observer",
        },
    ),
    ("observer3", {"category": "VOT04", "text": "Деньги раздают у входа во двор."}),
    ("observer1", {"category": "NET01", "text": "No mobile network since noon."}),
)


def main(base: str, data: Path, target: Path) -> None:
    accounts = json.loads((data / "demo-accounts.json").read_text("utf-8"))
    passwords = {account["username"]: account["password"] for account in accounts}
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = _page(browser, base, width=1280, height=1060)
        page.goto("/")
        _keep(page, target / "public.png")

        page = _page(browser, base, width=390, height=844)
        _sign_in(page, "observer1", passwords)
        page.goto("/report/")
        _keep(page, target / "field.png")

        _the_phone(browser, base, passwords, target / "phone.png")
        _the_desk(browser, base, passwords, target)
        browser.close()


def _the_phone(browser: Browser, base: str, passwords: dict[str, str], file: Path) -> None:
    """Invited at the desk, set up by the link, one report: what, where, received."""
    desk = _page(browser, base, width=1280, height=900)
    _sign_in(desk, "coordinator1", passwords)
    desk.goto("/desk/devices/")
    desk.get_by_role("button", name="Invite a phone observer1").click()
    link = desk.locator("code", has_text="/report/enrol/#").inner_text().strip()
    desk.context.close()
    page = _page(browser, base, width=390, height=844)
    page.goto("/report/enrol/#" + link.partition("#")[2])
    page.get_by_role("button", name="Set up this phone").click()
    page.locator(".group").first.wait_for()
    with tempfile.TemporaryDirectory() as folder:
        pictures = [f"{folder}/{name}.png" for name in ("what", "where", "received")]
        page.screenshot(path=pictures[0])
        page.locator(".group").first.click()
        page.locator("#screen .row").first.click()
        page.get_by_role("heading", name="Where?").wait_for()
        page.screenshot(path=pictures[1])
        page.get_by_role("button", name="Only the region").click()
        page.locator("#screen .row").first.click()
        page.get_by_label("What happened?").fill("The door is locked. Two of us stand outside.")
        page.get_by_role("button", name="Send", exact=True).click()
        page.locator(".receipt .ref").wait_for()
        page.screenshot(path=pictures[2])
        _reduce(["-bordercolor", "#8a8f94", "-border", "1", *pictures, "+append"], file)
    page.context.close()


def _the_desk(browser: Browser, base: str, passwords: dict[str, str], target: Path) -> None:
    waiting = [_file(browser, base, who, passwords, said) for who, said in WAITING]
    event = [_file(browser, base, who, passwords, said) for who, said in EVENT]
    page = _page(browser, base, width=1280, height=900)
    _sign_in(page, "coordinator1", passwords)
    page.goto(f"/desk/reports/{event[0]}/")
    page.get_by_label("Working title").first.fill(TITLE)
    page.get_by_role("button", name="Open an incident").click()
    page.get_by_role("heading", level=1, name=TITLE).wait_for()
    incident = page.url
    ref = incident.rstrip("/").rpartition("/")[2]
    for report in event[1:]:
        page.goto(f"/desk/reports/{report}/")
        page.get_by_role("button", name=f"Link {ref}").click()
        page.get_by_text("The report is part of the incident now.").wait_for()
    page.goto(incident)
    page.get_by_role("button", name="Take it into review").first.click()
    page.get_by_text("You are reviewing it.").wait_for()
    time.sleep(DANGER_IS_READ_WITHIN)
    page.goto("/desk/")
    page.locator(f"#queue-rows a[href*='{waiting[0]}']").wait_for()
    _keep(page, target / "queue.png")
    page.goto(incident)
    _keep(page, target / "desk.png", full=True)


def _file(
    browser: Browser, base: str, who: str, passwords: dict[str, str], said: dict[str, Any]
) -> str:
    page = _page(browser, base, width=390, height=844)
    _sign_in(page, who, passwords)
    page.goto("/report/")
    key = page.locator("main input[name=csrfmiddlewaretoken]").first.input_value()
    report = str(uuid.uuid4())
    answer = page.request.put(
        f"/api/v1/reports/{report}/", data=WHERE | said, headers={"X-CSRFToken": key}
    )
    if answer.status != 201:
        raise SystemExit(f"{who} could not report: {answer.text()}")
    page.context.close()
    return report


def _page(browser: Browser, base: str, *, width: int, height: int) -> Page:
    return browser.new_page(
        base_url=base,
        viewport={"width": width, "height": height},
        locale="en-GB",
        color_scheme="light",
    )


def _sign_in(page: Page, username: str, passwords: dict[str, str]) -> None:
    page.goto("/account/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(passwords[username])
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def _keep(page: Page, file: Path, *, full: bool = False) -> None:
    with tempfile.NamedTemporaryFile(suffix=".png") as taken:
        page.screenshot(path=taken.name, full_page=full)
        _reduce([taken.name], file)


def _reduce(pictures: list[str], file: Path) -> None:
    few = ["-strip", "+dither", "-colors", COLOURS, f"PNG8:{file}"]
    subprocess.run(["convert", *pictures, *few], check=True)
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{file} has {size} bytes; at most {MOST_BYTES} are wanted.")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
