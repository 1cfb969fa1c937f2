"""The service worker of the phone app, and the end of everything a browser keeps of this place."""

import hashlib
import json
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from incidents.views import phone

SCOPE = "/report/"


def _bytes(address: str) -> bytes:
    """Of an asset, by its address. What was collected for production lies there by this name."""
    root = settings.STATIC_ROOT or settings.BASE_DIR / "static"
    return (root / address.removeprefix(settings.STATIC_URL)).read_bytes()


def source() -> bytes:
    """The worker with the list of what it keeps, and a version that is another one as soon as a
    byte of any of it is: browsers take that for an update."""
    script = (settings.BASE_DIR / "static" / phone.SCRIPTS / "worker.js").read_bytes()
    assets = phone.assets()
    digest = hashlib.sha256(script)
    for address in assets:
        digest.update(hashlib.sha256(_bytes(address)).digest())
    for language in phone.LANGUAGES:
        digest.update(hashlib.sha256(phone.shell_bytes(language)).digest())
    shell = {
        "version": digest.hexdigest()[:16],
        "assets": assets,
        "languages": phone.LANGUAGES,
    }
    return f"const SHELL = {json.dumps(shell)};\n".encode() + script


made_once = cache(source)


@gzip_page
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    body = made_once() if settings.PRODUCTION else source()
    return HttpResponse(
        body,
        content_type="text/javascript; charset=utf-8",
        headers={"Service-Worker-Allowed": SCOPE, "Cache-Control": "no-cache"},
    )


@csrf_exempt  # what it asks instead: a page elsewhere must not be able to empty a phone
@require_POST
def wiped(request: HttpRequest) -> HttpResponse:
    """Ends the session and has the browser forget all it keeps of this place."""
    if urlsplit(request.headers.get("Origin", "")).netloc != request.get_host():
        return HttpResponse(status=400)
    logout(request)
    return HttpResponse(status=204, headers={"Clear-Site-Data": '"*"'})
