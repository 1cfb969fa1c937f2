"""The phone app as it is delivered: a shell that is the same for everybody, its manifest, and
the page on which a phone is enrolled.

Nothing here knows who asks: no session, no cookie, no row. What the app shows about a person it
asks for itself, with the key of the phone.
"""

import hashlib
import json
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.dates import MONTHS_ALT
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from incidents.vocabulary import Danger, FollowUpKind, PersonsBasis, Source

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
SHEETS = ("tokens", "site", "forms", "phone")
PICTURES = ("img/icons.svg", "img/favicon.svg", "img/phone-192.png", "img/phone-512.png")
SCRIPTS = "js/phone"


def modules() -> list[str]:
    """Addresses of the app's modules, each without a fingerprint: they import each other so."""
    root = settings.BASE_DIR / "static"
    found = sorted((root / SCRIPTS).rglob("*.js"))
    names = [str(file.relative_to(root)) for file in found if file.name != "worker.js"]
    return [settings.STATIC_URL + name for name in names]


def assets() -> list[str]:
    """All that the shells ask for; the service worker keeps it for when there is no network."""
    sheets = [static(f"css/{name}.css") for name in SHEETS]
    return [*sheets, *(static(name) for name in PICTURES), *modules()]


@cache
def shell_bytes(language: str) -> bytes:
    """The whole app in one language: all screens, all words. Made once a process."""
    with translation.override(language):
        return render_to_string("incidents/phone/shell.html", _context(language)).encode()


def _context(language: str) -> dict[str, object]:
    return {
        "language": language,
        "languages": settings.LANGUAGES,
        "sheets": [f"css/{name}.css" for name in SHEETS],
        "modules": modules(),
        "entry": f"{settings.STATIC_URL}{SCRIPTS}/screens/app.js",
        "enrol_entry": f"{settings.STATIC_URL}{SCRIPTS}/screens/enrol.js",
        "dangers": Danger.choices,
        "sources": Source.choices,
        "bases": [choice for choice in PersonsBasis.choices if choice[0] != "none_given"],
        "follow_ups": FollowUpKind.choices,
        "months": [(number, str(name)) for number, name in MONTHS_ALT.items()],
    }


@gzip_page  # it holds no secret that its length could tell
@require_safe
def shell(request: HttpRequest, language: str) -> HttpResponse:
    return _same_for_all(request, shell_bytes(language), "text/html; charset=utf-8", language)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """`?language=`: of the start page. Name and picture say nothing about elections."""
    language = request.GET.get("language", "")
    if language not in LANGUAGES:
        language = LANGUAGES[0]
    with translation.override(language):
        text = json.dumps(_manifest(language), ensure_ascii=False).encode()
    return _same_for_all(request, text, "application/manifest+json", language)


def _manifest(language: str) -> dict[str, object]:
    sizes = ((192, "any"), (512, "any maskable"))
    icons = [
        {
            "src": static(f"img/phone-{n}.png"),
            "sizes": f"{n}x{n}",
            "type": "image/png",
            "purpose": p,
        }
        for n, p in sizes
    ]
    return {
        "id": "/report/phone/",
        "name": _("Dauys"),
        "short_name": _("Dauys"),
        "lang": language,
        "dir": "ltr",
        "start_url": reverse("phone-shell", args=[language]),
        "scope": "/report/",
        "display": "standalone",
        "background_color": "#fbfbf8",
        "theme_color": "#fbfbf8",
        "icons": icons,
    }


@gzip_page
@require_safe
def enrol(request: HttpRequest) -> HttpResponse:
    """`?language=` keeps the choice out of a cookie. The secret stands in the fragment, which
    no server sees; this page reads it and takes it out of the address at once."""
    return enrol_page(request)


def enrol_page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    asked = request.GET.get("language", "")
    language = asked if asked in LANGUAGES else translation.get_language() or LANGUAGES[0]
    with translation.override(language):
        context = _context(language) | {"problem": problem}
        page = render_to_string("incidents/phone/enrol.html", context, request)
    return HttpResponse(page, status=status, headers={"Content-Language": language})


def _same_for_all(request: HttpRequest, body: bytes, kind: str, language: str) -> HttpResponse:
    """With an ETag of the bytes, so that a phone on a slow network loads nothing twice."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    whole = HttpResponse(body, content_type=kind, headers={"Content-Language": language})
    answer = get_conditional_response(request, etag=etag, response=whole) or whole
    answer.headers["ETag"] = etag
    return answer
