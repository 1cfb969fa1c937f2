"""Take the pictures of README.md from a running demo, one for each of the three people.

Outside the product; needs the development requirements, Chromium and ImageMagick. Start the demo
on an empty DATA_DIR, so that the pictures show what a newcomer sees:

    make run DATA_DIR=/tmp/pictures
    .venv/bin/python docs/recipes/take_screenshots.py http://127.0.0.1:8000 /tmp/pictures docs/img

Times on the pages are those of the demo's first start: take all three again, or none.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

# A picture of text needs few colours; README.md is read on slow lines too.
COLOURS = "64"
MOST_BYTES = 150_000
DETENTIONS = "Dozens detained in major cities on election day"


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

        page = _page(browser, base, width=1280, height=1060)
        _sign_in(page, "coordinator1", passwords)
        page.goto("/desk/")
        page.get_by_role("link", name=DETENTIONS).click()
        page.get_by_role("heading", level=1, name=DETENTIONS).wait_for()
        _keep(page, target / "desk.png")
        browser.close()


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


def _keep(page: Page, file: Path) -> None:
    with tempfile.NamedTemporaryFile(suffix=".png") as taken:
        page.screenshot(path=taken.name)
        subprocess.run(
            ["convert", taken.name, "-strip", "+dither", "-colors", COLOURS, f"PNG8:{file}"],
            check=True,
        )
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{file} has {size} bytes; at most {MOST_BYTES} are wanted.")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
