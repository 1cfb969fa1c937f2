"""The kinds of errors the API answers with (RFC 9457), each with a page that says what to do."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CONTENT_TYPE = "application/problem+json"
PAGE = "/api/v1/problems/{code}/"


@dataclass(frozen=True)
class Kind:
    code: str
    status: int
    title: str | Promise
    advice: str | Promise


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            "bad-query",
            400,
            _("The query could not be understood"),
            _(
                "Look at “errors”: each entry names a parameter and, if there is one, the nearest "
                "valid name or value. Nothing is ever ignored silently."
            ),
        ),
        Kind(
            "unreadable",
            400,
            _("The body is not readable JSON"),
            _(
                "Send one JSON document in UTF-8, nested at most 20 deep, without doubled keys "
                "and without NUL characters."
            ),
        ),
        Kind(
            "invalid",
            400,
            _("Some fields cannot be accepted"),
            _("Look at “errors”: each entry names a field and says what is wrong with it."),
        ),
        Kind(
            "bad-request",
            400,
            _("The request could not be understood"),
            _("Compare the request with the description at /api/v1/docs/."),
        ),
        Kind(
            "not-authenticated",
            401,
            _("Sign in or send a token"),
            _(
                "Send the header “Authorization: Bearer …” with a token that has not expired. "
                "Published data needs no token."
            ),
        ),
        Kind(
            "forbidden",
            403,
            _("Your role does not allow this"),
            _("Ask a person with the right role, or an administrator for another membership."),
        ),
        Kind(
            "enrolment-not-valid",
            403,
            _("This invitation does not enrol a phone"),
            _("It is mistyped, used or too old. Ask your coordinator for another one."),
        ),
        Kind(
            "not-signed",
            403,
            _("No phone that was enrolled here signed this"),
            _("Nothing was kept. Keep the envelope, and enrol the phone again."),
        ),
        Kind(
            "not-found",
            404,
            _("There is nothing here for you"),
            _("It does not exist, or it is not for you to see. Check the reference."),
        ),
        Kind(
            "method-not-allowed",
            405,
            _("This cannot be done at this address"),
            _("The header “Allow” names what can."),
        ),
        Kind(
            "not-acceptable",
            406,
            _("This format is not offered"),
            _("Ask for application/json, or leave the header “Accept” out."),
        ),
        Kind(
            "wrong-state",
            409,
            _("This step is not possible now"),
            _("Read the record again: “allowed” lists the steps that are possible."),
        ),
        Kind(
            "conflict",
            409,
            _("This id already carries other content"),
            _("Both were kept. Send a correction as a new report that follows up the first."),
        ),
        Kind(
            "wrong-offset",
            409,
            _("Another piece of this file is expected"),
            _("Ask with HEAD how far it has come and go on from there."),
        ),
        Kind(
            "withdrawn",
            410,
            _("This publication was withdrawn"),
            _("Remove your copy. “reason” says why, the text is gone on purpose."),
        ),
        Kind(
            "export-gone",
            410,
            _("This file is no longer kept"),
            _("It expired, or something was withdrawn since. Ask for the rows again."),
        ),
        Kind(
            "stale",
            412,
            _("Somebody else changed this first"),
            _("Look at “fields”, read the record again and repeat with its new version."),
        ),
        Kind(
            "other-version",
            412,
            _("Files travel by tus 1.0.0"),
            _("Send the header “Tus-Resumable: 1.0.0” with every request about an upload."),
        ),
        Kind(
            "too-large",
            413,
            _("The body is too large"),
            _("Send less at once. Evidence travels by its own road."),
        ),
        Kind(
            "unsupported-media-type",
            415,
            _("This type of content is not understood"),
            _("Send JSON with the header “Content-Type: application/json”."),
        ),
        Kind(
            "file-differs",
            422,
            _("What arrived is not the file that was announced"),
            _("Nothing of it was kept. Send it again from the start; its report stands."),
        ),
        Kind(
            "busy",
            423,
            _("Another request is writing this file"),
            _("Wait as many seconds as the header “Retry-After” says, ask with HEAD, go on."),
        ),
        Kind(
            "throttled",
            429,
            _("Too many requests"),
            _("Wait as many seconds as the header “Retry-After” says."),
        ),
        Kind(
            "checksum-mismatch",
            460,
            _("This piece was changed on its way"),
            _("Nothing of it was kept. Send the same piece again."),
        ),
        Kind(
            "server-error",
            500,
            _("Something went wrong here"),
            _("It is not your fault. Try again; if it stays, tell the administrator the time."),
        ),
        Kind(
            "unavailable",
            503,
            _("The service is not available at the moment"),
            _("Wait as many seconds as the header “Retry-After” says, then send the same again."),
        ),
        Kind(
            "no-room",
            507,
            _("There is no room for files at the moment"),
            _("Reports are still taken. Try again after as many seconds as “Retry-After” says."),
        ),
    )
}
FALLBACK = {
    400: "bad-request",
    401: "not-authenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "wrong-state",
    410: "withdrawn",
    412: "stale",
    413: "too-large",
    415: "unsupported-media-type",
    422: "file-differs",
    423: "busy",
    429: "throttled",
    460: "checksum-mismatch",
    503: "unavailable",
    507: "no-room",
}


def kind_of(status: int, code: str = "") -> Kind:
    """The kind with this code, else the general one of the status."""
    kind = KINDS.get(code.replace("_", "-"))
    if kind is not None and kind.status == status:
        return kind
    return KINDS[FALLBACK.get(status, "bad-request" if status < 500 else "server-error")]


def problem(
    status: int,
    code: str = "",
    detail: str | Promise = "",
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> dict[str, Any]:
    kind = kind_of(status, code)
    body: dict[str, Any] = {
        "type": PAGE.format(code=kind.code),
        "title": kind.title,
        "status": status,
        "detail": detail or kind.advice,
    }
    return body | ({"errors": list(errors)} if errors else {}) | more


def problem_response(
    status: int,
    code: str = "",
    detail: str | Promise = "",
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> HttpResponse:
    """`more` are further members of the body, such as `fields` of a stale version."""
    body = problem(status, code, detail, errors=errors, **more)
    # "replace": an error may quote a lone surrogate that somebody sent.
    text = json.dumps(body, ensure_ascii=False, default=force_str).encode("utf-8", "replace")
    return HttpResponse(
        text, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {})
    )
