"""Input that is refused before anything is done with it.

Apart from `base`, because the settings of REST framework name modules that need these while its
own views are still being imported.
"""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from elections.strict import Fault


class BadInput(APIException):
    """400 with `errors`: one entry for each thing that could not be understood."""

    status_code = 400
    pointer = "field"

    def __init__(self, faults: Sequence[Fault], detail: str | None = None) -> None:
        self.errors = [fault.as_dict(self.pointer) for fault in faults]
        super().__init__(detail)


class BadQuery(BadInput):
    default_code = "bad-query"
    pointer = "parameter"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults, _("The query could not be understood. Nothing was looked up."))


class BadBody(BadInput):
    default_code = "invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults, _("The body could not be understood. Nothing was changed."))


class TooLarge(APIException):
    status_code = 413
    default_code = "too-large"

    def __init__(self) -> None:
        kib = settings.BODY_LIMIT // 1024
        super().__init__(_("Send at most %(limit)s KiB at once.") % {"limit": kib})


def read_body(request: HttpRequest) -> bytes:
    """The body as it came, never more than the limit in memory. Raises TooLarge."""
    declared = str(request.META.get("CONTENT_LENGTH", ""))[:20]
    if declared.isdecimal() and int(declared) > settings.BODY_LIMIT:
        raise TooLarge
    raw: bytes = request.read(settings.BODY_LIMIT + 1)
    if len(raw) > settings.BODY_LIMIT:
        raise TooLarge
    return raw
