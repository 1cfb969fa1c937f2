"""A browser without script: it reads pages, fills in the forms it finds there, and sends them.

CSRF is checked, redirects are followed, hidden fields are sent back as they came: a form that
lacks one of them fails the journey as it would fail a person.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.test import Client


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self._open: Form | None = None
        self._select = self._area = ""
        self._options: list[tuple[str, bool]] = []
        self._hidden = 0

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in ("script", "style", "template"):
            self._hidden += 1
        if tag == "form" and given.get("method") != "dialog":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is not None:
            self._control(tag, given)

    def _control(self, tag, given):
        name, kind = given.get("name", ""), given.get("type", "text")
        if name:
            self._open.names.add(name)
        if tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._area = name
            self._put(name, "")
        elif tag == "button" or (tag == "input" and kind == "submit"):
            if name:
                self._open.buttons.append((name, given.get("value", "")))
        elif tag == "input" and name:
            self._input(name, kind, given)

    def _input(self, name, kind, given):
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                self._open.fields.setdefault(name, []).append(given.get("value", "on"))
        elif kind != "file":
            self._open.fields.setdefault(name, []).append(given.get("value", ""))

    def _put(self, name, value):
        if name:
            self._open.fields[name] = [value]

    def handle_endtag(self, tag):
        if tag in ("script", "style", "template"):
            self._hidden -= 1
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select" and self._open is not None:
            chosen = [value for value, selected in self._options if selected]
            first = [self._options[0][0]] if self._options else []
            self._open.fields[self._select] = chosen or first
            self._select = ""

    def handle_data(self, data):
        if self._area and self._open is not None:
            # A browser drops the one line end that directly follows the opening tag.
            so_far = self._open.fields[self._area][0]
            self._put(self._area, so_far + (data if so_far else data.removeprefix("\n")))
        elif not self._hidden:
            self.words.append(data)


@dataclass
class Page:
    status: int
    path: str
    text: str
    html: str
    forms: list[Form]
    links: list[str]

    def forms_to(self, action: str = "", *, has: str = "") -> list[Form]:
        return [
            form
            for form in self.forms
            if urlsplit(form.action or self.path).path.endswith(action)
            and (not has or has in form.names)
        ]

    def form(self, action: str = "", *, has: str = "") -> Form:
        """The last form whose address ends so, and that has a field of this name."""
        found = self.forms_to(action, has=has)
        there = [(form.action, sorted(form.names)) for form in self.forms]
        assert found, f"no form to “{action}” with “{has}” on {self.path}, but {there}"
        return found[-1]

    def offers(self, action: str) -> bool:
        """By a form, or by a link to the page of the form."""
        linked = any(urlsplit(link).path.endswith(action) for link in self.links)
        return linked or bool(self.forms_to(action))


class Browser:
    def __init__(self, language: str = "en") -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"accept-language": language})

    def open(self, path: str) -> Page:
        return self._read(self.client.get(path, follow=True), path)

    def send(self, page: Page, form: Form, **values: object) -> Page:
        """Send the form as it stands on the page, with these fields filled in.

        A field that the form does not have is a mistake of the test or of the page.
        """
        unknown = set(values) - form.names
        assert not unknown, f"no field {unknown} in the form to {form.action}: {form.names}"
        filled = form.fields | {
            name: list(value) if isinstance(value, list | tuple) else [str(value)]
            for name, value in values.items()
        }
        path = urljoin(page.path, form.action or page.path)
        send = self.client.post if form.method == "post" else self.client.get
        return self._read(send(path, filled, follow=True), path)

    def post(self, path: str, page: Page, **values: object) -> Page:
        """Send what the page offers no form for, as somebody with ill will would."""
        hidden = page.forms[-1].fields
        known = {
            name: hidden[name] for name in ("csrfmiddlewaretoken", "version") if name in hidden
        }
        return self._read(self.client.post(path, known | values, follow=True), path)

    def sign_in(self, username: str, password: str) -> Page:
        page = self.open("/account/login/")
        return self.send(page, page.form(has="password"), login=username, password=password)

    @staticmethod
    def _read(response, path: str) -> Page:
        if response.redirect_chain:
            path = response.redirect_chain[-1][0]
        body = response.content.decode() if not response.streaming else ""
        reader = _Reader()
        reader.feed(body)
        return Page(
            status=response.status_code,
            path=path,
            text=" ".join(" ".join(reader.words).split()),
            html=body,
            forms=reader.forms,
            links=reader.links,
        )
