"""A person with a keyboard and no mouse: every key is pressed, nothing is clicked or looked up.

Wherever the focus comes to rest it has to be seen: drawn, on the screen, with a ring around it.
"""

from typing import Any

from playwright.sync_api import Page

MOST = 150  # more presses of Tab than anybody has patience for
# A person presses nothing before the page is drawn; then the focus has come to its place, too.
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LOOK = """() => {
  const at = document.activeElement;
  const words = (node) => (node ? node.innerText.trim().replace(/\\s+/g, " ") : "");
  const box = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  return {
    name: at.getAttribute("aria-label") || words(at.labels?.[0]) || words(at),
    tag: at.localName,
    type: at.type || "",
    field: at.name || "",
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    drawn: box.width > 1 && box.height > 1,
    near: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


class Keyboard:
    def __init__(self, page: Page, start: str) -> None:
        self.page = page
        page.goto(start)

    def focus(self) -> dict[str, Any]:
        """What the focus is on; it must be seen there."""
        at = self.page.evaluate(LOOK)
        if at["tag"] != "body":
            assert (at["ring"], at["drawn"], at["near"]) == (True, True, True), self.page.url
        return at

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def go(self, *keys: str) -> None:
        """Keys of which the last leads to another page."""
        self.press(*keys[:-1])
        with self.page.expect_navigation():
            self.page.keyboard.press(keys[-1])
        self.page.wait_for_load_state("load")
        self.page.evaluate(PAINTED)

    def tab_to(self, name: str, *, backwards: bool = False) -> None:
        """To what is called so, or begins so."""
        seen = []
        for _press in range(MOST):
            self.press("Shift+Tab" if backwards else "Tab")
            at = self.focus()
            if at["name"].startswith(name):
                return
            seen.append(at["name"][:40])
        raise AssertionError(f"no “{name}” on {self.page.url}, but {seen}")

    def fill(self, name: str, text: str) -> None:
        """Over whatever stands in the field."""
        self.tab_to(name)
        self.write(text)

    def write(self, text: str) -> None:
        assert self.focus()["tag"] in ("input", "textarea"), self.focus()
        self.press("Control+a")
        self.page.keyboard.type(text)

    def follow(self, name: str, *, backwards: bool = False) -> None:
        self.tab_to(name, backwards=backwards)
        self.go("Enter")

    def reads(self, *sentences: str) -> None:
        text = self.page.locator("body").inner_text()
        for sentence in sentences:
            assert sentence in text, (sentence, self.page.url, text)

    def told(self, sentence: str) -> None:
        """After a step the focus is on what it did."""
        assert self.focus()["name"] == sentence, self.focus()
